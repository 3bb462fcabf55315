// What a PDF hides: parts of pages outside their crop box, layers, remarks and fields that are not shown, text without ink. It stays
// and is said, as hidden.ts does for the documents of office programs.

import type { Findings } from "./cleaned"
import { latin1 } from "./bytes"
import { cleanContents, PageWatch, type Box } from "./pdf-contents"
import type { PdfFile } from "./pdf-file"
import { type Dict, isName, Name, Plain, Ref, type Stream, type Value } from "./pdf-objects"

const MAX_PAGES = 100_000
const MAX_DEPTH = 100
/** Half a point is what rounding does. */
const TOLERANCE = 0.5

const INVISIBLE = 1,
  HIDDEN = 2,
  NO_VIEW = 32

export interface Pages {
  /** Numbers of the objects that are pages of the document. */
  numbers: Set<number>
  /** Streams that draw pages, cleaned; null for those that need not change. */
  contents: Map<number, string | null>
  /** Photographs among the operators of a stream. */
  pictures: Map<number, [from: number, to: number][]>
}

/** Decodes a stream that draws, or gives null where that is not possible. */
export type Decode = (stream: Stream) => Promise<Uint8Array | null>

export async function readPages(file: PdfFile, root: Dict, found: Findings, decode: Decode): Promise<Pages> {
  const pages: Pages = { numbers: new Set(), contents: new Map(), pictures: new Map() }
  const seen = new Set<number>()
  const walk = async (node: Value | undefined, boxes: Boxes, depth: number): Promise<void> => {
    if (!(node instanceof Ref) || seen.has(node.number) || depth > MAX_DEPTH || seen.size > MAX_PAGES) return
    seen.add(node.number)
    const dict = await file.dict(node)
    if (!dict) return
    const own = await inherit(file, dict, boxes)
    const kids = await file.resolve(dict.get("Kids"))
    if (Array.isArray(kids) && !isName(dict.get("Type"), "Page")) {
      for (const kid of kids) await walk(kid, own, depth + 1)
      return
    }
    pages.numbers.add(node.number)
    await readPage(file, dict, own, found, decode, pages)
  }
  await walk(root.get("Pages"), { media: null, crop: null }, 0)
  await noteLayers(file, root, found)
  const names = await file.dict(root.get("Names"))
  if (names?.has("Templates") || names?.has("AlternatePresentations")) found.remains.add("hidden-content")
  return pages
}

interface Boxes {
  media: Box | null
  crop: Box | null
}

async function inherit(file: PdfFile, dict: Dict, boxes: Boxes): Promise<Boxes> {
  return {
    media: (await readBox(file, dict.get("MediaBox"))) ?? boxes.media,
    crop: (await readBox(file, dict.get("CropBox"))) ?? boxes.crop,
  }
}

async function readBox(file: PdfFile, value: Value | undefined): Promise<Box | null> {
  const list = await file.resolve(value)
  if (!Array.isArray(list) || list.length !== 4) return null
  const numbers: number[] = []
  for (const item of list) {
    const number = await file.resolve(item)
    numbers.push(number instanceof Plain ? Number(number.raw) : NaN)
  }
  const [a, b, c, d] = numbers as Box
  const box: Box = [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)]
  return box.every(Number.isFinite) ? box : null
}

async function readPage(file: PdfFile, page: Dict, { media, crop }: Boxes, found: Findings, decode: Decode, pages: Pages): Promise<void> {
  let shown = media
  if (media && crop) {
    shown = [Math.max(media[0], crop[0]), Math.max(media[1], crop[1]), Math.min(media[2], crop[2]), Math.min(media[3], crop[3])]
    if (shown.some((side, i) => Math.abs(side - media[i]!) > TOLERANCE)) found.remains.add("hidden-content")
  }
  const contents = page.get("Contents")
  const list = await file.resolve(contents)
  const parts = Array.isArray(list) ? list : contents instanceof Ref ? [contents] : []
  const watch = new PageWatch(shown)
  for (const part of parts) {
    if (!(part instanceof Ref) || pages.contents.has(part.number)) continue
    const object = await file.object(part.number)
    if (!object?.stream) continue
    const bytes = await decode(object.stream)
    if (!bytes) continue
    const cleaned = cleanContents(latin1(bytes), parts.length > 1, found, watch)
    pages.contents.set(part.number, cleaned.text)
    if (cleaned.pictures.length > 0) pages.pictures.set(part.number, cleaned.pictures)
  }
  if (watch.isHiding) found.remains.add("hidden-content")
  await noteAnnotations(file, page, found)
}

/** Remarks, links and fields whose flags say that a viewer does not show them. */
async function noteAnnotations(file: PdfFile, page: Dict, found: Findings): Promise<void> {
  const list = await file.resolve(page.get("Annots"))
  for (const item of Array.isArray(list) ? list : []) {
    const annotation = await file.dict(item)
    const value = await file.resolve(annotation?.get("F"))
    const flags = value instanceof Plain ? Number(value.raw) : 0
    const isPopup = isName(annotation?.get("Subtype"), "Popup", "Link")
    if (!isPopup && (flags & (INVISIBLE | HIDDEN | NO_VIEW)) !== 0) found.remains.add("hidden-content")
  }
}

/** Every way in which a layer can be off (ISO 32000-2, 8.11). */
async function noteLayers(file: PdfFile, root: Dict, found: Findings): Promise<void> {
  const properties = await file.dict(root.get("OCProperties"))
  if (!properties) return
  const isFull = async (value: Value | undefined): Promise<boolean> => {
    const list = await file.resolve(value)
    return Array.isArray(list) && list.length > 0
  }
  const usual = await file.dict(properties.get("D"))
  const base = await file.resolve(usual?.get("BaseState"))
  if ((await isFull(usual?.get("OFF"))) || (base instanceof Name && base.text !== "ON")) found.remains.add("hidden-content")
  const groups = await file.resolve(properties.get("OCGs"))
  for (const item of Array.isArray(groups) ? groups : []) {
    const group = await file.dict(item)
    const usage = await file.dict(group?.get("Usage"))
    if (!usage) continue
    for (const [key, state] of [
      ["View", "ViewState"],
      ["Print", "PrintState"],
      ["Export", "ExportState"],
    ] as const) {
      const dict = await file.dict(usage.get(key))
      if (isName(await file.resolve(dict?.get(state)), "OFF")) found.remains.add("hidden-content")
    }
    if (["Zoom", "Language"].some((key) => usage.has(key))) found.remains.add("hidden-content")
  }
}

/** A group of layers that shows something only while others are off. */
export function noteMembership(dict: Dict, found: Findings): void {
  if (!isName(dict.get("Type"), "OCMD")) return
  if (isName(dict.get("P"), "AllOff", "AnyOff") || dict.has("VE")) found.remains.add("hidden-content")
}
