// Choosing files: by the picker of the phone or by dropping them. What was chosen is listed with a picture, its size,
// what cleaning took out of it and what it could not, and a way to take it back.

import type { Cleaned } from "#clean"
import { plural, text, textOf } from "#shared/texts"
import { ChosenFile, totalBytes } from "./chosen-file"
import { button, h, icon, isolated, type Child } from "#shared/dom"
import { iconOf, plainType, shownName } from "./file-name"
import { listed, number, size } from "#shared/format"
import { loadPart } from "./scripts"

const MOST_FILES = 99
/** The protocol's default, for as long as the office's own limit is not known. */
const DEFAULT_LIMIT_BYTES = 209_715_200
/** Below this nobody waits long, however slow the browser. */
const WORTH_MEASURING_BYTES = 4_194_304
const LONG_SECONDS = 30

export interface FileFieldOptions {
  readonly inputId: string
  readonly limitBytes: number | undefined
}

/** The field and its list. `files` is the caller's own array; it is changed in place. */
export function fileField(files: ChosenFile[], options: FileFieldOptions): HTMLElement {
  const limit = options.limitBytes ?? DEFAULT_LIMIT_BYTES
  const aboutId = `${options.inputId}-about`
  const input = h("input", { type: "file", id: options.inputId, class: "visually-hidden", multiple: true, "aria-describedby": aboutId })
  const choose = h("label", { for: options.inputId, class: "button button-quiet" }, icon("add"), text("files.choose"))
  const about = h("p", { id: aboutId, class: "hint small" }, text("files.about", { limit: size(limit) }))
  const drop = h("div", { class: "drop" }, input, choose, about)
  const refused = h("div", { role: "alert" })
  const list = h("ul", { class: "files", "aria-label": text("files.list") })
  const sum = h("p", { class: "soft small", role: "status" })
  const slow = h("div", { role: "status" })
  const note = h("p", { class: "soft small" }, text("files.cleaning-note"))

  const add = (chosen: readonly File[]) => {
    refused.replaceChildren()
    let bytes = files.reduce((sum, { original }) => sum + original.size, 0)
    for (const original of chosen) {
      if (files.length >= MOST_FILES) refuse(text("files.too-many", { count: number(MOST_FILES) }))
      else if (bytes + original.size > limit) refuse(text("files.too-large", { limit: size(limit) }), original.name)
      else {
        bytes += original.size
        files.push(new ChosenFile(original))
      }
    }
    show()
  }
  const refuse = (words: string, name?: string) => {
    refused.replaceChildren(
      h("p", { class: "error" }, name === undefined ? null : isolated(shownName(name)), name === undefined ? null : ": ", words),
    )
  }
  const show = () => {
    releasePictures(list)
    list.replaceChildren(...files.map((file, index) => fileItem(file, index, remove, showSum)))
    list.hidden = files.length === 0
    note.hidden = files.length === 0
    showSum()
  }
  const remove = (file: ChosenFile) => {
    files.splice(files.indexOf(file), 1)
    show()
    input.focus()
  }
  const showSum = () => {
    const bytes = totalBytes(files)
    sum.textContent = files.length === 0 ? "" : plural("files.sum", files.length, { count: number(files.length), size: size(bytes) })
    void sealingMinutes(bytes).then((minutes) => {
      slow.replaceChildren(
        minutes === null ? "" : h("p", { class: "note note-warn" }, plural("files.slow", minutes, { minutes: number(minutes) })),
      )
    })
  }

  input.addEventListener("change", () => {
    add([...(input.files ?? [])])
    input.value = ""
  })
  for (const type of ["dragenter", "dragover"]) {
    drop.addEventListener(type, (event) => {
      event.preventDefault()
      drop.setAttribute("data-over", "")
    })
  }
  drop.addEventListener("dragleave", () => drop.removeAttribute("data-over"))
  drop.addEventListener("drop", (event) => {
    event.preventDefault()
    drop.removeAttribute("data-over")
    add([...(event.dataTransfer?.files ?? [])])
  })
  show()
  return h("div", { class: "field stack" }, drop, refused, list, sum, slow, note)
}

