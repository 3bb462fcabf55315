// Recordings full of canaries, for the tests: FFmpeg makes the sound and the picture, these functions hang metadata into them.

import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after } from "node:test"

const folder = mkdtempSync(join(tmpdir(), "clean-recordings-"))
after(() => rmSync(folder, { recursive: true, force: true }))

const PICTURE = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=2"]
const SOUND = ["-f", "lavfi", "-i", "sine=300:duration=2"]
const made = new Map<string, Buffer>()

/** A recording of a test card, a tone or both, by what FFmpeg is to do with them. */
export function record(what: "picture" | "sound" | "both", extension: string, ...args: string[]): Buffer {
  const key = [what, extension, ...args].join(" ")
  const known = made.get(key)
  if (known) return Buffer.from(known)
  const path = join(folder, `made.${extension}`)
  const inputs = [...(what === "sound" ? [] : PICTURE), ...(what === "picture" ? [] : SOUND)]
  const { status, stderr, error } = spawnSync("ffmpeg", ["-v", "error", "-y", ...inputs, ...args, path])
  assert.equal(error, undefined, "ffmpeg is needed for this test; tools/install.sh installs it")
  assert.equal(status, 0, stderr.toString())
  const bytes = readFileSync(path)
  made.set(key, bytes)
  return Buffer.from(bytes)
}

