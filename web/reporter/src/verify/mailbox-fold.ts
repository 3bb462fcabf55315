// The fold of a mailbox to its state, with steps 8 and 9 of PROTOCOL 2.7 (PROTOCOL 2.8).

import type { Memo } from "../protocol/memo"
import { sortedPersons } from "../protocol/person"
import type { OfficeProfile } from "../protocol/profile"
import { Register, type MailboxState, type Standing } from "./case-state"
import type { Passed, PassedReply } from "./steps"
import { asksTwoPersons, isListed, secondsOf } from "./trust"

/** What steps 8 and 9 say of a message, and whether its outcome waits. */
export type Judgement = "counts" | "second-missing" | "not-from-a-reader" | "newer-version"

export class MailboxFold {
  readonly #profile: OfficeProfile
  readonly #standing = new Register<Standing>()
  readonly #leftOut = new Set<string>()
  /** Positions of authentic replies, and whom they name. */
  readonly #named: { position: number; readers: readonly string[] }[] = []
  #profileFloor = 0
  #reportReaders: readonly string[] | undefined
  #lastMemo: Memo | undefined

  constructor(profile: OfficeProfile) {
    this.#profile = profile
  }

  /** Takes in the next message that passed steps 1 to 7. */
  apply(passed: Passed): Judgement {
    if (passed.is === "own") {
      this.#applyOwn(passed.position, passed.memo)
      this.#profileFloor = Math.max(this.#profileFloor, passed.memo.profile)
      return "counts"
    }
    if (this.#leftOut.has(passed.reply.sender)) return "not-from-a-reader"
    if (passed.text.isOfNewerVersion) return "newer-version"
    this.#profileFloor = Math.max(this.#profileFloor, passed.reply.profile.version)
    return this.#applyReply(passed)
  }

  finish(): MailboxState {
    const memo = this.#lastMemo
    const mayRead = (person: string) => isListed(this.#profile, person) && !this.#leftOut.has(person)
    const since = this.#named.filter(({ position }) => memo !== undefined && position >= memo.thread.length)
    return {
      standing: this.#standing.last,
      concurrent: this.#standing.concurrent,
      profileFloor: this.#profileFloor,
      own: {
        isReportKnown: this.#reportReaders !== undefined,
        leftOut: this.#leftOut,
        nextReaders: memo?.readers.filter(mayRead) ?? [],
        offered: sortedPersons(since.flatMap(({ readers }) => readers)).filter((id) => mayRead(id) && memo?.readers.includes(id) === false),
      },
    }
  }

  /** A report fixes who is left out; a follow-up leaves out more, of whom its writer had been told. */
  #applyOwn(position: number, memo: Memo): void {
    const { readers, profile, thread } = memo
    this.#lastMemo = memo
    if (position === 0) {
      this.#reportReaders = readers
      for (const { id, joined } of [...this.#profile.inspectors, ...this.#profile.former])
        if (joined !== undefined && joined <= profile && !readers.includes(id)) this.#leftOut.add(id)
      return
    }
    const seen = this.#named.filter((reply) => reply.position < Math.min(thread.length, position))
    const told = [...(this.#reportReaders ?? []), ...seen.flatMap((reply) => reply.readers)]
    for (const person of told) if (!readers.includes(person)) this.#leftOut.add(person)
  }

  #applyReply({ position, listedDay, text, reply }: PassedReply): Judgement {
    this.#named.push({ position, readers: reply.readers })
    const { status, outcome, threads } = reply
    if (status === undefined) return "counts"
    const waits =
      outcome !== undefined &&
      asksTwoPersons(this.#profile, outcome.id, listedDay) &&
      secondsOf(this.#profile, text, reply, listedDay, (person) => this.#leftOut.has(person)).length === 0
    if (waits) return "second-missing"
    this.#standing.set({ position, status, outcome }, threads.mailbox.length)
    return "counts"
  }
}
