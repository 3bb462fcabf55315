// CRC-32 as ZIP and PNG have it (ISO/IEC 3309, reflected) and as Ogg has it (RFC 3533: same polynomial, not
// reflected, starts from zero).

const REFLECTED = table(
  0xedb88320,
  (c, p) => (c & 1 ? p ^ (c >>> 1) : c >>> 1),
  (n) => n,
)
const PLAIN = table(
  0x04c11db7,
  (c, p) => (c & 0x80000000 ? p ^ (c << 1) : c << 1),
  (n) => n << 24,
)

/** `before` is the result for the bytes that come before these. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before
  for (let at = 0; at < bytes.length; at++) crc = REFLECTED[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

/** The four bytes at `blankAt`, where the checksum itself stands, count as zeros. */
export function oggCrc32(bytes: Uint8Array, blankAt: number): number {
  let crc = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = at >= blankAt && at < blankAt + 4 ? 0 : bytes[at]!
    crc = PLAIN[((crc >>> 24) ^ byte) & 0xff]! ^ (crc << 8)
  }
  return crc >>> 0
}

function table(polynomial: number, step: (c: number, p: number) => number, start: (n: number) => number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, n) => {
    let c = start(n)
    for (let bit = 0; bit < 8; bit++) c = step(c, polynomial)
    return c >>> 0
  })
}
