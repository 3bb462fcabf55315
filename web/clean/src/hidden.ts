// One list of what office programs can hide: it stays in a cleaned copy, because a reader may need it, and is said to stay. What is
// hidden by an element's own words stands in HIDES; what only shows when several are put together has a watch of its own below.
// What a PDF hides stands in pdf-hidden.ts, under the same names.

import type { Findings } from "./cleaned"
import { attribute, plain, type Tag } from "./xml"

export type Program = "word" | "excel" | "powerpoint" | "odf"

/** What can be hidden, by the names under which the tests look for samples of each. */
// prettier-ignore
export type Hidden =
  | "text" | "rows-and-columns" | "sections" | "sheets" | "slides" | "notes" | "shapes" | "layers" | "cropped-pictures" | "names"
  | "remembered-values" | "variables" | "building-blocks" | "conditional-text" | "windows"

interface Hides {
  what: Hidden
  programs: readonly Program[]
  element: string
  when(tag: Tag): boolean
}

const always = (): boolean => true
const value = (tag: Tag, local: string): string => plain(attribute(tag, local)?.value ?? "").trim()
const isOn = (text: string): boolean => /^(?:1|true|on|t)$/i.test(text)
/** An element that switches something on unless it says no. */
const isSet = (tag: Tag): boolean => !/^(?:0|false|off)$/i.test(value(tag, "val"))
const isShown = (text: string): boolean => text === "" || text === "always" || text === "true"

// prettier-ignore
export const HIDES: readonly Hides[] = [
  { what: "text", programs: ["word"], element: "vanish", when: isSet },
  { what: "text", programs: ["word"], element: "specVanish", when: isSet },
  { what: "text", programs: ["odf"], element: "hidden-text", when: always },
  { what: "text", programs: ["odf"], element: "hidden-paragraph", when: always },
  { what: "text", programs: ["odf"], element: "text-properties", when: (tag) => /^(?:none|condition)$/.test(value(tag, "display")) },
  { what: "conditional-text", programs: ["odf"], element: "conditional-text", when: always },
  { what: "rows-and-columns", programs: ["word"], element: "hidden", when: (tag) => tag.parents.at(-1) === "trPr" && isSet(tag) },
  { what: "rows-and-columns", programs: ["odf"], element: "table-row-group", when: (tag) => value(tag, "display") === "false" },
  { what: "rows-and-columns", programs: ["odf"], element: "table-column-group", when: (tag) => value(tag, "display") === "false" },
  { what: "rows-and-columns", programs: ["odf"], element: "table-row", when: (tag) => /^(?:collapse|filter)$/.test(value(tag, "visibility")) },
  { what: "rows-and-columns", programs: ["odf"], element: "table-column", when: (tag) => /^(?:collapse|filter)$/.test(value(tag, "visibility")) },
  { what: "rows-and-columns", programs: ["odf"], element: "table-row-properties", when: (tag) => isNothing(value(tag, "row-height")) },
  { what: "rows-and-columns", programs: ["odf"], element: "table-column-properties", when: (tag) => isNothing(value(tag, "column-width")) },
  { what: "sections", programs: ["odf"], element: "section", when: (tag) => /^(?:none|condition)$/.test(value(tag, "display")) || isOn(value(tag, "is-hidden")) },
  { what: "sheets", programs: ["excel"], element: "sheet", when: (tag) => /hidden/i.test(value(tag, "state")) },
  { what: "sheets", programs: ["odf"], element: "table-properties", when: (tag) => value(tag, "display") === "false" },
  { what: "sheets", programs: ["odf"], element: "table", when: (tag) => value(tag, "display") === "false" },
  { what: "windows", programs: ["excel"], element: "workbookView", when: (tag) => /hidden/i.test(value(tag, "visibility")) },
  { what: "slides", programs: ["powerpoint"], element: "sld", when: (tag) => /^(?:0|false)$/.test(value(tag, "show")) },
  { what: "slides", programs: ["odf"], element: "drawing-page-properties", when: (tag) => value(tag, "visibility") === "hidden" },
  { what: "slides", programs: ["odf"], element: "page", when: (tag) => value(tag, "visibility") === "hidden" },
  { what: "shapes", programs: ["word", "excel", "powerpoint"], element: "cNvPr", when: (tag) => isOn(value(tag, "hidden")) },
  { what: "shapes", programs: ["word"], element: "docPr", when: (tag) => isOn(value(tag, "hidden")) },
  { what: "shapes", programs: ["word", "powerpoint"], element: "shape", when: (tag) => /visibility\s*:\s*hidden|display\s*:\s*none/i.test(value(tag, "style")) },
  { what: "shapes", programs: ["excel"], element: "workbookPr", when: (tag) => /^(?:none|placeholders)$/.test(value(tag, "showObjects")) },
  { what: "layers", programs: ["odf"], element: "layer", when: (tag) => !isShown(value(tag, "display")) },
  { what: "cropped-pictures", programs: ["word", "excel", "powerpoint"], element: "srcRect", when: (tag) => tag.attributes.some((item) => /[1-9]/.test(item.value)) },
  { what: "cropped-pictures", programs: ["word", "excel", "powerpoint"], element: "imagedata", when: (tag) => ["cropleft", "cropright", "croptop", "cropbottom"].some((key) => /[1-9]/.test(value(tag, key))) },
  { what: "names", programs: ["excel"], element: "definedName", when: (tag) => isOn(value(tag, "hidden")) && !/^_xl/i.test(value(tag, "name")) },
  { what: "remembered-values", programs: ["excel"], element: "scenario", when: always },
  { what: "remembered-values", programs: ["odf"], element: "scenario", when: always },
  { what: "remembered-values", programs: ["excel"], element: "pivotCacheRecords", when: always },
  { what: "remembered-values", programs: ["excel"], element: "sharedItems", when: (tag) => !tag.selfClosing },
  { what: "remembered-values", programs: ["excel"], element: "sheetDataSet", when: (tag) => !tag.selfClosing },
  { what: "remembered-values", programs: ["excel"], element: "ddeLink", when: always },
  { what: "variables", programs: ["odf"], element: "hidden", when: (tag) => tag.name === "form:hidden" },
  { what: "building-blocks", programs: ["word"], element: "type", when: (tag) => tag.parents.includes("docPartPr") && !/^bbPlcHdr$/.test(value(tag, "val")) },
]

