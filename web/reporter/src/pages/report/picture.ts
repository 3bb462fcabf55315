// The code as a picture: dark digits on white, two lines of four groups, and not a word beside them. Under each group a Persian
// page repeats it small in Persian digits.

import { drawDigit, LATIN, PERSIAN } from "./digit-shapes"
import { Bitmap, encodePng } from "./png"

const WIDTH = 1232
const MARGIN = 100
const LINE_GROUPS = 4
const LARGE = { unit: 7, pitch: 60 }
const SMALL = { unit: 2.6, pitch: 24 }
/** From the beginning of a group to that of the next. */
const GROUP_PITCH = 266
const LINE_HEIGHT = { plain: 130, doubled: 178 }

/** A file in PNG. The groups are ASCII digits. */
export function picture(groups: readonly string[], withPersian: boolean): Blob {
  const lineHeight = withPersian ? LINE_HEIGHT.doubled : LINE_HEIGHT.plain
  const sheet = new Bitmap(WIDTH, 2 * MARGIN + 2 * lineHeight - 40)
  for (const [index, group] of groups.entries()) {
    const left = MARGIN + 6 + (index % LINE_GROUPS) * GROUP_PITCH
    const top = MARGIN + Math.floor(index / LINE_GROUPS) * lineHeight
    for (const [place, digit] of [...group].entries()) {
      drawDigit(sheet, LATIN[Number(digit)] ?? [], left + place * LARGE.pitch, top, LARGE.unit)
      if (withPersian)
        drawDigit(sheet, PERSIAN[Number(digit)] ?? [], left + 64 + place * SMALL.pitch, top + 10 * LARGE.unit + 28, SMALL.unit)
    }
  }
  return new Blob([encodePng(sheet)], { type: "image/png" })
}
