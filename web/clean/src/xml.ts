// Just enough XML to take attributes, elements and texts out of a document part and leave every other character as it was.
// No entities are resolved and declarations are refused, so nothing can grow. What no program reads does not stay: comments,
// instructions, names of document types, and whatever a declaration or an end tag holds besides what it needs.

import { Damaged, NotPossible } from "./cleaned"

const MAX_TAGS = 5_000_000
const MAX_DEPTH = 1_000

export interface Attribute {
  /** With its prefix, as written. */
  name: string
  /** Without the prefix. */
  local: string
  /** As written: entities and all. */
  value: string
}

export interface Tag {
  name: string
  local: string
  attributes: Attribute[]
  /** Stands alone: <a/>. */
  selfClosing: boolean
  /** Local names of the elements that it stands in. */
  parents: readonly string[]
}

/** Where a text stands. */
export interface Place {
  /** Local names of the elements that it stands in. */
  parents: readonly string[]
  /** Their names as written. */
  names: readonly string[]
  /** Has no element beside it. */
  isAlone: boolean
}

export interface Rules {
  /**
   * Looks at a start tag: "drop" takes the element out with all that it holds, "empty" takes out what it holds; the tag's
   * attributes may be changed in place and are written anew when it answers "changed".
   */
  tag?(tag: Tag): "keep" | "changed" | "drop" | "empty"
  /** Looks at a text; gives its replacement. */
  text?(text: string, parents: readonly string[], place: Place): string
  /** Looks at an end tag. */
  end?(local: string): void
  /** Is told of what is always taken out. */
  removed?(): void
}

