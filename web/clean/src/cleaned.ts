// What a cleaner says about a file. Every word here is a key that the pages translate, so the unions are closed.

// prettier-ignore
export type Format =
  | "jpeg" | "png" | "gif" | "webp" | "heic" | "avif" | "tiff"
  | "mp3" | "aac" | "amr" | "ogg" | "wav" | "flac" | "mp4" | "matroska" | "avi"
  | "pdf" | "ooxml" | "odf"
  | "other"

/** Was in the file and is not in the copy. */
// prettier-ignore
export type Removed =
  | "gps"                 // a place on earth
  | "author"              // names of people: authors, editors, commenters, owners
  | "timestamps"          // when it was made or changed
  | "device"              // make, model or serial number of a camera or phone
  | "maker-notes"         // a camera maker's private block
  | "thumbnail"           // a small earlier picture of the same thing
  | "extra-images"        // further pictures: previews, depth maps, bursts
  | "motion-video"        // the clip behind a "live" or "motion" photo
  | "exif"                // other EXIF fields
  | "xmp"
  | "iptc"
  | "comment"             // a comment in the file's structure, not one a reader sees
  | "tags"                // title, album, cover and the like of a recording
  | "properties"          // title, subject, keywords, company and the like of a document
  | "custom-data"         // a document's data for other programs
  | "software"            // which program or encoder wrote it
  | "history"             // earlier states of a document, editing sessions, traces of edits
  | "identifiers"         // numbers by which two copies can be matched
  | "embedded-name"       // names of files it was made from
  | "local-path"          // folders of somebody's computer
  | "printer"             // name and settings of a printer
  | "metadata-track"      // a video's track of sensor, place or clock readings
  | "colour-profile-name" // whose screen or camera a colour profile was measured on
  | "unknown-data"        // bytes that nothing in the format needs
  | "trailing-data" // bytes after the format's end

/** Is still in the copy. */
// prettier-ignore
export type Remains =
  | "colour-profile"      // measured on a certain screen or scanner; removing it would change the colours
  | "metadata"            // metadata which could not be separated from what must stay
  | "unread-part"         // a broken or unreadable part of the picture, copied as it is: it may hold anything
  | "text-track"          // subtitles; some drones and dashboard cameras write places into them
  | "attachments"         // whole files carried along, as they are
  | "embedded-files"      // objects inside a document which could not be cleaned
  | "comments"            // remarks in the margin, with their text
  | "tracked-changes"     // deleted and inserted text
  | "hidden-content"      // hidden sheets, slides or text, cropped pictures, speaker's notes, remembered rows
  | "form-data"
  | "macros"
  | "scripts"
  | "data-connections" // names of servers, files and accounts that a document draws on or leads to

/** Why nothing was done. */
// prettier-ignore
export type Reason =
  | "unknown-format"
  | "old-office-format"   // .doc, .xls, .ppt, .msg, .rtf
  | "empty"               // not a single byte: an interrupted download, a file that was never fetched
  | "encrypted"
  | "digital-signature"   // changing it would break the signature, and the signature names its maker
  | "too-large"
  | "too-complex"
  | "unsupported-variant"
  | "old-browser"
  | "unreadable" // the browser could not read the file

// prettier-ignore
export type Outcome =
  | "cleaned"             // something was removed and nothing known remains
  | "nothing-found"       // the format was read to its end and held nothing to remove
  | "partly"              // `remains` says what is left
  | "not-possible"        // untouched; `reason` says why
  | "damaged" // untouched: the file breaks the rules of its own format

export interface Cleaned {
  /** The cleaned copy, or the very bytes that came in. Never a File: it has no name and no date. */
  blob: Blob
  /** Media type, by content. */
  type: string
  /** Fitting extension without a dot, by content; from a fixed list, so that it says nothing else. */
  extension: string
  format: Format
  removed: Removed[]
  remains: Remains[]
  /** What lies open in a file that goes out as it is; empty for the others. That nothing was seen says nothing. */
  seen: Removed[]
  outcome: Outcome
  reason: Reason | null
}

/** What a cleaner notes down while it reads. */
export class Findings {
  readonly removed = new Set<Removed>()
  readonly remains = new Set<Remains>()
}

/** The file contradicts its format. */
export class Damaged extends Error {}

/** The file may be in order, but we do not touch it. */
export class NotPossible extends Error {
  constructor(readonly reason: Reason) {
    super(reason)
  }
}
