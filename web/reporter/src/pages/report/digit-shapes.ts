// Ten digits in two scripts, as strokes of a round pen on a field of 6 by 10. They are drawn here, because a font that draws them
// into a file needs a canvas, and a canvas is not to be relied on.

import type { Bitmap } from "./png"

type Point = readonly [number, number]

/** Straight from point to point, bent between its ends, or bent and closed. */
type Stroke = readonly ["straight" | "bent" | "closed", ...Point[]]

const BOWL_UP: Stroke = ["closed", [0, 0], [6, 0], [6, 6], [0, 6]]
const STEM: Stroke = ["bent", [0.6, 0], [1.6, 3.6], [1.8, 10]]

export const LATIN: readonly (readonly Stroke[])[] = [
  [["closed", [0, 0], [6, 0], [6, 10], [0, 10]]],
  [
    ["straight", [1, 2.4], [3.4, 0], [3.4, 10]],
    ["straight", [1.2, 10], [5.6, 10]],
  ],
  [
    ["bent", [0.2, 2.8], [0.2, 0], [6, 0], [6, 3], [4.4, 5.4], [0.2, 10]],
    ["straight", [0.2, 10], [6, 10]],
  ],
  [
    ["bent", [0.3, 1.8], [1, 0], [5.8, -0.2], [5.8, 4.7], [2.2, 4.7]],
    ["bent", [2.2, 4.7], [6.4, 4.7], [6.4, 10], [0.8, 10.3], [0, 8]],
  ],
  [["straight", [4.6, 10], [4.6, 0], [0, 7], [6, 7]]],
  [
    ["straight", [5.6, 0], [0.9, 0], [0.6, 4.8]],
    ["bent", [0.6, 4.8], [2, 3.4], [6.2, 3.4], [6.4, 10], [0.8, 10.4], [0, 8]],
  ],
  [
    ["closed", [0, 4], [6, 4], [6, 10], [0, 10]],
    ["bent", [5, 0.1], [1, 0.4], [0, 4.5], [0, 7]],
  ],
  [["straight", [0, 0], [6, 0], [2.2, 10]]],
  [
    ["closed", [0.5, 0], [5.5, 0], [5.5, 4.7], [0.5, 4.7]],
    ["closed", [0, 4.7], [6, 4.7], [6, 10], [0, 10]],
  ],
  [BOWL_UP, ["bent", [1, 9.9], [5, 9.6], [6, 5.5], [6, 3]]],
]

export const PERSIAN: readonly (readonly Stroke[])[] = [
  [["closed", [1.6, 4], [4.4, 4], [4.4, 6.8], [1.6, 6.8]]],
  [["bent", [2, 0], [3.4, 3.6], [3.6, 10]]],
  [STEM, ["bent", [0.6, 0], [1.4, 3.4], [5.4, 4], [5.6, 0]]],
  [STEM, ["bent", [0.6, 0], [0.9, 3.2], [3.3, 3.4], [3.3, 0.4]], ["bent", [3.3, 0.4], [3.4, 3.4], [6, 3.4], [6, 0]]],
  [STEM, ["bent", [5.6, 0.4], [2.6, -0.4], [2.2, 3.6], [6, 3.6]], ["straight", [1.4, 4.2], [4.6, 3.4]]],
  [["closed", [3, -2], [7.4, 6.4], [6, 11.4], [3, 6.6], [0, 11.4], [-1.4, 6.4]]],
  [
    ["bent", [5.4, 0.8], [3.4, -0.8], [0.4, 1], [1, 4.6], [5.4, 3.8]],
    ["bent", [5, 4], [2, 5.6], [0.6, 10]],
  ],
  [["straight", [0, 0], [3, 10], [6, 0]]],
  [["straight", [0, 10], [3, 0], [6, 10]]],
  [
    ["closed", [0.6, 0], [5, 0], [5, 4.8], [0.6, 4.8]],
    ["bent", [4.8, 2], [4.8, 6], [5.4, 10]],
  ],
]

/** Draws a digit with its field's corner at this point. `unit` is the length of one in the field, in points of the sheet. */
export function drawDigit(sheet: Bitmap, strokes: readonly Stroke[], left: number, top: number, unit: number): void {
  const pen = 0.6 * unit
  for (const [kind, ...points] of strokes) {
    const line = kind === "straight" ? points : kind === "bent" ? bent(points) : closed(points)
    const on = line.map(([x, y]): Point => [left + x * unit, top + y * unit])
    for (let at = 1; at < on.length; at++) drawLine(sheet, on[at - 1] as Point, on[at] as Point, pen)
  }
}

/** Corners cut three times over (Chaikin): a curve that keeps its ends. */
function bent(points: readonly Point[]): Point[] {
  let line = [...points]
  for (let round = 0; round < 3; round++) {
    const ends = [line[0] as Point, line.at(-1) as Point] as const
    line = [ends[0], ...cut(line).slice(1, -1), ends[1]]
  }
  return line
}

function closed(points: readonly Point[]): Point[] {
  let line = [...points]
  for (let round = 0; round < 3; round++) line = cut([...line, line[0] as Point])
  return [...line, line[0] as Point]
}

/** Each side without its quarters at both ends. */
function cut(line: readonly Point[]): Point[] {
  const points: Point[] = []
  for (let at = 1; at < line.length; at++) {
    const [[x1, y1], [x2, y2]] = [line[at - 1] as Point, line[at] as Point]
    points.push([0.75 * x1 + 0.25 * x2, 0.75 * y1 + 0.25 * y2], [0.25 * x1 + 0.75 * x2, 0.25 * y1 + 0.75 * y2])
  }
  return points
}

/** Every point of the sheet that is no further from the line than the pen is wide. */
function drawLine(sheet: Bitmap, [x1, y1]: Point, [x2, y2]: Point, pen: number): void {
  const [dx, dy] = [x2 - x1, y2 - y1]
  const square = dx * dx + dy * dy
  for (let y = Math.floor(Math.min(y1, y2) - pen); y <= Math.max(y1, y2) + pen; y++) {
    for (let x = Math.floor(Math.min(x1, x2) - pen); x <= Math.max(x1, x2) + pen; x++) {
      const along = square === 0 ? 0 : Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / square))
      if (Math.hypot(x - x1 - along * dx, y - y1 - along * dy) <= pen) sheet.blacken(x, y)
    }
  }
}
