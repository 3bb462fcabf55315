// Choosing files: by the picker of the phone or by dropping them; what was chosen is listed with what it is, how
// large it is, and a way to take it back. A cleaned copy under a neutral name is what goes out by default.

import { plural, text } from "../../texts"
import { button, h, icon, isolated } from "./dom"
import { iconOf, neutralName, plainType, shownName } from "./file-name"
import { number, size } from "./format"

export interface ChosenFile {
  readonly original: File
  keepName: boolean
}

export interface Attachment {
  readonly name: string
  readonly type: string
  readonly blob: Blob
}

const MOST_FILES = 99
/** The protocol's default, for as long as the office's own limit is not known. */
const DEFAULT_LIMIT_BYTES = 209_715_200

export interface FileListOptions {
  readonly inputId: string
  readonly limitBytes: number | undefined
  readonly onChange: () => void
}

/** The files as they go out. */
export function attachments(files: readonly ChosenFile[]): Attachment[] {
  return files.map((file, index) => ({
    name: file.keepName ? file.original.name : neutralName(file.original.name, index),
    type: plainType(file.original.type),
    blob: file.original,
  }))
}

export function totalBytes(files: readonly ChosenFile[]): number {
  return files.reduce((sum, file) => sum + file.original.size, 0)
}

/** The field and its list. `files` is the caller's own array; it is changed in place. */
export function fileField(files: ChosenFile[], options: FileListOptions): HTMLElement {
  const limit = options.limitBytes ?? DEFAULT_LIMIT_BYTES
  const input = h("input", {
    type: "file",
    id: options.inputId,
    class: "visually-hidden",
    multiple: true,
    "aria-describedby": `${options.inputId}-about`,
  })
  const about = h("p", { id: `${options.inputId}-about`, class: "hint small" }, text("files.about", { limit: size(limit) }))
  const drop = h("div", { class: "drop" }, input, h("label", { for: options.inputId, class: "button button-quiet" }, icon("add"), text("files.choose")), about)
  const refused = h("div", { role: "alert" })
  const list = h("ul", { class: "files", "aria-label": text("files.list") })
  const sum = h("p", { class: "soft small", "aria-live": "polite" })

  const add = (chosen: readonly File[]) => {
    refused.replaceChildren()
    let bytes = totalBytes(files)
    for (const original of chosen) {
      if (files.length >= MOST_FILES) refuse(text("files.too-many", { count: number(MOST_FILES) }))
      else if (bytes + original.size > limit) refuse(text("files.too-large", { limit: size(limit) }), original.name)
      else {
        bytes += original.size
        files.push({ original, keepName: false })
      }
    }
    show()
    options.onChange()
  }
  const refuse = (words: string, name?: string) => {
    refused.replaceChildren(h("p", { class: "error" }, name === undefined ? null : isolated(shownName(name)), name === undefined ? null : ": ", words))
  }
  const show = () => {
    release(list)
    list.replaceChildren(...files.map(item))
    list.hidden = files.length === 0
    sum.textContent =
      files.length === 0 ? "" : plural("files.sum", files.length, { count: number(files.length), size: size(totalBytes(files)) })
  }
  const item = (file: ChosenFile, index: number) => {
    const remove = button(
      "",
      { class: "button button-plain file-remove", "aria-label": text("files.remove", { name: shownName(file.original.name) }) },
      () => {
        files.splice(files.indexOf(file), 1)
        show()
        options.onChange()
        input.focus()
      },
      "remove",
    )
    return h(
      "li",
      { class: "file-item", "data-file": index },
      thumbnail(file.original),
      h("div", {}, h("p", { class: "file-name" }, isolated(shownName(file.original.name))), h("p", { class: "soft small" }, size(file.original.size))),
      remove,
    )
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
  return h("div", { class: "field stack" }, drop, refused, list, sum)
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
export function release(root: ParentNode): void {
  for (const image of root.querySelectorAll<HTMLImageElement>("img[src^='blob:']")) URL.revokeObjectURL(image.src)
}