const BY_ELEMENT = new Map<string, Hides[]>()
for (const hides of HIDES) BY_ELEMENT.set(hides.element, [...(BY_ELEMENT.get(hides.element) ?? []), hides])

function isNothing(length: string): boolean {
  return /^0(?:\.0\d*)?(?:[a-z]+)?$/.test(length)
}

/** Looks at every element of a document, whichever part it stands in, and says at the end what only then is known. */
export class HiddenContent {
  readonly #sheet = new SheetWatch(() => this.#note())
  readonly #styles = new StyleWatch(() => this.#note())
  readonly #places = new PlaceWatch(() => this.#note())
  #cellFormats = new CellFormats()

  constructor(
    private readonly program: Program,
    private readonly found: Findings,
  ) {}

  tag(tag: Tag, part: string): void {
    for (const hides of BY_ELEMENT.get(tag.local) ?? []) {
      // A style that hides counts where it is used.
      if (hides.what === "text" && /^word\/(?:styles|numbering|glossary\/)/.test(part)) continue
      if (hides.programs.includes(this.program) && hides.when(tag)) this.#note()
    }
    // Whatever the element, text and shapes of OpenDocument may say that they are not displayed.
    if (this.program === "odf") {
      const display = tag.attributes.find((item) => item.name === "text:display" || item.name === "draw:display" || item.name === "fo:clip")
      if (display?.name === "fo:clip" ? /[1-9]/.test(display.value) : display && /^(?:none|condition|screen|printer)$/.test(display.value))
        this.#note()
    }
    if (this.program === "word") this.#styles.tag(tag, part)
    if (this.program === "powerpoint") this.#places.tag(tag, part)
    if (this.program === "excel") {
      if (part === "xl/styles.xml") this.#cellFormats.tag(tag)
      else if (part.startsWith("xl/worksheets/")) this.#sheet.tag(tag)
    }
  }

