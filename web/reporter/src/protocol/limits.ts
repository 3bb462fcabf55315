// The bounds of a message, and every length of it once it is sealed: size classes, Padmé, and how far an archive is filled
// so that the sealed blob ends on its class (PROTOCOL 2.4). Arithmetic on numbers, never on 32 bits: lengths may pass 2³¹.
// The bounds of the office profile stand in profile.ts: a page that only shows the office loads no more than that.

export const MESSAGE_BYTES_MAX = 1_048_576
export const SEAL_BYTES_MAX = 65_536
export const FILES_MAX = 99
export const LEFT_OUT_MAX = 12
export const ANSWERS_MAX = 64
export const FILE_NAME_BYTES_MAX = 255
/** What ustar's octal digits can say. */
export const FILE_BYTES_MAX = 2 ** 33 - 1

/** What a message without files always is, sealed. */
export const TEXT_SEALED_BYTES = 32_768
export const FIXED_CLASSES = [TEXT_SEALED_BYTES, 131_072, 524_288, 2_097_152] as const
/** The largest blob there is; itself a size class. */
export const SEALED_BYTES_MAX = 268_435_456

/** age's STREAM: a 16-byte nonce, then chunks of 64 KiB, each with a 16-byte tag. */
const NONCE_BYTES = 16
const CHUNK_BYTES = 65_536
const TAG_BYTES = 16

/** How long an archive is made and what size the sealed blob then has. */
export interface Plan {
  archiveBytes: number
  sealedBytes: number
}

/** Length of an age header with so many hybrid stanzas and no other. */
export function headerBytes(stanzas: number): number {
  return 70 + 1557 * stanzas
}

/** sealed(n) = h + 16 + n + 16 × max(1, ⌈n / 65,536⌉) */
export function sealedBytes(headerBytes: number, archiveBytes: number): number {
  return headerBytes + NONCE_BYTES + archiveBytes + TAG_BYTES * Math.max(1, Math.ceil(archiveBytes / CHUNK_BYTES))
}

/** The smallest size class in which an archive of at least so many bytes fits exactly; undefined when none is left. */
export function planArchive(headerBytes: number, leastArchiveBytes: number): Plan | undefined {
  for (let size = sizeClass(sealedBytes(headerBytes, leastArchiveBytes)); size !== undefined; size = sizeClass(size + 1)) {
    const archiveBytes = archiveBytesIn(headerBytes, size)
    if (archiveBytes !== undefined && archiveBytes >= leastArchiveBytes) return { archiveBytes, sealedBytes: size }
  }
  return undefined
}

/**
 * The archive whose sealed blob has exactly this size. There is none for sizes that would need an empty last chunk,
 * which STREAM does not have.
 */
export function archiveBytesIn(headerBytes: number, sealedSize: number): number | undefined {
  const stream = sealedSize - headerBytes - NONCE_BYTES
  const chunks = Math.max(1, Math.ceil(stream / (CHUNK_BYTES + TAG_BYTES)))
  const archiveBytes = stream - TAG_BYTES * chunks
  return archiveBytes >= 0 && sealedBytes(headerBytes, archiveBytes) === sealedSize ? archiveBytes : undefined
}

/** The smallest size class of at least so many bytes. */
export function sizeClass(bytes: number): number | undefined {
  const size = FIXED_CLASSES.find((fixed) => fixed >= bytes) ?? padme(bytes)
  return size <= SEALED_BYTES_MAX ? size : undefined
}

export function isSizeClass(bytes: number): boolean {
  return sizeClass(bytes) === bytes
}

/**
 * Padmé: with E = ⌊log₂ L⌋ and S = ⌊log₂ E⌋ + 1, L rounded up to a multiple of 2^(E − S). Nikitin, Barman, Lueks,
 * Underwood, Hubaux, Ford: "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PETS 2019.
 */
export function padme(bytes: number): number {
  const exponent = floorLog2(bytes)
  const unit = 2 ** (exponent - floorLog2(exponent) - 1)
  return Math.ceil(bytes / unit) * unit
}

/** Math.log2 rounds up just below the larger powers of two; halving does not. */
function floorLog2(value: number): number {
  let log = 0
  while (2 ** (log + 1) <= value) log += 1
  return log
}
