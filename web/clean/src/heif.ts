// HEIC and AVIF (ISO/IEC 23008-12): a list of items (pictures, parts of pictures, metadata) and where their bytes lie.
// The main picture and what it is made of stay; every other item is overwritten where it stands and loses its type.

import { Damaged, type Findings, NotPossible, type Removed } from "./cleaned"
import { boxes, child, free, isFiller, topBoxes, wipe, type Box } from "./boxes"
import { fromLatin1, isZero, latin1, view } from "./bytes"
import { readExif } from "./exif"
import { neutraliseProfile } from "./icc"
import { cleanMovie, cleanTop } from "./mp4"
import { cleanHandler } from "./mp4-movie"
import { Patches, type Output, type Source } from "./source"

const MAX_META_BYTES = 16 * 1024 * 1024
/** A phone's largest pictures are put together from some hundred tiles. */
const MAX_ITEMS = 5_000
const MAX_EXTENTS = 5_000
const MAX_EXIF_BYTES = 1024 * 1024

const META_NEEDED = new Set(["hdlr", "dinf", "pitm", "iinf", "iref", "iprp", "iloc", "idat"])
const ALPHA = /^urn:mpeg:(mpegB:cicp:systems:auxiliary:alpha|avc:2015:auxid:1|hevc:2015:auxid:1)$/
const BLANK_TYPE = "free"
/** By which a picture is put together: of parts, of layers, with transparency, with colours multiplied into it. */
const REFERENCES = new Set(["dimg", "auxl", "prem", "exbl", "tbas", "base"])

interface Item {
  id: number
  type: string
  entry: Box
  /** Offset of the four letters of its type. */
  typeAt: number
  /** For `mime` items. */
  contentType: string
  extents: Extent[]
}

interface Extent {
  /** In the file, or in the meta box itself. */
  where: "file" | "meta"
  from: number
  to: number
}

interface Reference {
  box: Box
  type: string
  from: number
  to: number[]
  /** Behind the last number. */
  listEnd: number
}

export async function cleanHeif(source: Source, found: Findings): Promise<Output> {
  const { list, end } = await topBoxes(source, (seen) => seen.some((box) => box.type === "meta"))
  const metaBoxes = list.filter((box) => box.type === "meta")
  if (metaBoxes.length !== 1) throw new Damaged("no list of items")
  const top = metaBoxes[0]!
  const patches = new Patches(source)
  if (end < source.size) {
    found.removed.add("trailing-data")
    patches.cut(end)
  }

  const bytes = await source.copy(top.start, top.end - top.start, MAX_META_BYTES)
  const before = bytes.slice()
  // A full box: version and flags stand before its children.
  const meta: Box = { type: "meta", start: 0, body: top.body - top.start + 4, end: bytes.length }
  const model = readModel(bytes, meta)
  const kept = keptItems(model)
  const keptRanges = keptIn(model, kept, "file")
  if (keptRanges.some(([, to]) => to > end)) throw new Damaged("the picture ends too early")
  const keptIdat = model.items
    .filter((item) => kept.has(item.id))
    .flatMap((item) => item.extents)
    .filter((extent) => extent.where === "meta")

  for (const item of model.items) {
    if (kept.has(item.id)) continue
    await noteItem(source, bytes, item, model, found)
    for (const extent of item.extents) {
      if (extent.where === "file") continue // with everything else that the picture does not use, below
      if (keptIdat.some((other) => other.from < extent.to && extent.from < other.to)) throw new NotPossible("unsupported-variant")
      wipe(bytes, extent.from, extent.to)
    }
    bytes.set(fromLatin1(BLANK_TYPE), item.typeAt)
    if (wipe(bytes, item.typeAt + 4, item.entry.end) && item.type === BLANK_TYPE) found.removed.add("unknown-data")
  }
  for (const reference of model.references) cleanReference(bytes, reference, model, kept, found)
  cleanMeta(bytes, meta, model, kept, found)
  if (!bytes.every((byte, at) => byte === before[at])) patches.write(top.start, bytes)

  const sequence = list.find((box) => box.type === "moov")
  if (sequence) {
    const { used } = await cleanMovie(source, sequence, patches, found)
    keptRanges.push(...used.kept)
  }
  for (const box of list) {
    if (box === sequence) continue
    if (box.type === "mdat") await zeroUnused(source, box.body, box.end, keptRanges, model, kept, patches, found)
    else if (box.type !== "ftyp" && box.type !== "styp" && box !== top) await cleanTop(source, box, patches, found)
  }
  return patches.output()
}

