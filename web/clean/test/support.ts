// What the tests of clean() share: fixtures, real tools to look at the results with, and readers and writers of our own that
// have nothing in common with the code under test.

import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after } from "node:test"
import { deflateRawSync, inflateRawSync } from "node:zlib"
import { clean, type Cleaned } from "../src/clean"

export const CANARY = "CANARY"

const folder = mkdtempSync(join(tmpdir(), "clean-test-"))
after(() => rmSync(folder, { recursive: true, force: true }))

export interface Result extends Cleaned {
  bytes: Buffer
}

export async function cleanBytes(bytes: Uint8Array, name = "IMG_CANARY.bin"): Promise<Result> {
  const result = await clean(new Blob([bytes as BlobPart]), name)
  return { ...result, bytes: Buffer.from(await result.blob.arrayBuffer()) }
}

export function fixture(name: string): Buffer {
  return readFileSync(join(WEB_FOLDER, "clean/test/fixtures", name))
}

export function fixtures(): string[] {
  return readdirSync(join(WEB_FOLDER, "clean/test/fixtures"))
    .filter((name) => !name.endsWith(".md"))
    .sort()
}

// ---- real tools

/** Runs a tool on a file with this content; gives what it prints. */
export function tool(command: string, args: string[], bytes?: Uint8Array, name = "in"): string {
  return toolBytes(command, args, bytes, name).toString()
}

export function toolBytes(command: string, args: string[], bytes?: Uint8Array, name = "in"): Buffer {
  const path = join(folder, name)
  if (bytes) writeFileSync(path, bytes)
  const { status, stdout, stderr, error } = spawnSync(
    command,
    args.map((arg) => arg.replaceAll("{}", path)),
    { maxBuffer: 1 << 28 },
  )
  assert.equal(error, undefined, `${command} is needed for this test; tools/install.sh installs it`)
  assert.equal(status, 0, `${command}: ${stderr.toString()}`)
  return stdout
}

/** All that exiftool can read, but for what it says of the file on our own disk. */
export function exif(bytes: Uint8Array): Record<string, unknown> {
  const [tags] = JSON.parse(tool("exiftool", ["-j", "-a", "-u", "-G1", "-ee", "{}"], bytes, "exif")) as Record<string, unknown>[]
  return Object.fromEntries(Object.entries(tags!).filter(([key]) => !/^(?:SourceFile$|System:|ExifTool:|File:|Composite:)/.test(key)))
}

/** Writes metadata into a file with exiftool. */
export function withTags(bytes: Uint8Array, extension: string, ...args: string[]): Buffer {
  const name = `tagged.${extension}`
  tool("exiftool", ["-q", "-m", "-overwrite_original", ...args, "{}"], bytes, name)
  return readFileSync(join(folder, name))
}

export function picture(...args: string[]): Buffer {
  return toolBytes("convert", args)
}

/** The decoded pixels. Orientation is not applied. */
export function pixels(bytes: Uint8Array, extension: string): Buffer {
  return toolBytes("convert", ["{}", "-depth", "8", "rgba:-"], bytes, `pixels.${extension}`)
}

/** The pixels of a file that may be broken, or null where an ordinary reader gives up. Its warnings are of no interest. */
export function pixelsIfReadable(bytes: Uint8Array, extension: string): Buffer | null {
  const path = join(folder, `readable.${extension}`)
  writeFileSync(path, bytes)
  const { status, stdout, error } = spawnSync("convert", [path, "-depth", "8", "rgba:-"], { maxBuffer: 1 << 28 })
  assert.equal(error, undefined, "convert is needed for this test; tools/install.sh installs it")
  return status === 0 && stdout.length > 0 ? stdout : null
}

/** A digest of the pixels of each of many files, by one process; nothing for those that an ordinary reader gives up on. */
function digests(files: readonly Uint8Array[], extension: string): (string | undefined)[] {
  const names = files.map((bytes, i) => {
    const name = `many-${i}.${extension}`
    writeFileSync(join(folder, name), bytes)
    return name
  })
  const found = new Map<string, string>()
  for (let i = 0; i < names.length; i += 100) {
    const { stdout, error } = spawnSync("identify", ["-quiet", "-format", "%f %wx%h %#\n", ...names.slice(i, i + 100)], { cwd: folder })
    assert.equal(error, undefined, "identify is needed for this test; tools/install.sh installs it")
    for (const line of stdout.toString().split("\n")) {
      const [name = "", ...digest] = line.split(" ")
      // The second is the digest of no pixels at all.
      if (!digest.includes("") && !line.includes("e3b0c44298fc1c149afbf4c8996fb924"))
        found.set(name, (found.get(name) ?? "") + digest.join(" "))
    }
  }
  for (const name of names) rmSync(join(folder, name))
  return names.map((name) => found.get(name))
}

/**
 * What is true of the copy of any file that an ordinary reader opens: the same pixels, and no canary; or it is said that the file
 * could not be looked through. Gives how many were opened, so that a test can count.
 */
