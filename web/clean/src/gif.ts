// GIF 89a: blocks with chains of sub-blocks. The copy has the pictures up to their last pixel, for each the block that times it, and
// the block that makes an animation loop, with the one sub-block that says how often.

import { Damaged, type Findings, type Removed } from "./cleaned"
import { equal, latin1 } from "./bytes"
import { LzwEnd } from "./gif-pixels"
import { Output, type Source } from "./source"

const TRAILER = 0x3b,
  IMAGE = 0x2c,
  EXTENSION = 0x21
const COMMENT = 0xfe,
  APPLICATION = 0xff,
  GRAPHIC_CONTROL = 0xf9
/** Each frame of an animation is one or two. */
const MAX_BLOCKS = 200_000
/** So far behind strange bytes the next picture is looked for. */
const MAX_STRAY_BYTES = 64 * 1024
const LOOPS = new Set(["NETSCAPE2.0", "ANIMEXTS1.0"])
const APPLICATION_BYTES = 11
const CONTROL_BYTES = 8
const DESCRIPTOR_BYTES = 10

/** Sub-blocks without their bytes of length. */
interface Chain {
  pieces: [from: number, to: number][]
  /** Behind the empty one that closes it. */
  end: number
  /** The file ends before the chain. */
  isCut: boolean
}

export async function cleanGif(source: Source, found: Findings): Promise<Output> {
  const head = (await source.bytes(0, 13)).slice()
  const start = 13 + colourTableBytes(head[10]!)
  const output = new Output(source)
  output.keep(0, start)
  const end = await new Blocks(source, found, output).read(start)
  if (end < source.size) found.removed.add("trailing-data")
  output.put(new Uint8Array([TRAILER]))
  return output
}

class Blocks {
  #images = 0
  #hasLoop = false
  /** Says how the next picture is shown. The last one counts. */
  #control: Uint8Array | null = null
  /** Something strange came before: a picture must be whole to be taken for one. */
  #stray_bytes = 0

  constructor(
    readonly source: Source,
    readonly found: Findings,
    readonly output: Output,
  ) {}

