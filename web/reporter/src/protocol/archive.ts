// The one tar archive inside every message: POSIX ustar, written in exactly one way (PROTOCOL 2.1). Its reader is
// verify/archive-reader.ts.

import { encodeUtf8 } from "./bytes"
import { FILE_BYTES_MAX } from "./limits"
import { require } from "./values"

export const BLOCK = 512
export const MESSAGE_PATH = "message.json"
export const SEAL_PATH = "seal.json"
/** At least two blocks of zeros end an archive. */
export const END_BYTES = 2 * BLOCK

/** Path of the file with this index, counted from 0. */
export function filePath(index: number): string {
  return `files/${String(index + 1).padStart(2, "0")}`
}

/** Bytes of one entry: its header, its content and the zeros up to a whole block. */
export function entryBytes(contentBytes: number): number {
  return BLOCK + contentBytes + paddingBytes(contentBytes)
}

/** Zeros that follow a content of so many bytes. */
export function paddingBytes(contentBytes: number): number {
  return (BLOCK - (contentBytes % BLOCK)) % BLOCK
}

/** Bytes of an archive up to and with its end marker, before it is filled to its size class. */
export function archiveBytes(messageBytes: number, fileBytes: readonly number[], sealBytes: number): number {
  return [messageBytes, ...fileBytes, sealBytes].reduce((sum, bytes) => sum + entryBytes(bytes), END_BYTES)
}

/** The header block of a regular file. */
export function encodeHeader(path: string, sizeBytes: number): Uint8Array<ArrayBuffer> {
  require(path.length < 100 && sizeBytes <= FILE_BYTES_MAX, "a path or size that ustar cannot hold")
  const block = new Uint8Array(BLOCK)
  const put = (at: number, field: string) => block.set(encodeUtf8(field), at)
  put(0, path)
  put(100, "0000644\0")
  put(108, "0000000\0") // uid
  put(116, "0000000\0") // gid
  put(124, `${octal(sizeBytes, 11)}\0`)
  put(136, "00000000000\0") // mtime: no clock
  put(148, "        ") // the checksum counts itself as spaces
  put(156, "0")
  put(257, "ustar\x0000")
  put(329, "0000000\0") // devmajor
  put(337, "0000000\0") // devminor
  put(
    148,
    `${octal(
      block.reduce((sum, byte) => sum + byte),
      6,
    )}\0 `,
  )
  return block
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0")
}
