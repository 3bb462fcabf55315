// Parts of a file, as rows of places that neither overlap nor touch.

export type Range = [from: number, to: number]

/** In order, neighbours joined. */
export function joined(ranges: Range[]): Range[] {
  const list: Range[] = []
  for (const [from, to] of ranges.slice().sort((a, b) => a[0] - b[0])) {
    const last = list.at(-1)
    if (to <= from) continue
    if (last && last[1] >= from) last[1] = Math.max(last[1], to)
    else list.push([from, to])
  }
  return list
}

/** The parts of a range that none of the others, which are in order, covers. */
export function* gaps(from: number, to: number, covered: readonly Range[]): Generator<Range> {
  let at = from
  for (let i = firstBehind(covered, from); i < covered.length && covered[i]![0] < to; i++) {
    const [start, end] = covered[i]!
    if (start > at) yield [at, start]
    at = Math.max(at, end)
  }
  if (at < to) yield [at, to]
}

/** The first of the ranges that ends behind a place. */
function firstBehind(ranges: readonly Range[], at: number): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ranges[middle]![1] <= at) low = middle + 1
    else high = middle
  }
  return low
}