function fileItem(file: ChosenFile, index: number, remove: (file: ChosenFile) => void, onChange: () => void): HTMLElement {
  const { original } = file
  const shown = shownName(original.name)
  const sizeLine = h("p", { class: "soft small" })
  const report = h("div", { class: "file-report small", role: "status" })
  const sentName = h("p", { class: "soft small" })
  const takeBack = button(
    "",
    { class: "button button-plain file-remove", "aria-label": text("files.remove", { name: shown }) },
    () => remove(file),
    "remove",
  )
  const originalTick = tick(`keep-original-${index}`, "original", text("files.send-original"), file.sendsOriginal, (checked) => {
    file.sendsOriginal = checked
    update()
  })
  const nameTick = tick(`keep-name-${index}`, "name", text("files.keep-name"), file.keepsName, (checked) => {
    file.keepsName = checked
    update()
  })

  const update = () => {
    sizeLine.textContent = size(file.bytes)
    sentName.replaceChildren(text("files.goes-as"), " ", isolated(shownName(file.nameAt(index))))
    if (file.cleaned !== undefined) {
      report.replaceChildren(h("div", {}, ...cleaningReport(file.cleaned, file.sendsOriginal)))
      // Where nothing was taken out, the copy is the original.
      originalTick.hidden = file.cleaned.removed.length === 0
    }
    onChange()
  }
  const clean = () => {
    if (file.isEmpty) return report.replaceChildren(h("p", { class: "note note-warn", "data-empty": true }, text("not-cleaned.empty")))
    if (file.cleaned !== undefined) return update()
    report.replaceChildren(h("p", {}, text("files.cleaning")))
    file.clean().then(update, () => {
      report.replaceChildren(
        h("p", {}, text("files.cleaner-away")),
        button(text("problem-action.again"), { class: "button button-plain" }, clean),
      )
    })
  }
  sizeLine.textContent = size(file.bytes)
  sentName.replaceChildren(text("files.goes-as"), " ", isolated(shownName(file.nameAt(index))))
  originalTick.hidden = file.isEmpty
  queueMicrotask(clean)

  return h(
    "li",
    { class: "file-item", "data-file": index },
    thumbnail(original),
    h("div", {}, h("p", { class: "file-name" }, isolated(shown)), sizeLine),
    takeBack,
    h("div", { class: "file-more" }, report, originalTick, nameTick, sentName),
  )
}

/** What cleaning did, in words; a warning where something stays. */
function cleaningReport(cleaned: Cleaned, sendsOriginal: boolean): Child[] {
  const removed = listed(cleaned.removed.map((what) => textOf("removed", what)))
  const remains = listed(cleaned.remains.map((what) => textOf("remains", what)))
  if (sendsOriginal && cleaned.removed.length > 0)
    return [h("p", { class: "note note-warn" }, text("files.original-has", { list: removed }))]
  switch (cleaned.outcome) {
    case "nothing-found":
      return [h("p", {}, text("files.nothing-found"))]
    case "damaged":
      return [untouched(text("files.damaged"), cleaned)]
    case "not-possible":
      return [untouched(`${text("files.not-possible")} ${textOf("not-cleaned", cleaned.reason ?? "unknown-format")}`, cleaned)]
    default:
      return [
        cleaned.removed.length === 0
          ? null
          : h("p", { class: "verified" }, icon("check"), h("span", {}, text("files.removed", { list: removed }))),
        cleaned.remains.length === 0 ? null : h("p", { class: "note note-warn" }, text("files.remains", { list: remains })),
      ]
  }
}

/** Why a file goes out as it is, and what lies open in it, before the person decides. */
function untouched(why: string, { seen }: Cleaned): Child {
  const list = listed(seen.map((what) => textOf("removed", what)))
  return h("p", { class: "note note-warn" }, why, seen.length === 0 ? null : ` ${text("files.seen", { list })}`)
}

/** A small box to tick, of a large target. */
function tick(id: string, control: string, label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  const input = h("input", { type: "checkbox", id, "data-keep": control, autocomplete: "off" })
  input.checked = checked
  input.addEventListener("change", () => onChange(input.checked))
  return h("p", { class: "tick" }, input, h("label", { for: id }, label))
}

/** A small picture of a picture, or the drawing of its kind. Only the reporter's own files come here. */
function thumbnail(file: File): Element {
  const type = plainType(file.type)
  const drawing = h("span", { class: "thumb" }, icon(iconOf(type)))
  if (!/^image\/(jpeg|png|webp|gif|avif)$/.test(type)) return drawing
  const image = h("img", { class: "thumb", src: URL.createObjectURL(file), alt: "" })
  image.addEventListener("error", () => image.replaceWith(drawing))
  return image
}

/** Lets go of the pictures' memory. */
export function releasePictures(root: ParentNode): void {
  for (const image of root.querySelectorAll<HTMLImageElement>("img[src^='blob:']")) URL.revokeObjectURL(image.src)
}

let speed: Promise<number> | undefined

/** How long sealing takes here, when that is long enough to say: without a JIT, browsers seal half a megabyte a second. */
async function sealingMinutes(bytes: number): Promise<number | null> {
  if (bytes < WORTH_MEASURING_BYTES) return null
  try {
    speed ??= loadPart("core").then(({ sealingSpeed }) => sealingSpeed())
    const seconds = bytes / (await speed)
    return seconds < LONG_SECONDS ? null : Math.ceil(seconds / 60)
  } catch {
    speed = undefined
    return null
  }
}
