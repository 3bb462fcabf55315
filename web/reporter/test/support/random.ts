// Randomness that can be repeated: a failing test prints its seed.

/** A small generator (mulberry32, public domain) for tests only. */
export function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function bytesFrom(random: () => number, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random() * 256)
}

/** Copies of `bytes`, each with one random change: a flipped bit, a cut, an inserted or a removed byte. */
export function* mutations(bytes: Uint8Array, count: number, seed: number): Generator<Uint8Array<ArrayBuffer>> {
  const random = generator(seed)
  for (let i = 0; i < count; i += 1) {
    const at = Math.floor(random() * bytes.length)
    switch (Math.floor(random() * 4)) {
      case 0: {
        const flipped = Uint8Array.from(bytes)
        flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(random() * 8))
        yield flipped
        break
      }
      case 1:
        yield bytes.slice(0, at)
        break
      case 2:
        yield Uint8Array.from([...bytes.subarray(0, at), random() * 256, ...bytes.subarray(at)])
        break
      default:
        yield Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1)])
    }
  }
}
