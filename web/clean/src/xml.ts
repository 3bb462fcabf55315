// Just enough XML to take attributes, elements and texts out of a document part and leave every other character as it was.
// No entities are resolved and declarations are refused, so nothing can grow.

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
  /** Local names of the elements that it stands in. */
  parents: readonly string[]
}

export interface Rules {
  /**
   * Looks at a start tag: "drop" takes the element out with all that it holds, "empty" takes out what it holds; the tag's
   * attributes may be changed in place and are written anew when it answers "changed".
   */
  tag?(tag: Tag): "keep" | "changed" | "drop" | "empty"
  /** Looks at a text; gives its replacement. */
  text?(text: string, parents: readonly string[]): string
}

/** Applies the rules; the result is the very same string when nothing had to change. */
export function rewriteXml(xml: string, rules: Rules): string {
  const out: string[] = []
  const parents: string[] = []
  let copied = 0 // everything before is in `out`
  let skipFrom = -1 // where the element that is being taken out begins, and at which depth
  let skipDepth = 0
  let skipOnlyInside = false
  let at = 0
  for (let count = 0; at < xml.length; count++) {
    if (count > MAX_TAGS) throw new NotPossible("too-complex")
    const open = xml.indexOf("<", at)
    const textEnd = open < 0 ? xml.length : open
    if (textEnd > at && skipFrom < 0 && rules.text && parents.length > 0) {
      const text = xml.slice(at, textEnd)
      const replaced = rules.text(text, parents)
      if (replaced !== text) {
        out.push(xml.slice(copied, at), replaced)
        copied = textEnd
      }
    }
    if (open < 0) break
    if (xml.startsWith("<?", open)) {
      at = after(xml, "?>", open)
    } else if (xml.startsWith("<!--", open)) {
      at = after(xml, "-->", open)
    } else if (xml.startsWith("<![CDATA[", open)) {
      at = after(xml, "]]>", open)
    } else if (xml.startsWith("<!", open)) {
      // A document type may be named, as early OpenOffice did; one that declares anything is refused.
      at = after(xml, ">", open)
      if (parents.length > 0 || xml.slice(open, at).includes("[")) throw new NotPossible("unsupported-variant")
    } else if (xml[open + 1] === "/") {
      at = after(xml, ">", open)
      const ended = parents.pop()
      if (ended === undefined || ended !== local(xml.slice(open + 2, at - 1).trimEnd())) throw new Damaged("end tag")
      if (skipFrom >= 0 && parents.length === skipDepth) {
        out.push(xml.slice(copied, skipFrom))
        copied = skipOnlyInside ? open : at
        skipFrom = -1
      }
    } else {
      const tag = readTag(xml, open, parents)
      at = tag.end
      if (skipFrom < 0) {
        const answer = rules.tag?.(tag) ?? "keep"
        if (answer === "changed") {
          out.push(xml.slice(copied, open), writeTag(tag))
          copied = at
        } else if (answer === "drop" && tag.selfClosing) {
          out.push(xml.slice(copied, open))
          copied = at
        } else if (answer === "drop" || (answer === "empty" && !tag.selfClosing)) {
          skipOnlyInside = answer === "empty"
          skipFrom = skipOnlyInside ? at : open
          skipDepth = parents.length
        }
      }
      if (!tag.selfClosing) {
        parents.push(tag.local)
        if (parents.length > MAX_DEPTH) throw new NotPossible("too-complex")
      }
    }
  }
  if (parents.length > 0) throw new Damaged("element without an end")
  if (out.length === 0) return xml
  out.push(xml.slice(copied))
  return out.join("")
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

const NAME = /[^\s=/>"'<]+/y
const SPACE = /\s*/y

interface ReadTag extends Tag {
  selfClosing: boolean
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
