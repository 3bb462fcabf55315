// WebM and Matroska (RFC 9559), as browsers and recording programs write them. Blocks of sound and picture stay where they are;
// of the rest, the elements and fields that a player needs. All others become filling.

import { Damaged, type Findings, NotPossible } from "./cleaned"
import { indexOf, latin1 } from "./bytes"
import { cleanPicture } from "./coded"
import { blank, blankInFile, CRC, type Element, elements, isNumber, isSigned, readElement, uint, VOID } from "./ebml"
import { cleanMaster, CLUSTER, CUES, EBML, INFO, MEANINGS, type Rules, SEEK_HEAD, SEGMENT, TOP, TRACKS } from "./matroska-rules"
import { cleanTracks, type MatroskaTrack } from "./matroska-tracks"
import { Patches, type Output, type Source } from "./source"

const SIMPLE_BLOCK = 0xa3,
  BLOCK_GROUP = 0xa0,
  BLOCK = 0xa1,
  BLOCK_ADDITIONS = 0x75a1,
  TIMESTAMP = 0xe7
/** The frames of several pictures in one block. */
const LACING = 6
const MAX_HELD_BYTES = 32 * 1024 * 1024
const MAX_BLOCKS = 10_000_000
const CLUSTER_MARK = "\x1f\x43\xb6\x75"

const EBML_RULES: Rules = { 0x4286: "uint", 0x42f7: "uint", 0x42f2: "uint", 0x42f3: "uint", 0x4282: "any", 0x4287: "uint", 0x4285: "uint" }
const INFO_RULES: Rules = { 0x2ad7b1: "uint", 0x4489: "float", 0x4d80: "program", 0x5741: "program" }
const SEEK_RULES: Rules = { 0x4dbb: { 0x53ab: "id", 0x53ac: "uint" } }
const CUE_RULES: Rules = { 0xbb: { 0xb3: "uint", 0xb7: { 0xf7: "uint", 0xf1: "uint", 0xf0: "uint", 0xb2: "uint", 0x5378: "uint" } } }
export interface MatroskaKind {
  isWebm: boolean
  hasVideo: boolean
}

export async function cleanMatroska(source: Source, found: Findings, kind: MatroskaKind): Promise<Output> {
  const patches = new Patches(source)
  const head = await readElement(source, 0, source.size)
  if (head?.id !== EBML || head.end > source.size) throw new Damaged("head")
  const held = await hold(source, head)
  kind.isWebm = cleanHead(held, head, found)
  patches.write(head.start, held)
  let at = head.end
  let segment = await readElement(source, at, source.size)
  while (segment && segment.id !== SEGMENT && segment.end <= source.size) {
    await dropInFile(source, segment, patches, found)
    at = segment.end
    segment = await readElement(source, at, source.size)
  }
  if (segment?.id !== SEGMENT) throw new Damaged("no segment")
  await new Segment(source, patches, found, kind).clean(segment)
  return patches.output()
}

function cleanHead(bytes: Uint8Array, head: Element, found: Findings): boolean {
  const from = head.body - head.start
  const list = elements(bytes, from, bytes.length, found)
  const value = (id: number, otherwise: number): number => {
    const element = list.find((element) => element.id === id)
    return element ? uint(bytes, element) : otherwise
  }
  if (value(0x42f2, 4) > 4 || value(0x42f3, 8) > 8) throw new NotPossible("unsupported-variant")
  const type = list.find((element) => element.id === 0x4282)
  const name = type ? latin1(bytes.subarray(type.body, type.end)) : ""
  if (!/^(?:webm|matroska)\0*$/.test(name)) throw new NotPossible("unsupported-variant")
  cleanMaster(bytes, from, bytes.length, EBML_RULES, found)
  return name.startsWith("webm")
}

class Segment {
  readonly #seen = new Set<number>()
  #tracks = new Map<number, MatroskaTrack>()
  #blocks = 0

  constructor(
    readonly source: Source,
    readonly patches: Patches,
    readonly found: Findings,
    readonly kind: MatroskaKind,
  ) {}