  async read(from: number): Promise<number> {
    let good = from
    for (let at = from, count = 0; ; count++) {
      if (count > MAX_BLOCKS) throw new Damaged("too many blocks")
      const [kind, label] = await this.source.peek(at, 2)
      const next =
        kind === TRAILER && this.#images > 0 && this.#stray_bytes === 0
          ? at + 1
          : kind === IMAGE
            ? await this.#image(at)
            : kind === EXTENSION && label !== undefined
              ? await this.#extension(at, label)
              : null
      if (next !== null) {
        if (this.#stray_bytes > 0) this.found.removed.add("unknown-data")
        this.#stray_bytes = 0
        good = at = next
        if (kind === TRAILER || at >= this.source.size) break
        continue
      }
      // Where something strange stands readers stop, or look on. What follows is only then a picture if it is a whole one.
      if (kind === undefined || ++this.#stray_bytes > MAX_STRAY_BYTES) break
      at++
    }
    if (this.#images === 0) throw new Damaged("no picture")
    if (this.#control) this.found.removed.add("unknown-data")
    return good
  }

  async #extension(at: number, label: number): Promise<number | null> {
    const chain = await readChain(this.source, at + 2)
    if (chain.isCut || (this.#stray_bytes > 0 && label < GRAPHIC_CONTROL)) return null
    const first = chain.pieces[0] ?? [at, at]
    const content = await this.source.copy(first[0], first[1] - first[0], 255)
    if (label === GRAPHIC_CONTROL && content.length >= 4) {
      if (this.#control) this.found.removed.add("unknown-data")
      this.#control = new Uint8Array([EXTENSION, GRAPHIC_CONTROL, 4, ...content.subarray(0, 4), 0])
      if (chain.end - at !== CONTROL_BYTES) this.found.removed.add("unknown-data")
      return chain.end
    }
    const application = label === APPLICATION ? latin1(content.subarray(0, APPLICATION_BYTES)) : ""
    if (LOOPS.has(application)) return this.#loop(at, chain, application)
    this.found.removed.add(meaning(label, application))
    return chain.end
  }

  async #loop(at: number, { pieces, end }: Chain, application: string): Promise<number> {
    for (const [from, to] of pieces.slice(1)) {
      const content = await this.source.bytes(from, to - from)
      if (this.#hasLoop || content.length < 3 || content[0] !== 1) continue
      this.#hasLoop = true
      const name = [...application].map((letter) => letter.charCodeAt(0))
      const block = new Uint8Array([EXTENSION, APPLICATION, APPLICATION_BYTES, ...name, 3, 1, content[1]!, content[2]!, 0])
      if (end - at === block.length && equal(await this.source.bytes(at, block.length), block)) this.output.keep(at, end)
      else {
        this.found.removed.add("unknown-data")
        this.output.put(block)
      }
      return end
    }
    this.found.removed.add("unknown-data")
    return end
  }

  async #image(at: number): Promise<number | null> {
    const head = (await this.source.peek(at, DESCRIPTOR_BYTES)).slice()
    const data = at + DESCRIPTOR_BYTES + colourTableBytes(head[9] ?? 0) + 1
    if (data >= this.source.size) return null
    const rootBits = (await this.source.bytes(data - 1, 1))[0]!
    const [width, height] = [head[5]! | (head[6]! << 8), head[7]! | (head[8]! << 8)]
    const chain = await readChain(this.source, data)
    const { length, isBroken, isShort } = await pixelBytes(this.source, chain, new LzwEnd(rootBits, width * height))
    if (this.#stray_bytes > 0 && (isBroken || chain.isCut)) return null
    // Readers draw what they can read of it.
    if (isBroken || isShort || chain.isCut) this.found.remains.add("unread-part")
    this.#images++
    if (this.#control) this.output.put(this.#control)
    this.#control = null
    this.#write(at, data, chain, length)
    return chain.end
  }

  /** A picture with so many bytes of its data. */
  #write(at: number, data: number, { pieces, end, isCut }: Chain, length: number): void {
    const all = pieces.reduce((sum, [from, to]) => sum + to - from, 0)
    if (length === all && !isCut) {
      this.output.keep(at, end)
      return
    }
    this.found.removed.add("unknown-data")
    this.output.keep(at, data)
    let left = length
    for (const [from, to] of pieces) {
      const size = Math.min(left, to - from)
      if (size === 0) break
      left -= size
      if (size === to - from && !isCut) this.output.keep(from - 1, to)
      else {
        this.output.put(new Uint8Array([size]))
        this.output.keep(from, from + size)
      }
    }
    this.output.put(new Uint8Array(1))
  }
}

/** How many bytes of a chain are pixels. */
async function pixelBytes(
  source: Source,
  { pieces }: Chain,
  walk: LzwEnd,
): Promise<{ length: number; isBroken: boolean; isShort: boolean }> {
  let length = 0
  let all = 0
  let isEnd = walk.isBroken
  for (const [from, to] of pieces) {
    all += to - from
    if (isEnd) continue
    const step = walk.feed(await source.bytes(from, to - from))
    length += step.used
    isEnd = step.isEnd
  }
  if (walk.isBroken) return { length: all, isBroken: true, isShort: false }
  return { length: isEnd ? length : length - walk.unread, isBroken: false, isShort: !isEnd && walk.isShort }
}

async function readChain(source: Source, at: number): Promise<Chain> {
  const pieces: [number, number][] = []
  for (;;) {
    const [length] = await source.peek(at, 1)
    if (length === undefined) return { pieces, end: source.size, isCut: true }
    if (length === 0) return { pieces, end: at + 1, isCut: false }
    const to = at + 1 + length
    pieces.push([at + 1, Math.min(to, source.size)])
    if (to > source.size) return { pieces, end: source.size, isCut: true }
    at = to
  }
}

function meaning(label: number, application: string): Removed {
  return label === COMMENT ? "comment" : application === "XMP DataXMP" ? "xmp" : "unknown-data"
}

function colourTableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0
}
