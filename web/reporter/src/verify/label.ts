// What is hashed under one of this protocol's labels, whoever hashes it.

import { concat, encodeUtf8, type Bytes } from "../protocol/bytes"

/** The bytes of which SHA-256 gives H(label, data): "mohr/v1/" ‖ label ‖ 0x00 ‖ data */
export function labelled(label: string, ...data: Uint8Array[]): Bytes {
  return concat(encodeUtf8(`mohr/v1/${label}\0`), ...data)
}