  text(text: string, parents: readonly string[]): void {
    if (text.trim() === "") return
    if (this.program === "odf" && parents.includes("notes") && parents.includes("p")) this.#note()
    if (this.program === "word") this.#styles.text(parents)
  }

  end(local: string, part: string): void {
    if (this.program === "excel" && part.startsWith("xl/worksheets/")) this.#sheet.end(local)
    if (this.program === "powerpoint") this.#places.end(local)
  }

  /** Speaker's notes, and what lies behind the sheets, hide by the mere name of their part. */
  part(name: string): void {
    if (/^(?:ppt\/notesslides\/[^/]*\.xml|xl\/pivotcache\/pivotcacherecords|xl\/model\/|xl\/dialogsheets\/)/.test(name)) this.#note()
  }

  finish(): void {
    this.#styles.finish()
    this.#places.finish()
    if ([...this.#sheet.formats].some((format) => this.#cellFormats.hides(format))) this.#note()
  }

  #note(): void {
    this.found.remains.add("hidden-content")
  }
}

/** Rows and columns of a sheet: a hidden one counts when something stands in it. */
class SheetWatch {
  /** Formats of cells in which something stands. */
  readonly formats = new Set<number>()
  #columns: [from: number, to: number][] = []
  #rowsAreHidden = false
  #isHiddenRow = false
  #column = 0
  #cell: { isHidden: boolean; format: number } | null = null

  constructor(private readonly note: () => void) {}

