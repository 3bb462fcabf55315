// GIF 89a: blocks with chains of sub-blocks. Comments and applications' own blocks are left out, all but the ones that
// make an animation loop.

import { Damaged, type Findings } from "./cleaned"
import { latin1 } from "./bytes"
import { Output, type Source } from "./source"

const TRAILER = 0x3b,
  IMAGE = 0x2c,
  EXTENSION = 0x21
const COMMENT = 0xfe,
  APPLICATION = 0xff,
  GRAPHIC_CONTROL = 0xf9,
  PLAIN_TEXT = 0x01
/** Each frame of an animation is one or two. */
const MAX_BLOCKS = 200_000
const NEEDED_APPLICATIONS = new Set(["NETSCAPE2.0", "ANIMEXTS1.0"])

export async function cleanGif(source: Source, found: Findings): Promise<Output> {
  const output = new Output(source)
  let images = 0
  let at = 13 + colourTableBytes((await source.bytes(0, 13))[10]!)
  output.keep(0, at)
  for (let count = 0; ; count++) {
    if (count > MAX_BLOCKS) throw new Damaged("too many blocks")
    const start = at
    // Some writers forget the last byte.
    if (at === source.size && images > 0) break
    const [kind, label] = await source.peek(at, 2)
    if (kind === TRAILER) {
      output.keep(at, ++at)
      break
    }
    if (kind === IMAGE) {
      const flags = (await source.bytes(at, 10))[9]!
      // One byte of code size stands before the sub-blocks.
      at = await afterSubBlocks(source, at + 10 + colourTableBytes(flags) + 1)
      output.keep(start, at)
      images++
    } else if (kind === EXTENSION) {
      const application = label === APPLICATION ? latin1(await source.bytes(at + 3, 11)) : ""
      at = await afterSubBlocks(source, at + 2)
      if (label === GRAPHIC_CONTROL || label === PLAIN_TEXT || NEEDED_APPLICATIONS.has(application)) output.keep(start, at)
      else found.removed.add(label === COMMENT ? "comment" : application === "XMP DataXMP" ? "xmp" : "unknown-data")
    } else {
      throw new Damaged("block")
    }
  }
  if (images === 0) throw new Damaged("no picture")
  if (at < source.size) found.removed.add("trailing-data")
  return output
}

function colourTableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0
}

async function afterSubBlocks(source: Source, at: number): Promise<number> {
  for (;;) {
    // Many at a time: a picture has thousands of them.
    const window = await source.peek(at, 4096)
    for (let i = 0; i < window.length; i += 1 + window[i]!) {
      if (window[i] === 0) return at + i + 1
      if (i + 1 + window[i]! >= window.length) {
        at += i + 1 + window[i]!
        break
      }
    }
    if (at >= source.size) throw new Damaged("sub-block")
  }
}
