// What goes from the dictionaries of a PDF, and what is said of them.

import { type Findings, NotPossible } from "./cleaned"
import { isAccount, isAddress, isFileName, isLocalPath, lastPart, withoutFolders } from "./local-path"
import { DROPPED, KNOWN, NAMED_BY_DOCUMENT } from "./pdf-keys"
import { type Dict, isName, Name, Plain, Ref, Text, type Value } from "./pdf-objects"

const MAX_NESTING = 200

/** What a stream is, by what leads to it. */
export type Role = "profile" | "contents" | "map"

const FILE_KEYS = ["F", "UF", "DOS", "Mac", "Unix", "D", "P"]
/** Strings of bytes, and of names of letters with strokes between them. */
const NO_TEXT = new Set(["Panose", "ID", "CheckSum", "CharSet", "DA", "DS"])
const KNOWN_CONDITION = /^(?:sRGB(?: IEC61966-2\.1)?|CGATS TR ?\d{3}|FOGRA\d{2}L?|JC\d{6}|IFRA\d{2}L?|SWOP\w*|GRACoL\w*|Custom|)$/i

/** Notes what streams are on the way. */
export class Roles {
  readonly #roles = new Map<number, Role>()
  readonly #keys = new Map<number, string>()

  /** The key that leads to an object, where that says that the object's own keys are the document's. */
  keyOf(number: number): string {
    return this.#keys.get(number) ?? ""
  }

  follow(ref: Ref, key: string): void {
    if (NAMED_BY_DOCUMENT.has(key)) this.#keys.set(ref.number, key)
  }

  of(number: number): Role | undefined {
    return this.#roles.get(number)
  }