// ---- the list of items

interface Model {
  primary: number
  items: Item[]
  byId: Map<number, Item>
  references: Reference[]
  properties: Properties
  auxiliaryTypes: Map<number, string>
}

interface Property {
  box: Box
  type: string
  /** A reader that does not know it must not draw the item. */
  isEssential: boolean
  flagAt: number
}

interface Properties {
  list: Box[]
  byItem: Map<number, Property[]>
}

function readModel(bytes: Uint8Array, meta: Box): Model {
  const parts = new Map(boxes(bytes, meta.body, meta.end).map((box) => [box.type, box]))
  const pitm = parts.get("pitm"),
    iinf = parts.get("iinf"),
    iloc = parts.get("iloc")
  if (!pitm || !iinf || !iloc) throw new Damaged("no main picture")
  const data = view(bytes)
  const primary = bytes[pitm.body] === 0 ? data.getUint16(pitm.body + 4) : data.getUint32(pitm.body + 4)
  const items = readItems(bytes, iinf)
  const byId = new Map(items.map((item) => [item.id, item]))
  if (byId.size !== items.length || !byId.has(primary)) throw new Damaged("items")
  readExtents(bytes, iloc, parts.get("idat"), byId)
  const iref = parts.get("iref")
  const iprp = parts.get("iprp")
  const properties = iprp ? readProperties(bytes, iprp) : { list: [], byItem: new Map<number, Property[]>() }
  return {
    primary,
    items,
    byId,
    references: iref ? readReferences(bytes, iref) : [],
    properties,
    auxiliaryTypes: auxiliaryTypes(bytes, properties),
  }
}

function readItems(bytes: Uint8Array, iinf: Box): Item[] {
  const data = view(bytes)
  const items: Item[] = []
  for (const entry of boxes(bytes, iinf.body + (bytes[iinf.body] === 0 ? 6 : 8), iinf.end)) {
    if (entry.type !== "infe") continue
    const version = bytes[entry.body]!
    if (version !== 2 && version !== 3) throw new NotPossible("unsupported-variant")
    const wide = version === 3 ? 2 : 0
    const typeAt = entry.body + 8 + wide
    if (typeAt + 4 > entry.end) throw new Damaged("item")
    const type = latin1(bytes.subarray(typeAt, typeAt + 4))
    // After the type: the item's name, and for `mime` its media type.
    const [, contentType = ""] = latin1(bytes.subarray(typeAt + 4, Math.min(entry.end, typeAt + 1024))).split("\0")
    items.push({
      id: wide ? data.getUint32(entry.body + 4) : data.getUint16(entry.body + 4),
      type,
      entry,
      typeAt,
      extents: [],
      contentType: type === "mime" ? contentType : "",
    })
    if (items.length > MAX_ITEMS) throw new NotPossible("too-complex")
  }
  return items
}

