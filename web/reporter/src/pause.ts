// Lets a page stay alive while it computes.

const SLICE_MS = 12

/**
 * A function to be awaited between steps of a long computation. When it has run for a while it gives the browser a turn
 * to draw and to hear the person, else it returns at once: a timer for every step would cost more than the step.
 */
export function createPauser(): () => Promise<void> {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < SLICE_MS) return
    await new Promise((resume) => setTimeout(resume))
    since = performance.now()
  }
}
