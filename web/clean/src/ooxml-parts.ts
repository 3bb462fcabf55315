// What goes from the XML parts of an Office document, and what is said of them: names and dates of people, sessions, folders, texts
// that no program shows, vocabularies that none knows.

import type { Findings } from "./cleaned"
import { escapedOr, isInstruction, respread, shortenFields, shortenInstruction } from "./field"
import type { HiddenContent } from "./hidden"
import { isAccount, isFileName, isLocalPath, lastPart, shortenQuoted } from "./local-path"
import { Namespaces } from "./namespaces"
import { People } from "./people"
import { attribute, dropAttributes, escaped, escapedText, plain, rewriteXml, setAttribute, type Place, type Rules, type Tag } from "./xml"

/** A date where the schema demands one. */
const NEUTRAL_TIME = "2000-01-01T00:00:00.00"
/** Where a slash is no folder's, and a percent sign no name's. */
const NO_PATH = /^(?:xpath|formatCode|prefixMappings|uri|contentType|connectionString|style)$/

const WORD = /\/wordprocessingml\/(?:2006\/)?main$/
/** In these vocabularies, the elements whose text a program reads; of others any that has no element in it. */
const TEXT_ELEMENTS: [vocabulary: RegExp, elements: Set<string>][] = [
  [WORD, new Set(["t", "delText", "instrText", "delInstrText", "binData"])],
  [/\/drawingml\/(?:2006\/)?main$/, new Set(["t"])],
  [/\/officeDocument\/(?:2006\/)?math$/, new Set(["t"])],
  [/\/presentationml\/(?:2006\/)?main$/, new Set(["text", "attrName"])],
  [
    /\/spreadsheetml\/(?:2006\/)?main$/,
    new Set(
      "v f t formula formula1 formula2 definedName author oddHeader oddFooter evenHeader evenFooter firstHeader firstFooter stp val".split(
        " ",
      ),
    ),
  ],
]

/** What the parts of one document have in common. */
export interface Document {
  people: People
  hidden: HiddenContent
  strings: SharedStrings
  found: Findings
}

/** Which of a workbook's texts a cell shows: a text whose cell is gone stays in the list, in some programs. */
export class SharedStrings {
  readonly #used = new Set<number>()
  /** No sheet was passed over. */
  isKnown = true

  use(text: string): void {
    this.#used.add(Number(text))
  }

  isUsed(index: number): boolean {
    return !this.isKnown || this.#used.has(index)
  }
}

/** The part without what says who made it; the same string when it says nothing. */
export function cleanXml(xml: string, name: string, droppedIds: Set<string> | undefined, document: Document): string {
  return rewriteXml(xml, new PartRules(xml, name, droppedIds, document))
}

class PartRules implements Rules {
  readonly #namespaces = new Namespaces()
  readonly #fields: (string | undefined)[]
  readonly #signatures: (string | undefined)[]
  readonly #isDrawing: boolean
  #fieldAt = 0
  #signatureAt = 0
  #stringAt = 0
  #isStringCell = false
  /** No cell shows the text that is being read. */
  #isGone = false

  constructor(
    xml: string,
    private readonly name: string,
    private readonly droppedIds: Set<string> | undefined,
    private readonly document: Document,
  ) {
    this.#fields = /[iI]nstrText/.test(xml) ? shortenFields(xml, document.found) : []
    this.#signatures = /^xl\/.*comments/.test(name) ? signatures(xml, document) : []
    this.#isDrawing = name.endsWith(".vml")
  }

  removed(): void {
    note(this.document.found, "unknown-data")
  }