  async clean(segment: Element): Promise<void> {
    const { source, patches, found } = this
    let to = Math.min(segment.end, source.size)
    // A length that was not brought up to date: the recording goes on behind it.
    if (to < source.size && (await readElement(source, to, source.size))?.id === CLUSTER) to = source.size
    for (let at = segment.body; at < to;) {
      const element = await readElement(source, at, to)
      if (!element || !(await this.#isElement(element, to))) {
        at = await this.#skipJunk(at, to)
        continue
      }
      const next = await this.#top(element, to)
      if (next === null) return
      at = next
    }
    if (!this.#seen.has(CLUSTER)) throw new Damaged("no sound and no picture")
    if (to < source.size) {
      found.removed.add("trailing-data")
      patches.cut(to)
    }
  }

  /** Is this an element, and not bytes that only look like one? */
  async #isElement({ id, end }: Element, to: number): Promise<boolean> {
    if (id === CLUSTER || (TOP.has(id) && end <= to)) return true
    if (TOP.has(id) && to === this.source.size && this.#seen.has(CLUSTER)) return true
    if (end >= to) return end === to
    const next = await readElement(this.source, end, to)
    return next !== null && (TOP.has(next.id) || next.id === VOID || next.id === CRC)
  }

  /** One element of the segment. Gives where the next begins, or null where the recording was cut off. */
  async #top(element: Element, to: number): Promise<number | null> {
    const { source, patches, found } = this
    const { id, start, end } = element
    if (id === CLUSTER) {
      if (this.#tracks.size === 0) throw new NotPossible("unsupported-variant")
      this.#seen.add(id)
      return this.#cluster(element, Math.min(end, to))
    }
    if (end > to) {
      found.removed.add("trailing-data")
      patches.cut(start)
      return null
    }
    if (id === VOID) {
      await this.#void(element)
    } else if (id === CRC) {
      blankInFile(patches, start, end)
    } else if (id === SEEK_HEAD || id === CUES || ((id === INFO || id === TRACKS) && !this.#seen.has(id))) {
      this.#seen.add(id)
      const bytes = await hold(source, element)
      const body = element.body - start
      if (id === TRACKS) {
        this.#tracks = await cleanTracks(bytes, body, found)
        this.kind.hasVideo = [...this.#tracks.values()].some((track) => track.isVideo)
      } else {
        cleanMaster(bytes, body, bytes.length, id === INFO ? INFO_RULES : id === CUES ? CUE_RULES : SEEK_RULES, found)
      }
      patches.write(element.start, bytes)
    } else {
      await dropInFile(source, element, patches, found)
    }
    return end
  }

  /** The elements of a cluster. One of unknown length ends where another part of the segment begins. */
  async #cluster(cluster: Element, to: number): Promise<number | null> {
    const { source, patches, found } = this
    for (let at = cluster.body; at < to;) {
      const element = await readElement(source, at, to)
      if (element && TOP.has(element.id)) return at
      if (element && element.end > to && to === source.size && element.id !== 0) {
        // The last block is not whole.
        found.removed.add("trailing-data")
        patches.cut(at)
        return null
      }
      if (!element || element.end > to) {
        const next = await this.#skipJunk(at, to)
        if (next < to) return next
        break
      }
      if (element.id === SIMPLE_BLOCK) await this.#block(element, true)
      else if (element.id === BLOCK_GROUP) await this.#group(element)
      else if (element.id === TIMESTAMP) await this.#number(element)
      else if (element.id === VOID) await this.#void(element)
      else {
        // Sizes and places of neighbours, and checksums, tell nothing; the others have a word.
        if (![0xab, 0xa7, CRC].includes(element.id) || element.end - element.body > 4) found.removed.add("unknown-data")
        blankInFile(patches, element.start, element.end)
      }
      at = element.end
    }
    return to
  }

  async #number(element: Element): Promise<void> {
    const bytes = await this.source.bytes(element.body, Math.min(element.end - element.body, 16))
    if (!isNumber(bytes, { id: element.id, start: 0, body: 0, end: bytes.length })) throw new Damaged("timestamp")
  }

  async #group(group: Element): Promise<void> {
    const { source, patches, found } = this
    const parts: Element[] = []
    for (let at = group.body; at < group.end;) {
      const element = await readElement(source, at, group.end)
      if (!element || element.end > group.end) throw new Damaged("block")
      parts.push(element)
      at = element.end
    }
    const block = parts.find((part) => part.id === BLOCK)
    const track = block && (await this.#trackOf(block)).track
    if (!block || !track?.isKept) {
      if (!track) found.removed.add("unknown-data")
      blankInFile(patches, group.start, group.end)
      return
    }
    for (const part of parts) {
      if (part === block) await this.#block(block, false)
      else if (part.id === BLOCK_ADDITIONS && track.hasAlpha) await this.#additions(part)
      else if (part.id === VOID) await this.#void(part)
      else if (!(await this.#isGroupNumber(part))) {
        if (part.id !== CRC) found.removed.add("unknown-data")
        blankInFile(patches, part.start, part.end)
      }
    }
  }

  /** How long a block lasts, what it refers to, what of it is thrown away, and how much it matters. */
  async #isGroupNumber({ id, body, end }: Element): Promise<boolean> {
    const value = await this.source.bytes(body, Math.min(end - body, 16))
    const inner = { id, start: 0, body: 0, end: value.length }
    if (id === 0xfb || id === 0x75a2) return isSigned(value, inner)
    return (id === 0x9b || id === 0xfa) && isNumber(value, inner)
  }

  /** What shines through a picture stays; all other additions go. */
  async #additions(element: Element): Promise<void> {
    const { found } = this
    const bytes = await hold(this.source, element)
    for (const more of elements(bytes, element.body - element.start, bytes.length, found)) {
      const parts = more.id === 0xa6 ? elements(bytes, more.body, more.end, found) : []
      const kind = parts.find((part) => part.id === 0xee)
      const isKnown = parts.length > 0 && parts.every((part) => part.id === 0xa5 || part.id === 0xee)
      if (more.id === VOID || (isKnown && (!kind || uint(bytes, kind) === 1))) continue
      found.removed.add("unknown-data")
      blank(bytes, more)
    }
    this.patches.write(element.start, bytes)
  }

  async #void({ body, end }: Element): Promise<void> {
    if (await this.source.allZero(body, end)) return
    this.found.removed.add("unknown-data")
    this.patches.zero(body, end)
  }

