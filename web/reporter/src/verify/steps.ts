// Steps 1 to 7 of PROTOCOL 2.7, as a reporter takes them: whose word a message is, whatever the case's state. Steps 8 and 9
// need the fold.

import type { Memo } from "../protocol/memo"
import type { Reply, ThreadPoint } from "../protocol/message"
import { Unverified } from "./message"
import type { Authenticity, CaseContext, ThreadEntry } from "./reading"
import type { ThreadDigests } from "./thread-digests"
import { isInTime, isStolen, keyOf, type ListedKey } from "./trust"

/** A message that passed the steps so far. */
export type Passed = PassedReply | PassedOwn

export interface PassedReply {
  is: "reply"
  position: number
  listedDay: string
  /** The thread as its sender states it. */
  states: ThreadPoint
  day: string
  text: Unverified
  reply: Reply
  /** The key that signed. */
  key: ListedKey
}

export interface PassedOwn {
  is: "own"
  position: number
  states: ThreadPoint
  day: string
  memo: Memo
}

export type Step = Passed | Authenticity

/** Steps 1 to 5. */
export function judge({ profile, caseId }: CaseContext, { kind, day, found }: ThreadEntry, position: number): Step {
  if (found === "not-hers") return "not-authentic"
  if (found === "no-memo") return "unverifiable"
  // Whether an order for it is obeyed, is asked when everything else is known.
  if (found === "gone") return "missing"
  if (typeof found === "string") return found
  // A report stands at position 0 and only there, a record in the other thread and only there.
  const isInPlace = kind !== "record" && (kind === "report") === (position === 0)
  if (!(found instanceof Unverified)) {
    if (!isInPlace || kind === "reply") return "not-authentic"
    return { is: "own", position, states: found.thread, day: found.day, memo: found }
  }
  const { message } = found
  const isOwn = message.office === profile.office && message.case === caseId
  if (!isInPlace || !isOwn || kind !== "reply" || message.kind !== "reply") return "not-authentic"
  const key = keyOf(profile, message.sender, message.epoch)
  if (key === undefined || !found.isSignedBy(key.signer)) return "not-authentic"
  return { is: "reply", position, listedDay: day, states: message.threads.mailbox, day: message.day, text: found, reply: message, key }
}

/** Step 6. Only what passed step 5 makes a later copy a replay: else a forged copy, sent first, could silence the true message. */
export function refuseReplays(steps: Step[], entries: readonly ThreadEntry[]): void {
  const seen = new Set<string>()
  for (const [at, step] of steps.entries()) {
    if (typeof step === "string") continue
    const digest = step.is === "reply" ? step.text.digest : (entries[at]?.sha256 ?? "")
    if (seen.has(digest)) steps[at] = "replayed"
    seen.add(digest)
  }
}

/** Step 7: what a former key signed in time; what a stolen one signed only where somebody else vouches for it. */
export function doubtFormerKeys(steps: Step[], digests: ThreadDigests): void {
  // A stolen key vouches for nothing, so one pass is enough.
  const vouchers = steps.filter((step): step is Passed => typeof step !== "string" && isTrusted(step))
  for (const [at, step] of steps.entries()) {
    if (typeof step === "string" || step.is === "own" || isTrusted(step)) continue
    const isVouched = vouchers.some((voucher) => vouches(voucher, step, digests))
    if (!isInTime(step.key, step.day, step.listedDay) || !isVouched) steps[at] = "doubtful"
  }
}

function isTrusted(step: Passed): boolean {
  return step.is === "own" || (!isStolen(step.key) && isInTime(step.key, step.day, step.listedDay))
}

/** Whether somebody with another key had seen this message, on a day on which its key was still trusted. */
function vouches(voucher: Passed, { key, position }: PassedReply, digests: ThreadDigests): boolean {
  const isOther = voucher.is === "own" || voucher.key.signer !== key.signer
  return isOther && isInTime(key, voucher.day) && voucher.states.length > position && digests.holds(voucher.states, voucher.position)
}