function readExtents(bytes: Uint8Array, iloc: Box, idat: Box | undefined, byId: Map<number, Item>): void {
  const data = view(bytes)
  const version = bytes[iloc.body]!
  if (version > 2) throw new NotPossible("unsupported-variant")
  const sizes = data.getUint16(iloc.body + 4)
  const [offsetSize, lengthSize, baseSize, indexSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15, version === 0 ? 0 : sizes & 15]
  let at = iloc.body + 6
  const number = (size: number): number => {
    if (at + size > iloc.end) throw new Damaged("item location")
    at += size
    if (size === 0) return 0
    if (size === 2) return data.getUint16(at - 2)
    if (size === 4) return data.getUint32(at - 4)
    if (size === 8) return data.getUint32(at - 8) * 2 ** 32 + data.getUint32(at - 4)
    throw new Damaged("item location")
  }
  let extents = 0
  for (let left = number(version < 2 ? 2 : 4); left > 0; left--) {
    const item = byId.get(number(version < 2 ? 2 : 4))
    const construction = version === 0 ? 0 : number(2) & 15
    const reference = number(2)
    const base = number(baseSize)
    for (let count = number(2); count > 0; count--) {
      if (++extents > MAX_EXTENTS) throw new NotPossible("too-complex")
      number(indexSize)
      const offset = base + number(offsetSize)
      const length = number(lengthSize)
      // Parts of other items, and other files, are rare and not ours to take apart.
      if (construction > 1 || reference !== 0 || (construction === 1 && !idat) || length === 0) throw new NotPossible("unsupported-variant")
      const start = construction === 1 ? idat!.body + offset : offset
      if (construction === 1 && start + length > idat!.end) throw new Damaged("item location")
      item?.extents.push({ where: construction === 1 ? "meta" : "file", from: start, to: start + length })
    }
  }
}

function readReferences(bytes: Uint8Array, iref: Box): Reference[] {
  const data = view(bytes)
  const width = bytes[iref.body] === 0 ? 2 : 4
  const id = (at: number): number => (width === 2 ? data.getUint16(at) : data.getUint32(at))
  return boxes(bytes, iref.body + 4, iref.end).map((box) => {
    const count = data.getUint16(box.body + width)
    const list = box.body + width + 2
    if (list + count * width > box.end) throw new Damaged("reference")
    return {
      box,
      listEnd: list + count * width,
      type: box.type,
      from: id(box.body),
      to: Array.from({ length: count }, (_, i) => id(list + i * width)),
    }
  })
}

/** The properties in their order, and which of them each item has: the list of `ipma` names them by number. */
function readProperties(bytes: Uint8Array, iprp: Box): Properties {
  const ipco = child(bytes, iprp, "ipco")
  const list = ipco ? boxes(bytes, ipco.body, ipco.end) : []
  const byItem = new Map<number, Property[]>()
  const data = view(bytes)
  for (const ipma of boxes(bytes, iprp.body, iprp.end)) {
    if (ipma.type !== "ipma") continue
    const wideId = bytes[ipma.body]! >= 1
    const wideIndex = (bytes[ipma.body + 3]! & 1) === 1
    let at = ipma.body + 8
    for (let left = data.getUint32(ipma.body + 4); left > 0; left--) {
      if (at + (wideId ? 5 : 3) > ipma.end) throw new Damaged("properties")
      const id = wideId ? data.getUint32(at) : data.getUint16(at)
      at += wideId ? 4 : 2
      const properties = byItem.get(id) ?? []
      byItem.set(id, properties)
      for (let count = bytes[at++]!; count > 0; count--) {
        if (at + (wideIndex ? 2 : 1) > ipma.end) throw new Damaged("properties")
        const value = wideIndex ? data.getUint16(at) : data.getUint8(at)
        const essential = wideIndex ? 0x8000 : 0x80
        const box = list[(value & (essential - 1)) - 1]
        if (box) properties.push({ box, type: box.type, isEssential: (value & essential) !== 0, flagAt: at })
        at += wideIndex ? 2 : 1
      }
    }
    if (wipe(bytes, at, ipma.end)) throw new Damaged("properties")
  }
  return { list, byItem }
}

/** The uniform names of what auxiliary pictures are for. */
function auxiliaryTypes(bytes: Uint8Array, { byItem }: Properties): Map<number, string> {
  const types = new Map<number, string>()
  for (const [id, properties] of byItem) {
    for (const { box } of properties) {
      if (box.type === "auxC") types.set(id, auxiliaryType(bytes, box.body, box.end))
    }
  }
  return types
}

