// Takes out of a file what says who made it, where, when and with what, before the file is sealed. Runs in the reporter's
// browser, on what a phone holds, without a library. Every cleaner is total: a file that it does not understand comes back
// as it was, and the answer says so.
//
// What no cleaner here takes out, and the page has to say: what a picture shows and a recording says; how a certain camera or
// microphone draws it (sensor noise, compression tables, the voice); what an encoder weaves into coded sound; wording and
// spacing that differ from copy to copy.

import { type Cleaned, Findings, NotPossible, type Outcome, type Reason, type Removed } from "./cleaned"
import { detect, extensionOf, type Kind } from "./detect"
import { cleanAvi } from "./avi"
import { cleanFlac } from "./flac"
import { ADTS_FRAME, cleanAmr, cleanFrames, MP3_FRAME } from "./frames"
import { cleanGif } from "./gif"
import { cleanHeif } from "./heif"
import { Budget } from "./inflate"
import { cleanJpeg } from "./jpeg"
import { cleanMatroska, type MatroskaKind } from "./matroska"
import { cleanMp4, type Mp4Kind } from "./mp4"
import { cleanOdf, odfKind } from "./odf"
import { cleanOgg } from "./ogg"
import type { Nested } from "./nested"
import { cleanOoxml, ooxmlKind } from "./ooxml"
import { brokenZip, packageKind } from "./passed-on"
import { cleanPdf } from "./pdf"
import { cleanPng } from "./png"
import { seenIn } from "./seen"
import { type Output, Source } from "./source"
import { cleanTiff } from "./tiff"
import { cleanWav } from "./wav"
import { cleanWebp } from "./webp"
import { readZip } from "./zip"

export type { Cleaned, Format, Outcome, Reason, Remains, Removed } from "./cleaned"

/** The profile's own limit is 200 MiB in all; beyond this a phone's browser would give up anyway. */
const MAX_FILE_BYTES = 1024 * 1024 * 1024
/** All that may be unpacked for one file, documents inside documents included. */
const MAX_UNPACKED_BYTES = 384 * 1024 * 1024
const MAX_DEPTH = 3

/**
 * Cleans one file. Never rejects. `name` is looked at only to choose an extension for a format that is passed on untouched.
 */
export async function clean(file: Blob, name: string): Promise<Cleaned> {
  return cleanAt(file, name, new Budget(MAX_UNPACKED_BYTES), 0)
}

async function cleanAt(file: Blob, name: string, budget: Budget, depth: number): Promise<Cleaned> {
  const found = new Findings()
  let kind: Kind = { format: "other", type: "application/octet-stream", extension: "bin" }
  const answer = (outcome: Outcome, reason: Reason | null, output?: Output, seen: Removed[] = []): Cleaned => {
    const isUntouched = outcome === "not-possible" || outcome === "damaged"
    const blob = output?.blob() ?? file
    return {
      blob: blob.slice(0, blob.size, kind.type),
      type: kind.type,
      extension: extensionOf(name, kind),
      format: kind.format === "zip" ? "other" : kind.format,
      removed: isUntouched ? [] : [...found.removed],
      remains: isUntouched ? [] : [...found.remains],
      seen,
      outcome,
      reason,
    }
  }
  try {
    const source = new Source(file)
    if (file.size === 0) throw new NotPossible("empty")
    if (file.size > MAX_FILE_BYTES) throw new NotPossible("too-large")
    kind = await detect(source)
    const nested: Nested = {
      budget,
      clean: (inner) => {
        if (depth + 1 > MAX_DEPTH) throw new NotPossible("too-complex")
        return cleanAt(inner, "", budget, depth + 1)
      },
    }
    const output = await cleanBy(kind, source, found, nested, (changed) => (kind = changed))
    if (found.removed.size === 0) return answer(found.remains.size === 0 ? "nothing-found" : "partly", null)
    return answer(found.remains.size === 0 ? "cleaned" : "partly", null, output)
  } catch (error) {
    // It goes out as it is: what lies open in it is named before the person decides.
    const seen = depth === 0 ? await seenIn(new Source(file)) : []
    if (error instanceof NotPossible) return answer("not-possible", error.reason, undefined, seen)
    // What a cleaner did not foresee (an index outside an array, say) is a file that breaks its format's rules.
    return answer("damaged", null, undefined, seen)
  }
}

async function cleanBy(kind: Kind, source: Source, found: Findings, nested: Nested, set: (kind: Kind) => void): Promise<Output> {
  // prettier-ignore
  switch (kind.format) {
    case "jpeg": return cleanJpeg(source, found)
    case "png": return cleanPng(source, found, nested.budget)
    case "gif": return cleanGif(source, found)
    case "tiff": return cleanTiff(source, found, nested.budget)
    case "webp": return cleanWebp(source, found)
    case "heic": case "avif": return cleanHeif(source, found)
    case "mp3": return cleanFrames(source, found, MP3_FRAME)
    case "aac": return cleanFrames(source, found, ADTS_FRAME)
    case "amr": return cleanAmr(source, found)
    case "ogg": return cleanOgg(source, found)
    case "wav": return cleanWav(source, found)
    case "flac": return cleanFlac(source, found)
    case "pdf": return cleanPdf(source, found, nested)
    case "mp4": {
      const tracks: Mp4Kind = { hasVideo: false }
      const output = await cleanMp4(source, found, tracks)
      if (!tracks.hasVideo && kind.type.startsWith("video/")) {
        set(kind.extension === "3gp" ? { ...kind, type: "audio/3gpp" } : { ...kind, type: "audio/mp4", extension: "m4a" })
      }
      return output
    }
    case "avi": return cleanAvi(source, found)
    case "matroska": {
      const tracks: MatroskaKind = { isWebm: true, hasVideo: false }
      const output = await cleanMatroska(source, found, tracks)
      const extension = tracks.isWebm ? "webm" : tracks.hasVideo ? "mkv" : "mka"
      set({ ...kind, type: `${tracks.hasVideo ? "video" : "audio"}/${tracks.isWebm ? "webm" : "x-matroska"}`, extension })
      return output
    }
    case "zip": {
      set({ format: "other", ...brokenZip(await source.peek(0, 4096)) })
      const zip = await readZip(source)
      const office = await ooxmlKind(source, zip, nested.budget)
      if (office) {
        set({ format: "ooxml", ...office })
        return cleanOoxml(source, zip, found, nested)
      }
      const open = await odfKind(source, zip, nested)
      if (open) {
        set({ format: open.isCleaned ? "odf" : "other", type: open.type, extension: open.extension })
        if (!open.isCleaned) throw new NotPossible("unsupported-variant")
        return cleanOdf(source, zip, found, nested)
      }
      set({ format: "other", ...packageKind(zip) })
      throw new NotPossible("unknown-format")
    }
    default: throw new NotPossible(kind.reason ?? "unknown-format")
  }
}
