// FLAC (RFC 9639): metadata blocks, then frames. The description of the stream and the table for seeking stay.

import { Damaged, type Findings, type Removed } from "./cleaned"
import { id3Bytes } from "./frames"
import { fromLatin1, startsWith } from "./bytes"
import { Output, type Source } from "./source"

const STREAMINFO = 0,
  PADDING = 1,
  SEEKTABLE = 3
const MAX_BLOCKS = 10_000
/** By type of block: comments, a table of contents, a picture. */
const MEANINGS: Record<number, Removed[]> = { 4: ["tags", "author", "software"], 5: ["tags"], 6: ["thumbnail"] }
const UNKNOWN: Removed[] = ["unknown-data"]

export async function cleanFlac(source: Source, found: Findings): Promise<Output> {
  const output = new Output(source)
  const tag = await id3Bytes(source, 0)
  if (tag > 0) found.removed.add("tags")
  if (!startsWith(await source.bytes(tag, 4), "fLaC")) throw new Damaged("no stream")
  const kept: { start: number; end: number; head: Uint8Array }[] = []
  let at = tag + 4
  for (let last = false, count = 0; !last; count++) {
    if (count > MAX_BLOCKS) throw new Damaged("too many blocks")
    const head = await source.copy(at, 4, 4)
    last = (head[0]! & 0x80) !== 0
    const type = head[0]! & 0x7f
    const end = at + 4 + ((head[1]! << 16) | (head[2]! << 8) | head[3]!)
    if (end > source.size || (count === 0) !== (type === STREAMINFO)) throw new Damaged("block")
    if (type === STREAMINFO || type === SEEKTABLE) kept.push({ start: at, end, head })
    else if (type !== PADDING || !(await source.allZero(at + 4, end))) {
      for (const meaning of MEANINGS[type] ?? UNKNOWN) found.removed.add(meaning)
    }
    at = end
  }
  const first = await source.peek(at, 2)
  if (first[0] !== 0xff || (first[1]! & 0xfc) !== 0xf8) throw new Damaged("no sound")
  output.put(fromLatin1("fLaC"))
  kept.forEach((block, i) => {
    block.head[0] = (block.head[0]! & 0x7f) | (i === kept.length - 1 ? 0x80 : 0)
    output.put(block.head)
    output.keep(block.start + 4, block.end)
  })
  // ID3v1 has no business here, and is found all the same.
  const hasTag = source.size >= at + 128 && startsWith(await source.bytes(source.size - 128, 3), "TAG")
  if (hasTag) found.removed.add("tags")
  output.keep(at, hasTag ? source.size - 128 : source.size)
  return output
}
