// The browser's own (de)compressor, with a limit on what comes out: a few kilobytes can unpack to gigabytes.

import { Damaged, NotPossible } from "./cleaned"
import { concat } from "./bytes"

export type Compression = "deflate" | "deflate-raw"

/** How much one call of clean() may unpack in all, whatever is nested in what. */
export class Budget {
  constructor(private left_bytes: number) {}

  spend(bytes: number): void {
    this.left_bytes -= bytes
    if (this.left_bytes < 0) throw new NotPossible("too-complex")
  }
}

/**
 * Unpacks `data`, at most `limit` bytes. With `lenient`, what was unpacked before an error counts as the result:
 * PDF writers leave line ends and wrong checksums behind compressed data, and readers put up with it.
 */
export async function inflate(
  data: Blob,
  compression: Compression,
  limit: number,
  budget: Budget,
  lenient = false,
): Promise<Uint8Array<ArrayBuffer>> {
  let stream: ReadableStream<Uint8Array>
  try {
    stream = piped(data, new DecompressionStream(compression))
  } catch {
    throw new NotPossible("old-browser")
  }
  const reader = stream.getReader()
  const pieces: Uint8Array[] = []
  let length = 0
  for (;;) {
    let next: ReadableStreamReadResult<Uint8Array>
    try {
      next = await reader.read()
    } catch {
      if (lenient && length > 0) break
      throw new Damaged("compressed data")
    }
    if (next.done) break
    length += next.value.length
    if (length > limit) {
      await reader.cancel().catch(() => {})
      throw new NotPossible("too-complex")
    }
    budget.spend(next.value.length)
    pieces.push(next.value)
  }
  return concat(...pieces)
}

export async function deflate(data: Blob, compression: Compression): Promise<Blob> {
  let stream: ReadableStream<Uint8Array>
  try {
    stream = piped(data, new CompressionStream(compression))
  } catch {
    throw new NotPossible("old-browser")
  }
  return new Response(stream).blob()
}

function piped(data: Blob, through: CompressionStream | DecompressionStream): ReadableStream<Uint8Array> {
  return data.stream().pipeThrough(through)
}