/** The main picture, the pictures that it is put together from, and their transparency. */
function keptItems(model: Model): Set<number> {
  const kept = new Set([model.primary])
  const partsOf = new Map<number, number[]>()
  const add = (whole: number, part: number): void => {
    const parts = partsOf.get(whole)
    if (parts) parts.push(part)
    else partsOf.set(whole, [part])
  }
  for (const { type, from, to } of model.references) {
    if (to.length > MAX_ITEMS) throw new NotPossible("too-complex")
    if (type === "dimg") for (const id of to) add(from, id)
    else if (type === "auxl" && ALPHA.test(model.auxiliaryTypes.get(from) ?? "")) for (const id of to) add(id, from)
  }
  const pending = [model.primary]
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    for (const part of partsOf.get(id) ?? []) {
      if (!model.byId.has(part) || kept.has(part)) continue
      kept.add(part)
      pending.push(part)
    }
  }
  return kept
}

// ---- what goes

async function noteItem(source: Source, bytes: Uint8Array, item: Item, model: Model, found: Findings): Promise<void> {
  if (item.type === BLANK_TYPE) return
  if (item.type === "Exif") {
    const [extent] = item.extents
    found.removed.add("exif")
    if (!extent) return
    const length = Math.min(extent.to - extent.from, MAX_EXIF_BYTES)
    const block =
      extent.where === "meta" ? bytes.slice(extent.from, extent.from + length) : await source.copy(extent.from, length, MAX_EXIF_BYTES)
    // The first four bytes say how far behind them the TIFF structure begins.
    if (block.length > 8) for (const meaning of readExif(block.subarray(4 + view(block).getUint32(0))).meanings) found.removed.add(meaning)
    return
  }
  found.removed.add(itemMeaning(item, model))
}

function itemMeaning(item: Item, model: Model): Removed {
  if (item.type === "mime") return /rdf\+xml/.test(item.contentType) ? "xmp" : "unknown-data"
  if (item.type === "uri ") return "unknown-data"
  return model.references.some((reference) => reference.type === "thmb" && reference.from === item.id) ? "thumbnail" : "extra-images"
}

/** Readers demand of each reference that it has numbers, so one that goes loses its type, and numbers that no item has. */
function cleanReference(bytes: Uint8Array, reference: Reference, model: Model, kept: Set<number>, found: Findings): void {
  const { box, type, from, to, listEnd } = reference
  const isAmongKept = kept.has(from) && to.every((id) => kept.has(id))
  if (type !== BLANK_TYPE && !(isAmongKept && REFERENCES.has(type))) {
    // What another item was for is said with the item itself.
    if (isAmongKept) found.removed.add("unknown-data")
    bytes.set(fromLatin1(BLANK_TYPE), box.start + 4)
  }
  if (wipe(bytes, listEnd, box.end)) found.removed.add("unknown-data")
  const width = to.length === 0 ? 2 : (listEnd - box.body - 2) / (to.length + 1)
  for (const [i, id] of [from, ...to].entries()) {
    if (model.byId.has(id)) continue
    found.removed.add("unknown-data")
    const at = box.body + (i === 0 ? 0 : width + 2 + (i - 1) * width)
    if (width === 2) view(bytes).setUint16(at, model.primary)
    else view(bytes).setUint32(at, model.primary)
  }
}

function cleanMeta(bytes: Uint8Array, meta: Box, model: Model, kept: Set<number>, found: Findings): void {
  for (const box of boxes(bytes, meta.body, meta.end)) {
    if (isFiller(box.type)) {
      if (wipe(bytes, box.body, box.end)) found.removed.add("unknown-data")
    } else if (!META_NEEDED.has(box.type)) {
      found.removed.add("unknown-data")
      free(bytes, box)
    } else if (box.type === "hdlr") {
      cleanHandler(bytes, box, found)
    } else if (box.type === "idat") {
      wipeGaps(bytes, box.body, box.end, keptIn(model, kept, "meta"), found)
    } else if (box.type === "iinf" || box.type === "iref" || box.type === "iprp" || box.type === "dinf") {
      cleanList(bytes, box, found)
    }
  }
  cleanProperties(bytes, model, kept, found)
  for (const item of model.items) {
    if (!kept.has(item.id) || item.type === "mime" || item.type === "uri ") continue
    if (wipe(bytes, item.typeAt + 4, item.entry.end)) found.removed.add("embedded-name")
  }
}

