// The code as a page reads it, alone: a slip is told while it is typed, before anything that seals or opens has come.

export { decodeCode } from "../protocol/receipt"