  tag(tag: Tag): "keep" | "changed" | "drop" | "empty" {
    const { found, hidden, people, strings } = this.document
    this.#namespaces.enter(tag)
    if (this.#namespaces.isForeign(tag.name)) {
      note(found, "unknown-data")
      if (tag.parents.length > 0) return "drop"
      tag.attributes = tag.attributes.filter(({ name }) => name.startsWith("xmlns"))
      return "empty"
    }
    let changed = this.#namespaces.scrub(tag) && note(found, "unknown-data")
    // Word's attributes all have a prefix.
    const isWord = WORD.test(this.#namespaces.uri(tag.name))
    if (isWord && dropAttributes(tag, ({ name }) => !name.includes(":") && name !== "xmlns")) changed = note(found, "unknown-data")
    hidden.tag(tag, this.name)
    if (this.droppedIds && tag.local === "custDataLst" && this.name.startsWith("ppt/")) return "drop"
    if (tag.local === "c") this.#isStringCell = attribute(tag, "t")?.value === "s"
    if (tag.local === "si" && /^xl\/sharedstrings/.test(this.name)) this.#isGone = !strings.isUsed(this.#stringAt++)
    const element = cleanElement(tag, this.name, people, found)
    if (element === "drop") return "drop"
    if (element === "changed") changed = true
    if (cleanPeople(tag, people, found)) changed = true
    if (dropAttributes(tag, (a) => a.local.startsWith("rsid"))) changed = note(found, "history")
    if (dropAttributes(tag, (a) => this.droppedIds?.has(a.value) === true && /^r(?:elationships)?:|:relid$/.test(a.name))) changed = true
    if (cleanNames(tag, found)) changed = true
    if (shortenPaths(tag, found)) changed = true
    return changed ? "changed" : "keep"
  }

  text(text: string, parents: readonly string[], place: Place): string {
    const { found, hidden, people, strings } = this.document
    if (text.trim() === "") return isInstruction(parents) ? escapedOr(text, this.#fields[this.#fieldAt++]) : text
    if (!this.#isRead(parents, place)) {
      note(found, "unknown-data")
      return ""
    }
    if (this.#isGone) {
      note(found, "history")
      return ""
    }
    hidden.text(text, parents)
    if (isInstruction(parents)) return escapedOr(text, this.#fields[this.#fieldAt++])
    const element = parents.at(-1)
    if (element === "v" && this.#isStringCell) strings.use(text.trim())
    if (/^(?:f|formula|formula[12]|definedName)$/.test(element ?? "")) return shortenFormula(text, found)
    if (!/^xl\/.*comments/.test(this.name)) return text
    if (element === "author" && parents.at(-2) === "authors") return neutralText(text, people, found)
    return element === "t" ? escapedOr(text, this.#signatures[this.#signatureAt++]) : text
  }

  end(local: string): void {
    this.document.hidden.end(local, this.name)
  }

  /** Would any program show this text, or calculate with it? */
  #isRead(parents: readonly string[], place: Place): boolean {
    // Drawings of old hold pages of HTML.
    if (this.#isDrawing || parents.includes("textbox")) return true
    const element = parents.at(-1)!
    const uri = this.#namespaces.uri(place.names.at(-1)!)
    const known = TEXT_ELEMENTS.find(([vocabulary]) => vocabulary.test(uri))
    // A text may come in pieces, with verbatim ones among them.
    return known ? known[1].has(element) : place.isAlone
  }
}

/** Elements which go, and those which tell that something remains. */
function cleanElement(tag: Tag, name: string, people: People, found: Findings): "keep" | "changed" | "drop" {
  switch (tag.local) {
    case "rsids":
      note(found, "history")
      return "drop"
    case "docId":
    case "revisionPtr":
    case "docVars":
      if (!/^(?:word\/(?:glossary\/)?settings|xl\/workbook)\.xml$/.test(name)) return "keep"
      note(found, tag.local === "docVars" ? "custom-data" : "identifiers")
      return "drop"
    case "fileVersion":
      note(found, "software")
      return "drop"
    case "smartTagPr":
    case "customXmlPr":
    case "dataBinding":
    case "fldData":
    case "attachedSchema":
    case "saveThroughXslt":
      note(found, "custom-data")
      return "drop"
    case "mailMerge":
      note(found, "local-path")
      return "drop"
    case "absPath":
      return setAttribute(tag, "url", "") && note(found, "local-path") ? "changed" : "keep"
    case "comment":
    case "threadedComment":
    case "cm":
      found.remains.add("comments")
      return "keep"
    case "pivotCacheDefinition":
      return dropAttributes(tag, (a) => /^refreshed(?:By|Date|DateIso)$/.test(a.local)) && note(found, "author") ? "changed" : "keep"
    case "customWorkbookView":
      return neutralise(tag, "name", people) && note(found, "author") ? "changed" : "keep"
    case "scenario": {
      const user = neutralise(tag, "user", people)
      return (setAttribute(tag, "comment", "") || user) && note(found, "author") ? "changed" : "keep"
    }
    default:
      return "keep"
  }
}

/** Names, initials, accounts and dates of people, wherever the three programs write them. */
function cleanPeople(tag: Tag, people: People, found: Findings): boolean {
  let changed = false
  const author = attribute(tag, "author")
  if (author) {
    if (tag.local !== "comment" && tag.local !== "person") found.remains.add("tracked-changes")
    if (neutralise(tag, "author", people)) changed = note(found, "author")
    if (setAttribute(tag, "initials", "")) changed = note(found, "author")
    if (dropAttributes(tag, (a) => a.local === "date" || a.local === "dateUtc")) changed = note(found, "timestamps")
  }
  if (dropAttributes(tag, (a) => a.local === "dateUtc")) changed = note(found, "timestamps")
  switch (tag.local) {
    case "presenceInfo":
      if (setAttribute(tag, "providerId", "None")) changed = note(found, "author")
      if (neutralise(tag, "userId", people)) changed = note(found, "author")
      break
    case "person":
    case "cmAuthor":
    case "author":
      for (const key of ["displayName", "name", "userId"]) if (neutralise(tag, key, people)) changed = note(found, "author")
      if (setAttribute(tag, "providerId", "None")) changed = note(found, "author")
      if (tag.local !== "person" && setAttribute(tag, "initials", "A")) changed = note(found, "author")
      break
    case "cm":
    case "reply":
      if (dropAttributes(tag, (a) => a.name === "dt")) changed = note(found, "timestamps")
      if (setAttribute(tag, "created", NEUTRAL_TIME)) changed = note(found, "timestamps")
      break
    case "threadedComment":
      if (setAttribute(tag, "dT", NEUTRAL_TIME)) changed = note(found, "timestamps")
      break
    case "fileSharing":
      if (neutralise(tag, "userName", people)) changed = note(found, "author")
      break
    case "permStart":
      if (neutralise(tag, "ed", people)) changed = note(found, "author")
      break
  }
  return changed
}

/** Names of pictures' files, which Office keeps as names and descriptions of shapes. */
function cleanNames(tag: Tag, found: Findings): boolean {
  let changed = false
  if (tag.local === "cNvPr" || tag.local === "docPr" || tag.local === "imagedata" || tag.local === "shape") {
    for (const item of tag.attributes) {
      const value = plain(item.value)
      if (item.local === "name" && (isFileName(value) || isLocalPath(value))) item.value = "Picture"
      else if (/^(?:descr|title|alt)$/.test(item.local) && (isFileName(value) || isLocalPath(value) || item.name === "o:title")) {
        if (item.value === "") continue
        item.value = ""
      } else continue
      changed = note(found, "embedded-name")
    }
  }
  return changed
}

function shortenPaths(tag: Tag, found: Findings): boolean {
  let changed = false
  for (const item of tag.attributes) {
    if (!/[\\/:%]/.test(item.value) || item.name.startsWith("xmlns") || NO_PATH.test(item.local)) continue
    const value = plain(item.value)
    const short =
      item.local === "instr" ? shortenInstruction(value, found) : isLocalPath(value) || isAccount(value) ? lastPart(value) : value
    if (short === value) continue
    item.value = escaped(short)
    changed = note(found, "local-path")
  }
  return changed
}

/** A formula names other workbooks by their folders: in quotation marks, or in the brackets around the workbook's name. */
function shortenFormula(text: string, found: Findings): string {
  const formula = plain(text)
  const short = shortenQuoted(formula).replace(/\[((?:[a-z]:|\\\\|\/|file:)[^\]]{1,2000})\]/gi, (whole, path: string) => {
    return isLocalPath(path) ? `[${lastPart(path)}]` : whole
  })
  if (short === formula) return text
  note(found, "local-path")
  return escapedText(short)
}

/** New texts for the beginnings of Excel's remarks, by the order of the texts: they begin with their author's name and a colon. */
function signatures(xml: string, { people, found }: Document): (string | undefined)[] {
  const answers: (string | undefined)[] = []
  let pieces: { at: number; text: string }[] = []
  rewriteXml(xml, {
    text(text, parents) {
      if (text.trim() === "") return text
      if (parents.at(-1) === "author" && parents.at(-2) === "authors") neutralText(text, people, found)
      if (parents.at(-1) === "t") pieces.push({ at: answers.push(undefined) - 1, text: plain(text) })
      return text
    },
    end(local) {
      if (local !== "comment") return
      const joined = pieces.map((piece) => piece.text).join("")
      const unsigned = people.withoutSignature(joined)
      if (unsigned !== joined) {
        const spread = respread(
          pieces.map((piece) => piece.text),
          unsigned,
        )
        pieces.forEach((piece, i) => (answers[piece.at] = spread[i]))
      }
      pieces = []
    },
  })
  return answers
}

function neutralText(text: string, people: People, found: Findings): string {
  const neutral = escaped(people.neutral(plain(text)))
  if (neutral !== text) note(found, "author")
  return neutral
}

function neutralise(tag: Tag, key: string, people: People): boolean {
  const item = attribute(tag, key)
  return item !== undefined && setAttribute(tag, key, escaped(people.neutral(plain(item.value))))
}

function note(found: Findings, what: Parameters<Findings["removed"]["add"]>[0]): boolean {
  found.removed.add(what)
  return true
}