  set(value: Value | undefined, role: Role): void {
    if (value instanceof Ref && this.#roles.get(value.number) !== "profile") this.#roles.set(value.number, role)
    else if (Array.isArray(value)) for (const item of value) if (item instanceof Ref) this.set(item, role)
  }
}

/** Changes a value in place. `key` is the one that leads to it in the same object. */
export function scrub(value: Value, found: Findings, roles: Roles | null = null, depth = 0, key = ""): void {
  if (depth > MAX_NESTING) throw new NotPossible("too-complex")
  if (Array.isArray(value)) {
    if (isName(value[0], "ICCBased")) roles?.set(value[1], "profile")
    // The colours of a palette are bytes, whatever they look like.
    if (isName(value[0], "Indexed", "I")) {
      scrub(value[1]!, found, roles, depth + 1)
      return
    }
    value.forEach((item, i) => {
      if (item instanceof Text) value[i] = scrubText(item, found)
      else scrub(item, found, roles, depth + 1)
    })
  } else if (value instanceof Map) scrubDict(value, found, roles, depth, key)
}

export function scrubDict(dict: Dict, found: Findings, roles: Roles | null = null, depth = 0, key = ""): void {
  const isNamed =
    dict.has("HalftoneType") || (NAMED_BY_DOCUMENT.has(key) && !["Type", "ShadingType", "Length", "S"].some((own) => dict.has(own)))
  noteRemains(dict, found)
  for (const [name, meaning] of Object.entries(DROPPED)) if (!isNamed && dict.delete(name)) found.removed.add(meaning)
  if (!isNamed) {
    for (const name of [...dict.keys()]) {
      if (KNOWN.has(name) || isName(dict.get("Type"), "CollectionSchema", "CollectionItem")) continue
      dict.delete(name)
      found.removed.add("unknown-data")
    }
  }
  if (isAnnotation(dict)) scrubAnnotation(dict, found)
  if (isName(dict.get("Type"), "Thread") && dict.delete("I")) found.removed.add("properties")
  if (isName(dict.get("Type"), "OCG") && dict.get("Usage") instanceof Map && (dict.get("Usage") as Dict).delete("User"))
    found.removed.add("author")
  if (isName(dict.get("Type"), "OutputIntent") || dict.has("DestOutputProfile")) scrubOutputIntent(dict, found)
  scrubFile(dict, found)
  const description = dict.get("Alt")
  if (description instanceof Text && (isFileName(description.decode()) || isLocalPath(description.decode())) && dict.delete("Alt"))
    found.removed.add("embedded-name")
  noteRoles(dict, roles, key)
  for (const [name, item] of dict) {
    if (item instanceof Text && !NO_TEXT.has(name)) dict.set(name, scrubText(item, found))
    else if (item instanceof Ref) roles?.follow(item, name)
    else scrub(item, found, roles, depth + 1, name)
  }
}

function noteRoles(dict: Dict, roles: Roles | null, key: string): void {
  if (!roles) return
  roles.set(dict.get("DestOutputProfile"), "profile")
  roles.set(dict.get("ToUnicode"), "map")
  if (dict.has("BaseFont")) roles.set(dict.get("Encoding"), "map")
  if (key === "CharProcs") for (const item of dict.values()) roles.set(item, "contents")
  if (isName(dict.get("Type"), "Page")) return
  const glyphs = dict.get("CharProcs")
  if (glyphs instanceof Map) for (const item of glyphs.values()) roles.set(item, "contents")
}

/** What a picture shows, by its own words, stays; who printed on which condition does not. */
function scrubOutputIntent(dict: Dict, found: Findings): void {
  for (const key of ["Info", "OutputCondition", "DestOutputProfileRef"]) if (dict.delete(key)) found.removed.add("colour-profile-name")
  const registry = dict.get("RegistryName")
  if (registry instanceof Text && !/^https?:\/\/www\.color\.org\/?$/.test(registry.decode()) && dict.delete("RegistryName"))
    found.removed.add("colour-profile-name")
  const condition = dict.get("OutputConditionIdentifier")
  if (!(condition instanceof Text) || KNOWN_CONDITION.test(condition.decode())) return
  dict.set("OutputConditionIdentifier", new Text("(Custom)"))
  found.removed.add("colour-profile-name")
}

function isAnnotation(dict: Dict): boolean {
  const subtype = dict.get("Subtype")
  return subtype instanceof Name && dict.has("Rect") && subtype.text !== "Widget" && !dict.has("BBox")
}

function scrubAnnotation(dict: Dict, found: Findings): void {
  if (dict.delete("T")) found.removed.add("author")
  if (dict.delete("NM")) found.removed.add("identifiers")
  for (const key of ["M", "CreationDate"]) if (dict.delete(key)) found.removed.add("timestamps")
  const isLink = isName(dict.get("Subtype"), "Link")
  const contents = dict.get("Contents")
  if (contents instanceof Text && contents.decode() !== "" && !isLink) found.remains.add("comments")
  if ((contents instanceof Ref || dict.has("RC") || dict.has("Subj")) && !isLink) found.remains.add("comments")
}

/** Where a dictionary names a file, in whichever of the ways: the last part stays. Of a file that is carried along dates go as well. */
function scrubFile(dict: Dict, found: Findings): void {
  for (const parameters of [dict.get("Params"), dict.has("Subtype") ? null : dict]) {
    if (!(parameters instanceof Map)) continue
    const isFile = parameters !== dict || (dict.has("CheckSum") && dict.has("Size") && !dict.has("Root"))
    for (const key of ["CreationDate", "ModDate", "CheckSum", "Mac"]) {
      if (isFile && parameters.delete(key)) found.removed.add("timestamps")
    }
  }
  const isAction = isName(dict.get("S"), "GoToR", "GoToE", "Launch", "ImportData", "SubmitForm", "Thread", "GoToDp")
  const isFile = isName(dict.get("Type"), "Filespec", "F") || dict.has("EF") || dict.has("UF") || dict.has("FS")
  const isStream = dict.has("Length") && dict.has("F")
  const isReference = dict.has("F") && dict.has("Page") && !dict.has("Type")
  const windows = dict.get("Win")
  if (windows instanceof Map) shortenFiles(windows, FILE_KEYS, found)
  if (isStream || isReference || isName(dict.get("S"), "ImportData", "SubmitForm")) found.remains.add("data-connections")
  if (isAction || isFile || isStream || isReference) shortenFiles(dict, ["F", "UF", "DOS", "Mac", "Unix"], found)
}

function shortenFiles(dict: Dict, keys: string[], found: Findings): void {
  for (const key of keys) {
    const item = dict.get(key)
    if (!(item instanceof Text)) continue
    const path = item.decode()
    if (isAddress(path) || !/[\\/:]|%(?:2f|5c)/i.test(path)) continue
    dict.set(key, Text.of(lastPart(path)))
    found.removed.add("local-path")
  }
}

export function scrubText(text: Text, found: Findings): Text {
  const decoded = text.decode()
  if (isAccount(decoded)) found.remains.add("data-connections")
  if (decoded.length > 4_000 || !isLocalPath(decoded)) return text
  // Bytes that are no text look like anything.
  for (let at = 0; at < decoded.length; at++) if (decoded.charCodeAt(at) < 9) return text
  found.removed.add("local-path")
  return Text.of(withoutFolders(decoded))
}

function noteRemains(dict: Dict, found: Findings): void {
  const type = dict.get("Type")
  if ((dict.has("ByteRange") && dict.has("Contents")) || (isName(type, "Sig", "DocTimeStamp") && dict.has("Contents")))
    throw new NotPossible("digital-signature")
  if (isName(type, "EmbeddedFile") || dict.has("EF") || dict.has("RF") || dict.has("AF")) found.remains.add("attachments")
  if (isName(dict.get("S"), "JavaScript", "Rendition") || dict.has("JS")) found.remains.add("scripts")
  if (isName(dict.get("Subtype"), "RichMedia", "3D", "Sound", "Movie")) found.remains.add("attachments")
  if (dict.has("XFA")) found.remains.add("form-data")
  // Values of fields that stand nowhere on a page.
  const value = dict.get("V")
  const isEmpty = value === undefined || (value instanceof Text && value.decode() === "") || value instanceof Plain || isName(value, "Off")
  if (dict.has("FT") && !dict.has("Rect") && !dict.has("Kids") && !isEmpty) found.remains.add("form-data")
}