/** Boxes in a list of boxes that do not belong there. */
function cleanList(bytes: Uint8Array, box: Box, found: Findings): void {
  const [head, known] = LISTS[box.type]!
  const from = box.body + (box.type === "iinf" && bytes[box.body] !== 0 ? head + 2 : head)
  for (const inner of boxes(bytes, from, box.end)) {
    if (known === null || known.includes(inner.type)) continue
    if (inner.type === BLANK_TYPE && isZero(bytes.subarray(inner.body, inner.end))) continue
    found.removed.add("unknown-data")
    free(bytes, inner)
  }
}

/** Before the boxes of a list, and which there may be; references have names of their own and were gone through before. */
const LISTS: Record<string, [head: number, known: readonly string[] | null]> = {
  iinf: [6, ["infe"]],
  iref: [4, null],
  iprp: [0, ["ipco", "ipma"]],
  dinf: [0, []],
}

/**
 * A property stays where it stands, for items name it by its number. What a reader does not draw by, or what no item that stays has, is
 * emptied; an item without a property that it must have is drawn by nobody, so the mark that it must is taken back as well.
 */
function cleanProperties(bytes: Uint8Array, { properties, items }: Model, kept: Set<number>, found: Findings): void {
  const used = new Set<Box>()
  const drawnBy = new Set(properties.list.filter((box) => isDrawnBy(bytes, box)))
  for (const { id } of items) if (kept.has(id)) for (const { box } of properties.byItem.get(id) ?? []) used.add(box)
  for (const box of properties.list) {
    if (used.has(box) && drawnBy.has(box)) cleanProperty(bytes, box, found)
    else if (box.type !== BLANK_TYPE || !isZero(bytes.subarray(box.body, box.end))) {
      found.removed.add(PROPERTY_MEANINGS.get(box.type) ?? "unknown-data")
      free(bytes, box)
    }
  }
  for (const [id, list] of properties.byItem) {
    for (const { box, type, isEssential, flagAt } of list) {
      if (!isEssential || (used.has(box) && drawnBy.has(box))) continue
      // Nobody knows how an item is drawn that must have a property which nobody knows.
      if (kept.has(id) && type !== BLANK_TYPE && !PROPERTY_MEANINGS.has(type)) throw new NotPossible("unsupported-variant")
      bytes[flagAt]! &= 0x7f
    }
  }
}

/** What a reader draws an item by: how it is coded, how large it is, how it is turned and cut, and its colours. */
const DRAWN_BY =
  /^(?:hvcC|lhvC|avcC|vvcC|evcC|av1C|a1op|a1lx|lsel|jpgC|uncC|cmpC|cmpd|icef|cpat|splz|sbpm|ispe|pixi|pasp|irot|imir|clap|colr|auxC|clli|mdcv|cclv|amve|iscl|tols|oinf|rloc)$/

/** Of auxiliary pictures only the transparency stays. */
function isDrawnBy(bytes: Uint8Array, { type, body, end }: Box): boolean {
  return type === "auxC" ? ALPHA.test(auxiliaryType(bytes, body, end)) : DRAWN_BY.test(type)
}

function auxiliaryType(bytes: Uint8Array, body: number, end: number): string {
  return latin1(bytes.subarray(body + 4, Math.min(end, body + 204))).replace(/\0[^]*$/, "")
}

const PROPERTY_MEANINGS: ReadonlyMap<string, Removed> = new Map<string, Removed>([
  ["itai", "timestamps"],
  ["taic", "timestamps"],
  ["crtt", "timestamps"],
  ["mdft", "timestamps"],
  ["udes", "tags"],
  ["altt", "tags"],
  ["cmex", "gps"],
  ["cmin", "device"],
])

