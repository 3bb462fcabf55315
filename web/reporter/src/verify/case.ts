// A case read as a whole by its reporter: who said what, whether anything was dropped, swapped, replayed, listed as something
// else or erased without an order, and what it amounts to (PROTOCOL 2.5 to 2.12).
//
// It takes all that is listed at once, because one step works backwards: what a stolen key signed counts when somebody wrote
// later who had seen it. It is total: what a server lists and a sender wrote gives a reading, never an error.

import type { ErasureOrder } from "../protocol/erasure"
import type { ThreadPoint } from "../protocol/message"
import type { MailboxState } from "./case-state"
import { isValidOrder } from "./erasure"
import { MailboxFold } from "./mailbox-fold"
import type { VerifiedProfile } from "./profile"
import type { CaseContext, MessageReading, ThreadEntry, Warning } from "./reading"
import { doubtFormerKeys, judge, refuseReplays, type Passed, type Step } from "./steps"
import { ThreadDigests } from "./thread-digests"

/** Orders for one message that are looked at: whoever needs more lists them to keep readers busy. */
const ORDERS_MAX = 16

/** What the reporter makes of her case. */
export interface CaseReading {
  messages: readonly MessageReading[]
  /** As her next message states it. */
  thread: ThreadPoint
  state: MailboxState
  /** Why nobody can know for whom she wrote last, and whom she left out: only then she is asked again. */
  askAgain: AskAgain | undefined
  /** An authentic reply was sealed by another text of the profile's version than the one at hand: nothing is sealed. */
  profileDiffers: boolean
}

/** The server owes a memo, or the last one is not hers; or her last message was erased, by an order that holds. */
export type AskAgain = "server" | "erased"

export function readCase(context: CaseContext, entries: readonly ThreadEntry[], orders: readonly ErasureOrder[]): CaseReading {
  const { profile, caseId } = context
  const digests = new ThreadDigests(profile.office, caseId)
  for (const { kind, sha256 } of entries) digests.append(kind, sha256)
  const steps = entries.map((entry, position) => judge(context, entry, position))
  refuseReplays(steps, entries)
  doubtFormerKeys(steps, digests)

  const fold = new MailboxFold(profile)
  const readings = steps.map((step) => readMessage(context, step, fold, digests))
  const state = fold.finish()
  const orderContext = {
    profile,
    caseId,
    isLeftOut: (person: string) => state.own.leftOut.has(person),
    isReplied: entries.some(({ kind }) => kind === "reply"),
  }
  const messages = readings.map((reading, at) => {
    const entry = entries[at]
    if (entry?.found !== "gone") return reading
    const named = orders.filter(
      ({ thread, messages }) => thread === "mailbox" && messages.some(({ position, sha256 }) => position === at && sha256 === entry.sha256),
    )
    return named.slice(0, ORDERS_MAX).some((order) => isValidOrder(order, orderContext))
      ? { ...reading, authenticity: "gone" as const }
      : reading
  })
  const profileDiffers = messages.some(({ warnings }) => warnings.includes("profile-differs"))
  return { messages, thread: digests.end, state, askAgain: askAgainOf(entries, messages), profileDiffers }
}

/** The memo of her last message decides: the one before it would bring back whomever she has left out since. */
function askAgainOf(entries: readonly ThreadEntry[], messages: readonly MessageReading[]): AskAgain | undefined {
  if (entries.some(({ found }) => found === "no-memo")) return "server"
  const last = entries.map(({ kind }) => kind === "report" || kind === "follow-up").lastIndexOf(true)
  const authenticity = messages[last]?.authenticity
  // Of a message that is listed once more the first one's memo counts.
  if (authenticity === "authentic" || authenticity === "replayed") return undefined
  return authenticity === "gone" ? "erased" : "server"
}

/** Steps 8 and 9, and what is to be said beside the message. */
function readMessage({ profile }: CaseContext, step: Step, fold: MailboxFold, digests: ThreadDigests): MessageReading {
  if (typeof step === "string") return { authenticity: step, warnings: [], authentic: undefined }
  const judgement = fold.apply(step)
  const warnings: Warning[] = []
  if (judgement === "second-missing") warnings.push(judgement)
  if (!digests.holds(step.states, step.position)) warnings.push("thread-differs")
  if (judgement === "not-from-a-reader" || judgement === "newer-version") return { authenticity: judgement, warnings, authentic: undefined }
  warnings.push(...profileWarning(profile, step))
  return {
    authenticity: "authentic",
    warnings,
    authentic: step.is === "reply" ? { text: step.text, reply: step.reply } : undefined,
  }
}

/** Beside one of her own there is no digest to compare: a memo has none. */
function profileWarning({ stamp }: VerifiedProfile, step: Passed): Warning[] {
  const { version, digest } = step.is === "reply" ? step.reply.profile : { version: step.memo.profile, digest: stamp.digest }
  if (version > stamp.version) return ["profile-older"]
  return version === stamp.version && digest !== stamp.digest ? ["profile-differs"] : []
}
