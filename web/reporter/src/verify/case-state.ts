// What the messages of a mailbox amount to: where the case stands, how it ended, who is left out of it, and for whom the
// reporter writes next. No server knows any of this; whoever opened the same messages comes to the same (PROTOCOL 2.8).

import type { Outcome, Status } from "../protocol/message"

/** Where a case stands, by the reply that said so. */
export interface Standing {
  /** Of the reply. */
  position: number
  status: Status
  /** Of a closed case. */
  outcome: Outcome | undefined
}

export interface MailboxState {
  /** Nothing before the first reply that has a status and takes effect. */
  standing: Standing | undefined
  /** Set without knowledge of the standing one, nor it of them: shown beside it, and confirmed by the next reply. */
  concurrent: readonly Standing[]
  /** The newest profile by which an authentic message was sealed; 0 where there is none. Who has an older one seals nothing. */
  profileFloor: number
  own: OwnState
}

/** What a reporter who comes back with nothing but her code knows from her memos. */
export interface OwnState {
  /** Whether the memo of the report was there, which alone says whom the report left out. */
  isReportKnown: boolean
  leftOut: ReadonlySet<string>
  /** The readers of her last message who are still listed and not left out: her next one goes to them. */
  nextReaders: readonly string[]
  /** Whom replies name beyond them since; each joins only when she agrees. */
  offered: readonly string[]
}

/** A value that several messages may set: the last one, and those that its sender had not seen. */
export class Register<Value extends { position: number }> {
  readonly #set: Value[] = []
  /** How many of the others the last one's sender had seen. */
  #seen = 0

  /** Takes in what a message says that knew the first `length` messages of its thread. */
  set(value: Value, length: number): void {
    this.#seen = this.#set.filter(({ position }) => position < length).length
    this.#set.push(value)
  }

  get last(): Value | undefined {
    return this.#set.at(-1)
  }

  get concurrent(): readonly Value[] {
    return this.#set.slice(this.#seen, -1)
  }
}