/** The films and sounds of all codecs that are known inside, by name. */
export const films: Record<string, () => Buffer> = {
  "h264.mp4": () => record("both", "mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", ...canaries),
  "h264.mov": () => record("both", "mov", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le", ...canaries),
  "faststart.mp4": () => record("both", "mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "faststart", ...canaries),
  "fragments.mp4": () => record("both", "mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "5", "-movflags", FRAGMENTS, ...canaries),
  "dash.mp4": () => record("both", "mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "dash+frag_keyframe", ...canaries),
  "hevc.mp4": () => record("picture", "mp4", "-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1", ...canaries),
  "av1.mp4": () => record("picture", "mp4", "-c:v", "libaom-av1", "-cpu-used", "8", ...canaries),
  "mpeg4.mp4": () => record("both", "mp4", "-c:v", "mpeg4", "-c:a", "mp3", ...canaries),
  "mjpeg.mov": () => record("both", "mov", "-c:v", "mjpeg", "-c:a", "alac", ...canaries),
  "flac.mp4": () => record("sound", "mp4", "-c:a", "flac", "-strict", "-2", ...canaries),
  "opus.mp4": () => record("sound", "mp4", "-c:a", "libopus", ...canaries),
  "phone.3gp": () => record("both", "3gp", "-c:v", "h263", "-s", "128x96", "-c:a", "aac", ...canaries),
  "vp8.webm": () => record("both", "webm", "-c:v", "libvpx", "-c:a", "libopus", ...canaries),
  "vp9.webm": () => record("both", "webm", "-c:v", "libvpx-vp9", "-c:a", "libvorbis", ...canaries),
  "live.webm": () => withoutLengths(record("both", "webm", "-c:v", "libvpx", "-c:a", "libopus", "-live", "1", ...canaries)),
  "av1.webm": () => record("picture", "webm", "-c:v", "libaom-av1", "-cpu-used", "8", ...canaries),
  "h264.mkv": () => record("both", "mkv", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "flac", ...canaries),
  "hevc.mkv": () => record("both", "mkv", "-c:v", "libx265", "-x265-params", "log-level=none", "-c:a", "aac", ...canaries),
  "mpeg4.mkv": () => record("both", "mkv", "-c:v", "mpeg4", "-c:a", "pcm_s16le", ...canaries),
  "mjpeg.mkv": () => record("both", "mkv", "-c:v", "mjpeg", "-c:a", "mp3", ...canaries),
  "theora.mkv": () => record("both", "mkv", "-c:v", "libtheora", "-c:a", "libvorbis", ...canaries),
  "mjpeg.avi": () => record("both", "avi", "-c:v", "mjpeg", "-c:a", "pcm_s16le", ...canaries),
  "mpeg4.avi": () => record("both", "avi", "-c:v", "mpeg4", "-c:a", "mp3", ...canaries),
  "h264.avi": () => record("both", "avi", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "mp3", ...canaries),
  "sound.webm": () => record("sound", "webm", "-c:a", "libopus", ...canaries),
}
const FRAGMENTS = "frag_keyframe+empty_moov+default_base_moof"
// prettier-ignore
const canaries = [
  "-metadata", "title=CANARY", "-metadata", "artist=CANARY", "-metadata", "comment=CANARY", "-metadata", "creation_time=2024-05-06T11:22:33Z",
  "-metadata:s:0", "title=CANARY", "-metadata:s:0", "handler_name=CANARY", "-metadata:s:0", "language=fas",
]

// ---- tags

export function id3v1(): Buffer {
  const tag = Buffer.alloc(128)
  tag.write("TAGCANARY TITLE")
  return tag
}

export function id3v2(text = "TPE1CANARY"): Buffer {
  return Buffer.concat([Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, text.length]), Buffer.from(text)])
}

/** ID3v2 at an end says so with a footer, by which it is found from behind. */
export function id3v2Footer(): Buffer {
  const text = Buffer.from("TPE1CANARY")
  const head = Buffer.from([0x49, 0x44, 0x33, 4, 0, 0x10, 0, 0, 0, text.length])
  const foot = Buffer.from(head)
  foot.write("3DI")
  return Buffer.concat([head, text, foot])
}

export function ape(hasHeader = true): Buffer {
  const value = Buffer.from("CANARY-PERSON")
  const item = Buffer.concat([words("<", value.length, 0), Buffer.from("Artist\0"), value])
  const block = (flags: number): Buffer => Buffer.concat([Buffer.from("APETAGEX"), words("<", 2000, item.length + 32, 1, flags, 0, 0)])
  return Buffer.concat([...(hasHeader ? [block(0xa0000000)] : []), item, block(hasHeader ? 0x80000000 : 0)])
}

export function lyrics(): Buffer {
  const text = "LYRICSBEGININD00003110LYR00012CANARY WORDS"
  return Buffer.from(`${text}${String(text.length).padStart(6, "0")}LYRICS200`)
}

export const tags: Record<string, () => Buffer> = {
  ID3v1: id3v1,
  "Lyrics3 of a wrong length": () => Buffer.from("LYRICSBEGININD00003110LYR00012CANARY WORDS004444LYRICS200"),
  "ID3v2 with a footer": id3v2Footer,
  APEv2: ape,
  "APEv2 without a header": () => ape(false),
  Lyrics3: lyrics,
  "all of them": () => Buffer.concat([id3v2Footer(), lyrics(), ape(), id3v1()]),
}

// ---- MP4

export function box(type: string, ...content: (Uint8Array | string)[]): Buffer {
  const body = Buffer.concat(content.map((piece) => (typeof piece === "string" ? Buffer.from(piece, "latin1") : piece)))
  return Buffer.concat([words(">", body.length + 8), Buffer.from(type, "latin1"), body])
}

export interface BoxAt {
  path: string
  start: number
  end: number
}

/** Where the boxes inside a box begin, for those that hold any. */
// prettier-ignore
const INNER: Record<string, number> = {
  moov: 0, trak: 0, mdia: 0, minf: 0, stbl: 0, dinf: 0, edts: 0, mvex: 0, moof: 0, traf: 0, mfra: 0, udta: 0, tapt: 0, gmhd: 0, dref: 8, stsd: 8,
  avc1: 78, hvc1: 78, av01: 78, mp4v: 78, "jpeg": 78, mp4a: 28,
}

/** All boxes of a film, by their paths. */
export function boxesOf(film: Buffer, from = 0, to = film.length, path = ""): BoxAt[] {
  const list: BoxAt[] = []
  for (let at = from; at + 8 <= to;) {
    const size = film.readUInt32BE(at)
    const type = film.toString("latin1", at + 4, at + 8)
    if (size < 8 || at + size > to) break
    list.push({ path: `${path}/${type}`, start: at, end: at + size })
    const inner = INNER[type]
    if (inner !== undefined) list.push(...boxesOf(film, at + 8 + inner, at + size, `${path}/${type}`))
    at += size
  }
  return list
}

/** A film with something put into one of its boxes, the lengths around and the places of the samples put right. */
export function insertInto(film: Buffer, path: string, content: Buffer): Buffer {
  const all = boxesOf(film)
  const target = all.find((found) => found.path === path)!
  assert.ok(target, `the film has no ${path}`)
  const mended = Buffer.concat([film.subarray(0, target.end), content, film.subarray(target.end)])
  for (const around of all) {
    if (
      path === around.path
        ? around === target
        : path.startsWith(`${around.path}/`) && around.start <= target.start && around.end >= target.end
    )
      mended.writeUInt32BE(around.end - around.start + content.length, around.start)
  }
  return moveSamples(mended, target.end, content.length)
}

/** Adds to every place of a sample that lies behind another. */
export function moveSamples(film: Buffer, behind: number, by: number): Buffer {
  for (const { path, start } of boxesOf(film)) {
    if (!path.endsWith("/stco")) continue
    for (let i = 0; i < film.readUInt32BE(start + 12); i++) {
      const at = start + 16 + 4 * i
      if (film.readUInt32BE(at) >= behind) film.writeUInt32BE(film.readUInt32BE(at) + by, at)
    }
  }
  return film
}

/** A length-prefixed unit of H.264 or H.265 with messages of these kinds. */
export function sei(head: number[], ...messages: [type: number, payload: Buffer][]): Buffer {
  const rbsp = Buffer.concat([
    ...messages.flatMap(([type, payload]) => [Buffer.from([...ones(type), ...ones(payload.length)]), payload]),
    Buffer.from([0x80]),
  ])
  const bytes: number[] = []
  for (const byte of rbsp) {
    if (byte <= 3 && bytes.at(-1) === 0 && bytes.at(-2) === 0) bytes.push(3)
    bytes.push(byte)
  }
  const unit = Buffer.from([...head, ...bytes])
  return Buffer.concat([words(">", unit.length), unit])
}

function ones(value: number): number[] {
  return [...Array.from({ length: Math.floor(value / 255) }, () => 0xff), value % 255]
}

/** Puts a unit before the first one of the first picture, which has to come last in the file, and makes its sample longer. */
export function beforeFirstPicture(film: Buffer, unit: Buffer): Buffer {
  const stco = boxesOf(film).find(({ path }) => path.endsWith("/stco"))!
  const stsz = boxesOf(film).find(({ path }) => path.endsWith("/stsz"))!
  const at = film.readUInt32BE(stco.start + 16)
  const mended = Buffer.concat([film.subarray(0, at), unit, film.subarray(at)])
  const mdat = boxesOf(film).find(({ path }) => path === "/mdat")!
  mended.writeUInt32BE(mdat.end - mdat.start + unit.length, mdat.start)
  const moved = moveSamples(Buffer.from(mended), at + 1, unit.length)
  assert.ok(stco.start < at, "the index comes first")
  moved.writeUInt32BE(moved.readUInt32BE(stsz.start + 20) + unit.length, stsz.start + 20)
  return moved
}

// ---- Matroska

/** As browsers record: neither the segment nor its clusters say how long they are. */
function withoutLengths(film: Buffer): Buffer {
  const mark = Buffer.from("1f43b675", "hex")
  const pieces: Buffer[] = []
  let at = 0
  for (let next = film.indexOf(mark); next >= 0; next = film.indexOf(mark, at)) {
    pieces.push(film.subarray(at, next + 4), Buffer.from("01ffffffffffffff", "hex"))
    at = next + 4 + (Math.clz32(film[next + 4]!) - 23)
  }
  return Buffer.concat([...pieces, film.subarray(at)])
}

/** An element; its length in one byte, or in eight. */
export function element(id: number, ...content: (Uint8Array | string)[]): Buffer {
  const body = Buffer.concat(content.map((piece) => (typeof piece === "string" ? Buffer.from(piece, "latin1") : piece)))
  const name = Buffer.from(id.toString(16).padStart(id > 0xffff ? (id > 0xffffff ? 8 : 6) : id > 0xff ? 4 : 2, "0"), "hex")
  const length = Buffer.alloc(8)
  length.writeUInt32BE(body.length, 4)
  length[0] = 1
  return Buffer.concat([name, body.length < 127 ? Buffer.from([0x80 | body.length]) : length, body])
}

export function words(order: "<" | ">", ...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => (order === "<" ? bytes.writeUInt32LE(value >>> 0, 4 * i) : bytes.writeUInt32BE(value >>> 0, 4 * i)))
  return bytes
}

/** Writes the canary over every place of a file in turn, and gives those that it survived at. */
export async function survivors(bytes: Buffer, places: Iterable<number>, isKept: (variant: Buffer) => Promise<boolean>): Promise<number[]> {
  const list: number[] = []
  for (const at of places) {
    const variant = Buffer.from(bytes)
    variant.write("CANARY", at, "latin1")
    if (await isKept(variant)) list.push(at)
  }
  return list
}
