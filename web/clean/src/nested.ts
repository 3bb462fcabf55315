// What stands inside a document and is a file of its own: pictures, recordings, other documents.

import { type Cleaned, type Findings, NotPossible } from "./cleaned"
import type { Budget } from "./inflate"
import type { Source } from "./source"
import { unpackBlob, type Entry, type ZipWriter } from "./zip"

/** Larger parts do not fit into a phone's memory as text. */
export const MAX_XML_BYTES = 48 * 1024 * 1024
const MAX_EMBEDDED_BYTES = 64 * 1024 * 1024

/** What a cleaner of containers needs from outside. */
export interface Nested {
  budget: Budget
  /** Cleans a file that stands inside this one. */
  clean(blob: Blob): Promise<Cleaned>
}

/** Cleans a picture, a recording or a document inside a package, or says that it stays as it is. */
export async function cleanEmbedded(source: Source, entry: Entry, writer: ZipWriter, found: Findings, nested: Nested): Promise<void> {
  if (entry.uncompressed === 0 || /vbaproject\.bin$/i.test(entry.name)) return writer.copy(entry)
  if (entry.uncompressed > MAX_EMBEDDED_BYTES && entry.method !== 0) {
    found.remains.add("embedded-files")
    return writer.copy(entry)
  }
  const inner = await nested.clean(await unpackBlob(source, entry, MAX_EMBEDDED_BYTES, nested.budget))
  for (const what of inner.removed) found.removed.add(what)
  for (const what of inner.remains) found.remains.add(what)
  if (inner.outcome === "not-possible" || inner.outcome === "damaged") found.remains.add("embedded-files")
  if (inner.removed.length > 0) await writer.replace(entry, inner.blob)
  else writer.copy(entry)
}

export function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // UTF-16 is allowed, and hardly ever written.
    throw new NotPossible("unsupported-variant")
  }
}
