// Which vocabulary an element belongs to. What belongs to none that office programs read goes: they pass over it, and so does a reader.

import { plain, type Tag } from "./xml"

const OFFICE =
  /^(?:https?:\/\/(?:schemas\.openxmlformats\.org|schemas\.microsoft\.com|purl\.oclc\.org\/ooxml|www\.w3\.org|purl\.org\/dc|schemas\.libreoffice\.org|docs\.oasis-open\.org|openoffice\.org|www\.openoffice\.org)(?:\/|$)|urn:schemas-microsoft-com:|urn:oasis:names:tc:opendocument:|urn:org:documentfoundation:)/i
/** Lists of prefixes; one that is not declared makes a document unreadable. */
const PREFIX_LISTS = /^(?:Ignorable|PreserveElements|PreserveAttributes|ProcessContent|MustUnderstand)$/

interface Scope {
  depth: number
  uris: Map<string, string>
}

/** Follows the declarations through a part; to be shown every start tag, in order. */
export class Namespaces {
  readonly #scopes: Scope[] = []

  enter(tag: Tag): void {
    const depth = tag.parents.length
    while (this.#scopes.length > 0 && this.#scopes.at(-1)!.depth >= depth) this.#scopes.pop()
    const declared = tag.attributes.filter(({ name }) => isDeclaration(name))
    if (declared.length === 0) return
    const uris = new Map(this.#scopes.at(-1)?.uris)
    for (const { name, value } of declared) uris.set(name === "xmlns" ? "" : name.slice(6), plain(value))
    this.#scopes.push({ depth, uris })
  }

  /** Of an element's name, or of an attribute's if that has a prefix. */
  uri(name: string): string {
    return this.#scopes.at(-1)?.uris.get(prefixOf(name)) ?? ""
  }

  isForeign(name: string): boolean {
    const uri = this.uri(name)
    return uri !== "" && !OFFICE.test(uri)
  }

  /** Takes foreign attributes and declarations out of a tag; says whether there were any. */
  scrub(tag: Tag): boolean {
    const kept = tag.attributes.filter(({ name, value }) => {
      if (isDeclaration(name)) return value === "" || OFFICE.test(plain(value))
      return prefixOf(name) === "" || !this.isForeign(name)
    })
    let changed = kept.length !== tag.attributes.length
    tag.attributes = kept
    for (const item of kept) {
      if (!PREFIX_LISTS.test(item.local)) continue
      const known = item.value.split(/\s+/).filter((name) => !this.isForeign(name.includes(":") ? name : `${name}:`))
      if (known.length === item.value.split(/\s+/).length) continue
      item.value = known.join(" ")
      changed = true
    }
    return changed
  }
}

function isDeclaration(name: string): boolean {
  return name === "xmlns" || name.startsWith("xmlns:")
}

function prefixOf(name: string): string {
  const colon = name.indexOf(":")
  return colon < 0 ? "" : name.slice(0, colon)
}
