// What the pages know of the core: the office, the code, and sending. Coming back is mailbox.ts; office.ts,
// office-shown.ts, receipt.ts and speed.ts are for what a page needs before. What is secret stays behind them all.

export { ReporterError, type Reason } from "../errors"
export { DOORS, OUTCOMES, STATUSES, type Door, type Outcome, type OutcomeId, type Status } from "../protocol/message"
export type { Choice, Inspector, Texts } from "../protocol/profile"
export { dayToReckonFrom, type ClockReading } from "./day"
export type { LoadedProfile as Profile } from "./loading"
export { decodeCode, groupCode, type CodeError } from "../protocol/receipt"
export { textBytesLeft, type Attachment, type Draft } from "./drafts"
export { loadProfile } from "./office"
export { prepareReport, stopSealing, type Progress, type Sending, type SendOptions } from "./sending"
export { sealingSpeed } from "./speed"