export async function assertSameAndClean(
  variants: readonly (readonly [what: string, bytes: Buffer])[],
  extension: string,
): Promise<number> {
  const results: Result[] = []
  for (const [, bytes] of variants) results.push(await cleanBytes(bytes, `x.${extension}`))
  const before = digests(
    variants.map(([, bytes]) => bytes),
    extension,
  )
  const now = digests(
    results.map(({ bytes }) => bytes),
    extension,
  )
  for (const [i, { outcome, remains, bytes }] of results.entries()) {
    const what = variants[i]![0]
    if (before[i] !== undefined) assert.equal(now[i], before[i], `${what}: other pixels (${outcome})`)
    if (before[i] !== undefined) assert.notEqual(outcome, "damaged", what)
    const isSaid = outcome === "not-possible" || outcome === "damaged" || remains.includes("unread-part")
    if (!isSaid) assert.deepEqual(canaries(bytes), [], what)
  }
  return before.filter((digest) => digest !== undefined).length
}

/** The first two pages as a viewer draws them. */
export function pages(pdf: Uint8Array): Buffer {
  return toolBytes("pdftoppm", ["-r", "40", "-l", "2", "{}"], pdf, "pages.pdf")
}

/** Decoded sound and picture, as a digest. */
export function decoded(bytes: Uint8Array, extension: string): string {
  return tool("ffmpeg", ["-v", "error", "-i", "{}", "-map", "0:V?", "-map", "0:a?", "-f", "md5", "-"], bytes, `decoded.${extension}`)
}

// ---- assertions

/** The canary must be in what went in, or the test tests nothing, and nowhere in what came out, packed parts included. */
export function assertNoCanary(before: Uint8Array, after: Uint8Array): void {
  assert.ok(canaries(before).length > 0, "no canary in the original")
  assert.deepEqual(canaries(after), [])
}

function canaries(bytes: Uint8Array, path = ""): string[] {
  const buffer = Buffer.from(bytes)
  const spellings = [Buffer.from(CANARY), Buffer.from(CANARY, "utf16le"), Buffer.from(CANARY, "utf16le").swap16()]
  const found = spellings.some((spelling) => buffer.includes(spelling)) ? [path || "the file itself"] : []
  if (buffer.subarray(0, 4).equals(Buffer.from("PK\x03\x04"))) {
    for (const [name, part] of unzip(buffer)) {
      if (name.includes(CANARY)) found.push(`the name ${name}`)
      found.push(...canaries(part, `${path}/${name}`))
    }
  }
  return found
}

/** A second cleaning finds nothing to remove and changes not a byte. */
export async function assertStable(result: Result): Promise<void> {
  const again = await cleanBytes(result.bytes)
  assert.deepEqual(again.removed, [])
  assert.ok(again.outcome === "nothing-found" || again.outcome === "partly", again.outcome)
  assert.deepEqual(again.remains.sort(), result.remains.sort())
  assert.ok(again.bytes.equals(result.bytes), "the second cleaning changed the file")
}

// ---- ZIP

export type Parts = Map<string, Buffer>

/** A plain writer: every entry deflated, with the date and the owner that ordinary tools leave. */
export function zip(parts: Record<string, string | Uint8Array>, options: { stored?: string[]; comment?: string } = {}): Buffer {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(parts)) {
    const data = Buffer.from(content as Uint8Array)
    const isStored = options.stored?.includes(name) ?? false
    const packed = isStored ? data : deflateRawSync(data)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(isStored ? 0 : 8, 4)
    common.writeUInt16LE(0x6b2f, 6)
    common.writeUInt16LE(0x5822, 8)
    common.writeUInt32LE(checksum(data), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(data.length, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    locals.push(Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed)
    centrals.push(Buffer.from("PK\x01\x02\x14\x03", "latin1"), common, tail(offset), Buffer.from(name))
    offset += 30 + Buffer.byteLength(name) + packed.length
  }
  const directory = Buffer.concat(centrals)
  const comment = Buffer.from(options.comment ?? "")
  const end = Buffer.alloc(22)
  end.write("PK\x05\x06", "latin1")
  end.writeUInt16LE(Object.keys(parts).length, 8)
  end.writeUInt16LE(Object.keys(parts).length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([...locals, directory, end, comment])
}

/** Comment length, disk, attributes and place of an entry of the directory. */
function tail(offset: number): Buffer {
  const bytes = Buffer.alloc(14)
  bytes.writeUInt32LE(0o100644 * 0x10000, 6)
  bytes.writeUInt32LE(offset, 10)
  return bytes
}

export function unzip(bytes: Buffer): Parts {
  const parts: Parts = new Map()
  const end = bytes.lastIndexOf("PK\x05\x06")
  let at = bytes.readUInt32LE(end + 16)
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [nameLength, extra, comment] = [bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32)]
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength)
    const local = bytes.readUInt32LE(at + 42)
    assert.equal(bytes.toString("latin1", local, local + 4), "PK\x03\x04")
    const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    const packed = bytes.subarray(from, from + bytes.readUInt32LE(at + 20))
    const data = bytes.readUInt16LE(at + 10) === 8 ? inflateRawSync(packed) : packed
    assert.equal(checksum(data), bytes.readUInt32LE(at + 16), `checksum of ${name}`)
    parts.set(name, data)
    at += 46 + nameLength + extra + comment
  }
  return parts
}

function checksum(data: Uint8Array): number {
  let crc = ~0
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
