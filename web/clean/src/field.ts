// Texts that Word and Excel cut into runs at every edit: the instruction of a field, and the name that a remark begins with. They
// are put together before they are judged.

import type { Findings } from "./cleaned"
import { isAccount, isAddress, isLocalPath, lastPart, withoutFolders } from "./local-path"
import { attribute, escapedText, plain, rewriteXml } from "./xml"

const MAX_DEPTH = 200

/** Fields which draw on a file: what stands there without quotation marks is a path as well. */
const FROM_FILE = /^\s*(?:INCLUDEPICTURE|INCLUDETEXT|INCLUDE|IMPORT|LINK|EMBED|RD|DDE|DDEAUTO|DATABASE|HYPERLINK|FILENAME|TEMPLATE)\b/i
const SHOWN_LINK = /^\s*HYPERLINK\b/i
/** A letter, a star or the like behind a single backslash. */
const SWITCH = /\s\\[a-z*@#!](?=\s|$|["“”])/i

/** New texts for the pieces of instructions in a part, by their order; undefined for those that stay. */
export function shortenFields(xml: string, found: Findings): (string | undefined)[] {
  const texts: string[] = []
  const answers: (string | undefined)[] = []
  // The innermost field comes last; the first list is for what stands in no field.
  const open: number[][] = [[]]
  const judge = (pieces: number[] | undefined): void => {
    if (!pieces || pieces.length === 0) return
    const old = pieces.map((piece) => texts[piece]!)
    const instruction = old.join("")
    const short = shortenInstruction(instruction, found)
    if (short !== instruction) respread(old, short).forEach((text, i) => (answers[pieces[i]!] = text))
  }
  rewriteXml(xml, {
    tag(tag) {
      if (tag.local !== "fldChar") return "keep"
      const type = attribute(tag, "fldCharType")?.value
      if (type === "begin" && open.length < MAX_DEPTH) open.push([])
      else if (type === "separate") judge(open.at(-1)?.splice(0))
      else if (type === "end") judge(open.length > 1 ? open.pop() : open[0]!.splice(0))
      return "keep"
    },
    text(text, parents) {
      if (isInstruction(parents)) open.at(-1)!.push(texts.push(plain(text)) - 1)
      return text
    },
  })
  for (const pieces of open) judge(pieces)
  return answers
}

export function isInstruction(parents: readonly string[]): boolean {
  return /^(?:instrText|delInstrText)$/.test(parents.at(-1) ?? "")
}

/** An instruction without the folders in it, and without what add-ins keep in theirs. Every backslash in a path is doubled. */
export function shortenInstruction(instruction: string, found: Findings): string {
  if (/^\s*ADDIN\b./is.test(instruction) && instruction.trim() !== "ADDIN") {
    // Programs for references and mail write their users' account numbers here.
    found.removed.add("custom-data")
    return " ADDIN "
  }
  const shownLink = SHOWN_LINK.test(instruction)
  const fromFile = FROM_FILE.test(instruction)
  const pieces = instruction.split(/(["“”][^"“”]*(?:["“”]|$))/)
  return pieces
    .map((piece, i) => {
      if (i % 2 === 1) return shortenArgument(piece, shownLink, fromFile, found)
      return fromFile ? shortenBare(piece, found) : piece
    })
    .join("")
}

function shortenArgument(quoted: string, shownLink: boolean, fromFile: boolean, found: Findings): string {
  const [, open = "", inner = "", close = ""] = /^(["“”])([^"“”]*)(["“”]?)$/.exec(quoted) ?? []
  const path = inner.replace(/\\\\/g, "\\")
  if (!isLocalPath(path)) {
    if (!fromFile || !isAddress(path)) return quoted
    const account = isAccount(path)
    // What a reader follows by a click stays; what a program fetches unasked is shortened where it names somebody.
    if (shownLink === account || !account) {
      if (account || !shownLink) found.remains.add("data-connections")
      return quoted
    }
  }
  const short = lastPart(path)
  if (short === path) return quoted
  found.removed.add("local-path")
  return open + short + close
}

/** Behind the field's name stands a path up to the next switch. */
function shortenBare(text: string, found: Findings): string {
  const [, head = "", rest = ""] = /^(\s*(?:[A-Z]+\s+(?:[A-Za-z]+(?:\.[A-Za-z0-9]+)+\s+)?)?)([^]*)$/i.exec(text) ?? []
  const end = SWITCH.exec(rest)?.index ?? rest.length
  const path = rest.slice(0, end).replace(/\\\\/g, "\\").trim()
  const short = isAccount(path) ? lastPart(path) : withoutFolders(path)
  if (short === path) return text
  found.removed.add("local-path")
  return `${head}${short}${rest.slice(end)}`
}

/** Spreads a new text over the pieces of the old one: those at the end stay where they can, the first gets the rest. */
export function respread(pieces: string[], text: string): string[] {
  const spread = pieces.map(() => "")
  let left = text
  for (let i = pieces.length - 1; i > 0; i--) {
    if (!left.endsWith(pieces[i]!)) continue
    spread[i] = pieces[i]!
    left = left.slice(0, left.length - pieces[i]!.length)
  }
  spread[0] = left
  return spread
}

export function escapedOr(text: string, replacement: string | undefined): string {
  return replacement === undefined || replacement === plain(text) ? text : escapedText(replacement)
}