const DECLARATION = /^<\?xml version="1\.0"(?: encoding="(?:UTF-8|utf-8)")?(?: standalone="(?:yes|no)")?\s*\?>$/
const NEUTRAL_DECLARATION = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`

/** Applies the rules; the result is the very same string when nothing had to change. */
export function rewriteXml(xml: string, rules: Rules): string {
  return new Rewriting(xml, rules).run()
}

class Rewriting {
  readonly #out: string[] = []
  readonly #parents: string[] = []
  readonly #names: string[] = []
  #copied = 0 // everything before is in `out`
  #skipFrom = -1 // where the element that is being taken out begins, and at which depth
  #skipDepth = 0
  #skipOnlyInside = false
  #at = 0
  #afterStart = false // the last mark was a start tag

  constructor(
    private readonly xml: string,
    private readonly rules: Rules,
  ) {}

  run(): string {
    const { xml } = this
    // A mark of byte order is no text.
    if (xml.startsWith("\ufeff")) this.#at = 1
    for (let count = 0; this.#at < xml.length; count++) {
      if (count > MAX_TAGS) throw new NotPossible("too-complex")
      const open = xml.indexOf("<", this.#at)
      const textEnd = open < 0 ? xml.length : open
      if (textEnd > this.#at) this.#text(xml.slice(this.#at, textEnd), this.#at, textEnd)
      if (open < 0) break
      if (xml.startsWith("<?", open)) this.#instruction(open)
      else if (xml.startsWith("<!--", open)) this.#drop(open, after(xml, "-->", open + 4))
      else if (xml.startsWith("<![CDATA[", open)) this.#verbatim(open)
      else if (xml.startsWith("<!", open)) this.#documentType(open)
      else if (xml[open + 1] === "/") this.#endTag(open)
      else this.#startTag(open)
    }
    if (this.#parents.length > 0) throw new Damaged("element without an end")
    if (this.#out.length === 0) return xml
    this.#out.push(xml.slice(this.#copied))
    return this.#out.join("")
  }

  #replace(from: number, to: number, replacement: string): void {
    if (this.#skipFrom >= 0) return
    this.#out.push(this.xml.slice(this.#copied, from), replacement)
    this.#copied = to
  }

  #drop(from: number, to: number): void {
    if (this.#skipFrom < 0) this.rules.removed?.()
    this.#replace(from, to, "")
    this.#at = to
  }

  #text(text: string, from: number, to: number): void {
    if (this.#parents.length === 0) {
      if (text.trim() !== "") throw new Damaged("text outside")
      return
    }
    if (this.#skipFrom >= 0 || !this.rules.text) return
    const replaced = this.rules.text(text, this.#parents, this.#place(to))
    if (replaced !== text) this.#replace(from, to, replaced)
  }

  #place(to: number): Place {
    return { parents: this.#parents, names: this.#names, isAlone: this.#afterStart && this.#isBeforeEnd(to) }
  }

  /** Is the next tag an end tag? Comments and verbatim text may lie between. */
  #isBeforeEnd(at: number): boolean {
    for (let hops = 0; hops < 100; hops++) {
      const open = this.xml.indexOf("<", at)
      if (open < 0) return true
      if (this.xml.startsWith("<!--", open)) at = after(this.xml, "-->", open + 4)
      else if (this.xml.startsWith("<![CDATA[", open)) at = after(this.xml, "]]>", open)
      else if (this.xml.startsWith("<?", open)) at = after(this.xml, "?>", open)
      else return this.xml[open + 1] === "/"
    }
    throw new NotPossible("too-complex")
  }

  /** Text in which no sign has a meaning; the rules get it as any other. */
  #verbatim(open: number): void {
    const { xml } = this
    const to = after(xml, "]]>", open)
    if (this.#parents.length === 0) throw new Damaged("text outside")
    if (this.#skipFrom < 0 && this.rules.text) {
      const text = escaped(xml.slice(open + 9, to - 3))
      const replaced = this.rules.text(text, this.#parents, this.#place(to))
      if (replaced !== text) this.#replace(open, to, replaced)
    }
    this.#at = to
  }

  #instruction(open: number): void {
    const to = after(this.xml, "?>", open)
    const isDeclaration = open <= 1 && /^<\?xml\s/.test(this.xml.slice(open, to))
    if (!isDeclaration) return this.#drop(open, to)
    if (!DECLARATION.test(this.xml.slice(open, to))) this.#replace(open, to, NEUTRAL_DECLARATION)
    this.#at = to
  }

  #documentType(open: number): void {
    // One may be named, as early OpenOffice did; one that declares anything is refused.
    const to = after(this.xml, ">", open)
    if (this.#parents.length > 0 || this.xml.slice(open, to).includes("[")) throw new NotPossible("unsupported-variant")
    this.#drop(open, to)
  }

  #endTag(open: number): void {
    const { xml } = this
    const to = after(xml, ">", open)
    const ended = this.#parents.pop()
    this.#names.pop()
    if (ended === undefined || ended !== local(xml.slice(open + 2, to - 1).trimEnd())) throw new Damaged("end tag")
    if (this.#skipFrom < 0) this.rules.end?.(ended)
    else if (this.#parents.length === this.#skipDepth) {
      this.#out.push(xml.slice(this.#copied, this.#skipFrom))
      this.#copied = this.#skipOnlyInside ? open : to
      this.#skipFrom = -1
      if (this.#skipOnlyInside) this.rules.end?.(ended)
    }
    this.#afterStart = false
    this.#at = to
  }

  #startTag(open: number): void {
    const tag = readTag(this.xml, open, this.#parents)
    this.#at = tag.end
    if (this.#skipFrom < 0) {
      const answer = this.rules.tag?.(tag) ?? "keep"
      if (answer === "changed") this.#replace(open, tag.end, writeTag(tag))
      else if (answer === "drop" && tag.selfClosing) this.#replace(open, tag.end, "")
      else if (answer === "drop" || (answer === "empty" && !tag.selfClosing)) {
        this.#skipOnlyInside = answer === "empty"
        this.#skipFrom = this.#skipOnlyInside ? tag.end : open
        this.#skipDepth = this.#parents.length
      }
      if (tag.selfClosing && answer !== "drop") this.rules.end?.(tag.local)
    }
    this.#afterStart = !tag.selfClosing
    if (tag.selfClosing) return
    this.#parents.push(tag.local)
    this.#names.push(tag.name)
    if (this.#parents.length > MAX_DEPTH) throw new NotPossible("too-complex")
  }
}

export function attribute(tag: Tag, local: string): Attribute | undefined {
  return tag.attributes.find((attribute) => attribute.local === local)
}

/** Sets an attribute that is there; says whether that changed it. */
export function setAttribute(tag: Tag, local: string, value: string): boolean {
  const found = attribute(tag, local)
  if (!found || found.value === value) return false
  found.value = value
  return true
}

/** Takes attributes out; says whether there were any. */
export function dropAttributes(tag: Tag, matches: (attribute: Attribute) => boolean): boolean {
  const before = tag.attributes.length
  tag.attributes = tag.attributes.filter((attribute) => !matches(attribute))
  return tag.attributes.length !== before
}

/** Resolves the five entities of XML and numeric ones, for comparing texts. */
export function plain(value: string): string {
  return value.replace(
    /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name) return { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }[name]!
      const code = decimal ? Number(decimal) : parseInt(hex!, 16)
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )
}

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]!)
}

/** The same for a text, in which quotation marks mean nothing. */
export function escapedText(text: string): string {
  return text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]!)
}

const NAME = /[^\s=/>"'<]+/y
const SPACE = /\s*/y

interface ReadTag extends Tag {
  end: number
}

function readTag(xml: string, open: number, parents: readonly string[]): ReadTag {
  let at = open + 1
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const match = pattern.exec(xml)?.[0] ?? ""
    at += match.length
    return match
  }
  const name = take(NAME)
  if (name === "") throw new Damaged("tag")
  const attributes: Attribute[] = []
  for (;;) {
    take(SPACE)
    if (xml[at] === ">") return { name, local: local(name), attributes, parents, selfClosing: false, end: at + 1 }
    if (xml.startsWith("/>", at)) return { name, local: local(name), attributes, parents, selfClosing: true, end: at + 2 }
    const key = take(NAME)
    take(SPACE)
    if (key === "" || xml[at++] !== "=") throw new Damaged("attribute")
    take(SPACE)
    const quote = xml[at++]
    if (quote !== '"' && quote !== "'") throw new Damaged("attribute")
    const close = xml.indexOf(quote, at)
    if (close < 0) throw new Damaged("attribute")
    attributes.push({ name: key, local: local(key), value: xml.slice(at, close) })
    at = close + 1
  }
}

function writeTag(tag: ReadTag): string {
  const attributes = tag.attributes.map(({ name, value }) => ` ${name}="${value.replace(/"/g, "&quot;")}"`).join("")
  return `<${tag.name}${attributes}${tag.selfClosing ? "/" : ""}>`
}

function after(xml: string, end: string, from: number): number {
  const at = xml.indexOf(end, from)
  if (at < 0) throw new Damaged("markup without an end")
  return at + end.length
}

function local(name: string): string {
  return name.slice(name.indexOf(":") + 1)
}
