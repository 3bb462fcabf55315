// EXIF (CIPA DC-008) is a TIFF structure. We read it only to say what is thrown away and to keep the rotation,
// without which a photograph would lie on its side.

import type { Removed } from "./cleaned"
import { startsWith, view } from "./bytes"

const MAX_ENTRIES = 1000

const POINTERS: ReadonlyMap<number, Removed | null> = new Map([
  [0x8825, "gps"],
  [0x8769, null],
])

// prettier-ignore
const MEANINGS: ReadonlyMap<number, Removed> = new Map<number, Removed>([
  [0x010f, "device"], [0x0110, "device"], [0xa431, "device"], [0xa433, "device"], [0xa434, "device"],
  [0xa435, "device"], [0xc62f, "device"], [0xc614, "device"],
  [0x013b, "author"], [0x8298, "author"], [0x9c9d, "author"], [0xa430, "author"],
  [0x0132, "timestamps"], [0x9003, "timestamps"], [0x9004, "timestamps"], [0x9010, "timestamps"],
  [0x927c, "maker-notes"],
  [0x0131, "software"],
  [0xa420, "identifiers"],
  [0x02bc, "xmp"], [0x83bb, "iptc"],
])

export interface Exif {
  meanings: Set<Removed>
  /** 1 to 8; 1 is upright. */
  orientation: number
}

/** Total: a broken block is still an EXIF block, and is removed all the same. */
export function readExif(tiff: Uint8Array): Exif {
  const exif: Exif = { meanings: new Set(["exif"]), orientation: 1 }
  try {
    readDirectories(tiff, exif)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  return exif
}

/** A TIFF structure which holds the orientation and nothing else. */
export function orientationOnly(orientation: number): Uint8Array {
  // prettier-ignore
  return new Uint8Array([
    0x49, 0x49, 42, 0, 8, 0, 0, 0,                     // little-endian, first directory at 8
    1, 0,                                              // one entry
    0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, // Orientation, SHORT, one value
    0, 0, 0, 0,                                        // no further directory
  ])
}

function readDirectories(tiff: Uint8Array, exif: Exif): void {
  const data = view(tiff)
  const little = startsWith(tiff, "II")
  if (!little && !startsWith(tiff, "MM")) return
  const pending: { at: number; first: boolean }[] = [{ at: data.getUint32(4, little), first: true }]
  const seen = new Set<number>()
  let entries = 0
  for (let directory = pending.pop(); directory; directory = pending.pop()) {
    if (directory.at === 0 || seen.has(directory.at)) continue
    seen.add(directory.at)
    const count = data.getUint16(directory.at, little)
    for (let i = 0; i < count; i++) {
      if (++entries > MAX_ENTRIES) return
      const at = directory.at + 2 + 12 * i
      const tag = data.getUint16(at, little)
      const meaning = MEANINGS.get(tag)
      if (meaning) exif.meanings.add(meaning)
      if (POINTERS.has(tag)) {
        const reason = POINTERS.get(tag)
        if (reason) exif.meanings.add(reason)
        pending.push({ at: data.getUint32(at + 8, little), first: false })
      }
      if (tag === 0x0112 && directory.first) {
        const value = data.getUint16(at + 8, little)
        if (value >= 1 && value <= 8) exif.orientation = value
      }
    }
    if (directory.first) {
      const next = data.getUint32(directory.at + 2 + 12 * count, little)
      if (next !== 0) {
        exif.meanings.add("thumbnail")
        pending.push({ at: next, first: false })
      }
    }
  }
}