  tag(tag: Tag): void {
    switch (tag.local) {
      case "worksheet":
        this.#columns = []
        this.#rowsAreHidden = false
        break
      case "sheetFormatPr":
        this.#rowsAreHidden = isOn(value(tag, "zeroHeight"))
        break
      case "col": {
        const width = value(tag, "width")
        const isNarrow = width !== "" && Number(width) < 0.5
        if (isOn(value(tag, "hidden")) || isNarrow) this.#columns.push([Number(value(tag, "min")), Number(value(tag, "max"))])
        break
      }
      case "row": {
        const height = value(tag, "ht")
        const hidden = value(tag, "hidden")
        this.#isHiddenRow = isOn(hidden) || (height !== "" && Number(height) < 1) || (this.#rowsAreHidden && hidden === "" && height === "")
        this.#column = 0
        break
      }
      case "c": {
        const [letters = ""] = /^[A-Z]{1,3}/.exec(value(tag, "r")) ?? []
        this.#column = letters === "" ? this.#column + 1 : [...letters].reduce((sum, sign) => sum * 26 + sign.charCodeAt(0) - 64, 0)
        const isHiddenColumn = this.#columns.some(([from, to]) => this.#column >= from && this.#column <= to)
        this.#cell = tag.selfClosing ? null : { isHidden: this.#isHiddenRow || isHiddenColumn, format: Number(value(tag, "s") || "0") }
        break
      }
      case "v":
      case "f":
      case "is":
        if (!this.#cell || tag.selfClosing) break
        if (this.#cell.isHidden) this.note()
        this.formats.add(this.#cell.format)
        break
    }
  }

  end(local: string): void {
    if (local === "c") this.#cell = null
  }
}

/** Formats of cells that let nothing be seen: three semicolons, and white on nothing. */
class CellFormats {
  readonly #blank = new Set<number>()
  readonly #white: boolean[] = []
  readonly #filled: boolean[] = []
  readonly #hiding = new Set<number>()
  #count = 0

  tag(tag: Tag): void {
    const inside = (name: string): boolean => tag.parents.at(-1) === name
    if (tag.local === "numFmt" && /^\s*;\s*;\s*;?\s*$/.test(value(tag, "formatCode"))) this.#blank.add(Number(value(tag, "numFmtId")))
    else if (tag.local === "font" && inside("fonts")) this.#white.push(false)
    else if (tag.local === "color" && inside("font") && tag.parents.includes("fonts"))
      this.#white[this.#white.length - 1] =
        /^(?:FF)?FFFFFF$/i.test(value(tag, "rgb")) || (value(tag, "theme") === "0" && !attribute(tag, "tint"))
    else if (tag.local === "fill" && inside("fills")) this.#filled.push(false)
    else if (tag.local === "patternFill" && tag.parents.includes("fills"))
      this.#filled[this.#filled.length - 1] = value(tag, "patternType") !== "none"
    else if (tag.local === "gradientFill" && tag.parents.includes("fills")) this.#filled[this.#filled.length - 1] = true
    else if (tag.local === "xf" && inside("cellXfs")) {
      const number = (key: string): number => Number(value(tag, key) || "0")
      const isWhite = (this.#white[number("fontId")] ?? false) && !this.#filled[number("fillId")]
      if (isWhite || this.#blank.has(number("numFmtId"))) this.#hiding.add(this.#count)
      this.#count++
    }
  }

  hides(format: number): boolean {
    return this.#hiding.has(format)
  }
}

/** Styles of Word that hide their text, by way of others too; letters of two points; white text where nothing is dark. */
class StyleWatch {
  readonly #hiding = new Set<string>()
  readonly #basedOn = new Map<string, string>()
  readonly #used = new Set<string>()
  #style = ""
  #run = { isWhite: false, isTiny: false }
  #isWhite = false
  #isDark = false

  constructor(private readonly note: () => void) {}

  tag(tag: Tag, part: string): void {
    const val = value(tag, "val")
    if (/^word\/(?:glossary\/)?styles/.test(part)) {
      if (tag.local === "style") this.#style = value(tag, "styleId")
      else if (tag.local === "basedOn") this.#basedOn.set(this.#style, val)
      else if (/^(?:vanish|specVanish)$/.test(tag.local) && tag.parents.includes("style") && isSet(tag)) this.#hiding.add(this.#style)
    } else if (/^(?:rStyle|pStyle|tblStyle)$/.test(tag.local)) this.#used.add(val)
    else if (tag.local === "r") this.#run = { isWhite: false, isTiny: false }
    else if (tag.local === "color" && /^f{6}$/i.test(val)) this.#run.isWhite = true
    else if (tag.local === "sz") this.#run.isTiny = Number(val) <= 4
    if (tag.local === "shd" && !/^(?:auto|f{6}|)$/i.test(value(tag, "fill"))) this.#isDark = true
    else if (/^(?:txbx|textbox|background|highlight|tblStylePr|solidFill|gradFill)$/.test(tag.local)) this.#isDark = true
  }

  text(parents: readonly string[]): void {
    if (parents.at(-1) !== "t") return
    if (this.#run.isWhite) this.#isWhite = true
    if (this.#run.isTiny) this.note()
  }

  finish(): void {
    for (let style of this.#used) {
      for (let hops = 0; hops < 50; hops++) {
        if (this.#hiding.has(style)) this.note()
        style = this.#basedOn.get(style) ?? ""
      }
    }
    if (this.#isWhite && !this.#isDark) this.note()
  }
}

/** Shapes that lie beside their slide, where nobody sees them. */
class PlaceWatch {
  #size: [width: number, height: number] | null = null
  readonly #boxes: [left: number, top: number, right: number, bottom: number][] = []
  #corner: [x: number, y: number] | null = null
  #groups = 0

  constructor(private readonly note: () => void) {}

  tag(tag: Tag, part: string): void {
    const number = (key: string): number => Number(value(tag, key) || "NaN")
    if (tag.local === "sldSz") this.#size = [number("cx"), number("cy")]
    else if (tag.local === "grpSp" && !tag.selfClosing) this.#groups++
    else if (!part.startsWith("ppt/slides/") || this.#groups > 0 || tag.parents.at(-1) !== "xfrm") return
    else if (tag.local === "off") this.#corner = [number("x"), number("y")]
    else if (tag.local === "ext" && this.#corner && this.#boxes.length < 100_000) {
      const [x, y] = this.#corner
      this.#boxes.push([x, y, x + number("cx"), y + number("cy")])
    }
  }

  end(local: string): void {
    if (local === "grpSp") this.#groups--
  }

  finish(): void {
    if (!this.#size) return
    const [width, height] = this.#size
    if (this.#boxes.some(([left, top, right, bottom]) => left >= width || top >= height || right <= 0 || bottom <= 0)) this.note()
  }
}
