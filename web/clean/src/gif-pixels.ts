// The packed pixels of one GIF picture (GIF 89a, appendix F): where they end. Only the lengths of what the codes stand for are
// followed, for these say how many pixels there are.

const MOST_CODE_BITS = 12

export class LzwEnd {
  /** How many pixels each code stands for. */
  readonly #lengths = new Uint32Array(1 << MOST_CODE_BITS)
  readonly #clear: number
  #next = 0
  #codeBits = 0
  #previous = -1
  #bits = 0
  #count = 0
  #left: number
  isBroken = false

  constructor(
    readonly rootBits: number,
    pixels: number,
  ) {
    this.#clear = 1 << rootBits
    this.#left = pixels
    this.isBroken = rootBits < 1 || rootBits > 8
    if (!this.isBroken) this.#reset()
  }

  /** Bytes at the end of what was fed that hold nothing of a pixel. */
  get unread(): number {
    return this.#left <= 0 ? this.#count >> 3 : 0
  }

  get isShort(): boolean {
    return this.#left > 0
  }

  #reset(): void {
    this.#codeBits = this.rootBits + 1
    this.#next = this.#clear + 2
    this.#previous = -1
    this.#lengths.fill(1, 0, this.#clear)
  }

  /** How many of these bytes belong to the picture: fewer than there are only when it has ended in them, or is broken. */
  feed(bytes: Uint8Array): { used: number; isEnd: boolean } {
    for (let at = 0; ;) {
      while (this.#count < this.#codeBits) {
        if (at === bytes.length) return { used: at, isEnd: false }
        this.#bits |= bytes[at++]! << this.#count
        this.#count += 8
      }
      const code = this.#bits & ((1 << this.#codeBits) - 1)
      // Behind the last pixel comes the code for the end. Readers do without, so anything else there is nothing.
      if (this.#left <= 0 && code !== this.#clear + 1) return { used: at - (this.#count >> 3), isEnd: true }
      this.#bits >>>= this.#codeBits
      this.#count -= this.#codeBits
      if (code === this.#clear + 1) return { used: at - (this.#count >> 3), isEnd: true }
      if (!this.#take(code)) {
        this.isBroken = true
        return { used: at, isEnd: true }
      }
    }
  }

  #take(code: number): boolean {
    if (code === this.#clear) {
      this.#reset()
      return true
    }
    if (this.#previous < 0 ? code >= this.#clear : code > this.#next) return false
    if (this.#previous >= 0 && this.#next < 1 << MOST_CODE_BITS) {
      this.#lengths[this.#next++] = this.#lengths[this.#previous]! + 1
      if (this.#next === 1 << this.#codeBits && this.#codeBits < MOST_CODE_BITS) this.#codeBits++
    } else if (this.#previous >= 0 && code >= this.#next) {
      return false
    }
    this.#left -= this.#lengths[code]!
    this.#previous = code
    return true
  }
}
