// The code as a page reads it, alone: a slip is told while it is typed, before anything that seals or opens has come.

export { readCode, type CodeReading } from "../protocol/code-reading"