  /** Which track a block is of, and where its flags stand. */
  async #trackOf(block: Element): Promise<{ track: MatroskaTrack | undefined; flagsAt: number; flags: number }> {
    const head = await this.source.peek(block.body, Math.min(12, block.end - block.body))
    const numberBytes = Math.clz32(head[0] ?? 0) - 23
    const flagsAt = numberBytes + 2
    if (numberBytes > 4 || flagsAt >= head.length) throw new Damaged("block")
    let number = head[0]! & (0xff >> numberBytes)
    for (let i = 1; i < numberBytes; i++) number = number * 256 + head[i]!
    return { track: this.#tracks.get(number), flagsAt: block.body + flagsAt, flags: head[flagsAt]! }
  }

  /** A block of frames. One of a track that goes becomes filling, if it stands alone. */
  async #block(block: Element, isSimple: boolean): Promise<void> {
    const { source, patches, found } = this
    if (++this.#blocks > MAX_BLOCKS) throw new NotPossible("too-complex")
    const { track, flagsAt, flags } = await this.#trackOf(block)
    if (!track?.isKept) {
      if (!track) found.removed.add("unknown-data")
      return blankInFile(patches, block.start, block.end)
    }
    const known = isSimple ? 0x8f : 0x0e
    if ((flags & ~known) !== 0) {
      patches.write(flagsAt, new Uint8Array([flags & known]))
      found.removed.add("unknown-data")
    }
    if (!track.coding) return
    if ((flags & LACING) !== 0 || track.isPacked) found.remains.add("metadata")
    else await cleanPicture(source, flagsAt + 1, block.end, track.coding, patches, found)
  }

  /** Bytes that are no element, up to the next cluster: players look for it, too. */
  async #skipJunk(from: number, to: number): Promise<number> {
    const { source, patches, found } = this
    let next = to
    for await (const { at, bytes } of source.pieces(from + 1, to, 3)) {
      const mark = indexOf(bytes, CLUSTER_MARK)
      if (mark < 0) continue
      next = at + mark
      break
    }
    if (next === to && to === source.size && this.#seen.has(CLUSTER)) {
      found.removed.add("trailing-data")
      patches.cut(from)
      return to
    }
    found.removed.add("unknown-data")
    blankInFile(patches, from, next)
    return next
  }
}

async function hold(source: Source, element: Element): Promise<Uint8Array> {
  return source.copy(element.start, element.end - element.start, MAX_HELD_BYTES)
}

async function dropInFile(source: Source, element: Element, patches: Patches, found: Findings): Promise<void> {
  const head = await source.peek(element.body, Math.min(element.end - element.body, 64 * 1024))
  found.removed.add(MEANINGS[element.id] ?? "unknown-data")
  if (indexOf(head, "ARTIST") >= 0) found.removed.add("author")
  if (indexOf(head, "DATE") >= 0) found.removed.add("timestamps")
  if (indexOf(head, "ENCODER") >= 0) found.removed.add("software")
  if (indexOf(head, "LOCATION") >= 0) found.removed.add("gps")
  blankInFile(patches, element.start, element.end)
}
