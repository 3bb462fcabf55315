// Where a mark may end. Behind it stands its reason, unseen, and parts what is before from what is behind: of a time such as
// ۱۰:۳۰ that is cut in two, a page from right to left shows the halves the other way round.

interface Stretch {
  readonly start: number
  readonly end: number
}

/** The stretches in their order, none ending inside a number and none beginning before the one before it has ended. */
export function wholeNumbers<T extends Stretch>(words: string, stretches: readonly T[]): T[] {
  const whole: T[] = []
  let last = 0
  for (const stretch of stretches) {
    const start = Math.max(stretch.start, last)
    if (start >= stretch.end) continue
    last = stretch.end + (REST_OF_NUMBER.exec(words.slice(stretch.end - 1))?.[1]?.length ?? 0)
    whole.push({ ...stretch, start, end: last })
  }
  return whole
}

const REST_OF_NUMBER = /^\p{Nd}((?:[:.,/٫٬-]?\p{Nd})+)/u
