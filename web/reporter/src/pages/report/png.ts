// A PNG of two tones, written by hand: a canvas gives stripes where a browser resists fingerprinting, and none of its
// time, program or place. Blocks of zlib are stored as they are, so nothing is asked of the browser.

const STORED_BYTES_MAX = 65_535
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

/** A sheet of paper: a bit for each point, set where it is white. */
export class Bitmap {
  readonly rowBytes: number
  readonly bits: Uint8Array

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.rowBytes = Math.ceil(width / 8)
    this.bits = new Uint8Array(this.rowBytes * height).fill(0xff)
  }

  blacken(x: number, y: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return
    const at = y * this.rowBytes + (x >> 3)
    this.bits[at] = (this.bits[at] ?? 0) & ~(0x80 >> (x & 7))
  }
}

/** PNG (ISO/IEC 15948), greyscale of one bit. */
export function encodePng({ width, height, rowBytes, bits }: Bitmap): Uint8Array<ArrayBuffer> {
  // Before each row stands the number of its filter, which is none.
  const rows = new Uint8Array((rowBytes + 1) * height)
  for (let row = 0; row < height; row++) rows.set(bits.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1)
  const header = [...bytesOf(width), ...bytesOf(height), 1, 0, 0, 0, 0]
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", Uint8Array.from(header)),
    chunk("IDAT", stored(rows)),
    chunk("IEND", new Uint8Array()),
  ]
  return joined(parts)
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const body = joined([Uint8Array.from(name, (letter) => letter.charCodeAt(0)), data])
  return joined([Uint8Array.from(bytesOf(data.length)), body, Uint8Array.from(bytesOf(crc32(body)))])
}

/** zlib (RFC 1950) around stored blocks (RFC 1951). */
function stored(data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x78, 0x01)]
  for (let at = 0; at < data.length; at += STORED_BYTES_MAX) {
    const block = data.subarray(at, at + STORED_BYTES_MAX)
    const isLast = at + block.length === data.length
    const { length } = block
    parts.push(Uint8Array.of(isLast ? 1 : 0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff), block)
  }
  parts.push(Uint8Array.from(bytesOf(adler32(data))))
  return joined(parts)
}

function crc32(data: Uint8Array): number {
  let rest = 0xffffffff
  for (const byte of data) {
    rest ^= byte
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0)
  }
  return ~rest >>> 0
}

function adler32(data: Uint8Array): number {
  let [low, high] = [1, 0]
  for (const byte of data) {
    low = (low + byte) % 65_521
    high = (high + low) % 65_521
  }
  return ((high << 16) | low) >>> 0
}

function bytesOf(number: number): number[] {
  return [number >>> 24, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff]
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