/** Of a property that stays, what is behind its own fields. */
function cleanProperty(bytes: Uint8Array, property: Box, found: Findings): void {
  const { type, body, end } = property
  const kind = type === "colr" ? latin1(bytes.subarray(body, body + 4)) : type
  if (kind === "prof" || kind === "rICC") {
    const blanked = neutraliseProfile(bytes.subarray(body + 4, end), found)
    if (blanked) bytes.set(blanked, body + 4)
    return
  }
  if (kind === "hvcC") return cleanDecoderConfiguration(bytes, property, found)
  const length =
    kind === "pixi" ? 5 + bytes[body + 4]! : kind === "auxC" ? Math.max(4, indexOfZero(bytes, body + 4, end) - body) : PROPERTY_BYTES[kind]
  if (length !== undefined && wipe(bytes, Math.min(body + length, end), end)) found.removed.add("unknown-data")
  // Numbers and pictures in a description of colours that is none.
  if (type === "colr" && length === undefined && wipe(bytes, body + 4, end)) found.removed.add("unknown-data")
}

/** Lists of parameter sets (ISO/IEC 14496-15, 8.3.3): behind them nothing is read, and messages among them may say anything. */
function cleanDecoderConfiguration(bytes: Uint8Array, { body, end }: Box, found: Findings): void {
  const data = view(bytes)
  let at = body + 23
  for (let lists = bytes[body + 22]!; lists > 0; lists--) {
    const type = bytes[at]! & 0x3f
    if (type === 39 || type === 40) found.remains.add("metadata")
    let count = data.getUint16(at + 1)
    for (at += 3; count > 0; count--) {
      at += 2 + data.getUint16(at)
      if (at > end) throw new Damaged("parameter sets")
    }
  }
  if (wipe(bytes, at, end)) found.removed.add("unknown-data")
}

/** With version and flags, where there are any. */
const PROPERTY_BYTES: Record<string, number> = { ispe: 12, pasp: 8, irot: 1, imir: 1, clap: 32, nclx: 11, clli: 4, mdcv: 24, cclv: 33 }

function indexOfZero(bytes: Uint8Array, from: number, to: number): number {
  const at = bytes.subarray(from, to).indexOf(0)
  return at < 0 ? to : from + at
}

function keptIn(model: Model, kept: Set<number>, where: Extent["where"]): [number, number][] {
  return model.items
    .filter((item) => kept.has(item.id))
    .flatMap((item) => item.extents)
    .filter((extent) => extent.where === where)
    .map((extent): [number, number] => [extent.from, extent.to])
}

function wipeGaps(bytes: Uint8Array, from: number, to: number, kept: [number, number][], found: Findings): void {
  for (const [start, end] of gaps(from, to, kept)) if (wipe(bytes, start, end)) found.removed.add("unknown-data")
}

/** Zeroes what neither the kept items nor the samples of a sequence use. */
async function zeroUnused(
  source: Source,
  from: number,
  to: number,
  keptRanges: [number, number][],
  model: Model,
  kept: Set<number>,
  patches: Patches,
  found: Findings,
): Promise<void> {
  const dropped = model.items
    .filter((item) => !kept.has(item.id) && item.type !== BLANK_TYPE)
    .flatMap((item) => item.extents)
    .filter((extent) => extent.where === "file" && extent.from >= from && extent.to <= to)
    .map((extent): [number, number] => [extent.from, extent.to])
  for (const [a, b] of gaps(from, to, keptRanges)) {
    if (await source.allZero(a, b)) continue
    // What an item held has its own word already; this is for bytes that belong to nobody.
    if (!dropped.some(([x, y]) => x < b && a < y)) found.removed.add("unknown-data")
    patches.zero(a, b)
  }
}

/** The parts of a range that none of the others covers. */
function gaps(from: number, to: number, covered: [number, number][]): [number, number][] {
  const list: [number, number][] = []
  let at = from
  for (const [start, end] of covered.slice().sort((a, b) => a[0] - b[0])) {
    if (start >= to) break
    if (start > at) list.push([at, start])
    at = Math.max(at, end)
  }
  if (at < to) list.push([at, to])
  return list
}
