// What the pages know of the core: the office, the code, sending, and coming back. It is one file on the wire, the same for who
// reports and who comes back. office-shown.ts and receipt.ts are for what a page needs before it has come. What is secret stays
// behind them all.

export { ReporterError, type Reason } from "../errors"
export { DOORS, OUTCOMES, STATUSES, type Door, type Outcome, type OutcomeId, type Status } from "../protocol/message"
export type { Choice, Inspector, Texts } from "../protocol/profile"
export { dayToReckonFrom, type ClockReading } from "./day"
export type { LoadedProfile as Profile } from "./loading"
export { decodeCode, groupCode, type CodeError } from "../protocol/receipt"
export { textBytesLeft, type Attachment, type Draft } from "./drafts"
export { followUpBytesLeft, openMailbox, prepareFollowUp } from "./mailbox"
export { loadProfile, STRICT } from "./office"
export { prepareReport, stopSealing, type Progress, type Sending, type SendOptions } from "./sending"
export { sealingSpeed } from "./speed"
