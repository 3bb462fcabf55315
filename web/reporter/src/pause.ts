// Lets a page stay alive while it computes.

const SLICE_MS = 12

/**
 * A function to be awaited between steps of a long computation. When it has run for a while it gives the browser a turn
 * to draw and to hear the person, else it returns at once: a turn for every step would cost more than the step.
 */
export function createPauser(): () => Promise<void> {
  let since = performance.now()
  return async () => {
    const tookMs = performance.now() - since
    // A clock that stands still is one that is coarse on purpose, and would let 100 ms pass unseen.
    if (tookMs > 0 && tookMs < SLICE_MS) return
    await turn()
    since = performance.now()
  }
}

/** By a message to oneself: timers that follow each other are held back, by 4 ms in front and by a second in the background. */
function turn(): Promise<void> {
  return new Promise((resume) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resume()
    }
    port2.postMessage(null)
  })
}
