// A file on its way out. By default a cleaned copy goes, under a name that says nothing; the reporter may send the
// original or keep the name, file by file.

import type { Cleaned } from "#clean"
import { extensionOf, neutralName, plainType } from "./file-name"
import { loadPart } from "./scripts"

export interface Attachment {
  readonly name: string
  readonly type: string
  readonly blob: Blob
}

export class ChosenFile {
  sendsOriginal = false
  keepsName = false
  cleaned: Cleaned | undefined
  #cleaning: Promise<Cleaned> | undefined

  constructor(readonly original: File) {}

  /** Pickers of cloud storage and downloads that broke off give files of no bytes. There is nothing in them to clean. */
  get isEmpty(): boolean {
    return this.original.size === 0
  }

  /** The cleaned copy. One that failed because the cleaner did not come is tried again. */
  clean(): Promise<Cleaned> {
    this.#cleaning ??= inTurn(async () => {
      const { clean } = await loadPart("clean")
      this.cleaned = await clean(this.original, this.original.name)
      return this.cleaned
    }).catch((error: unknown) => {
      this.#cleaning = undefined
      throw error
    })
    return this.#cleaning
  }

  /** The name under which it goes, at its place in the list. */
  nameAt(index: number): string {
    if (this.keepsName) return this.original.name
    return neutralName(index, this.cleaned?.extension ?? extensionOf(this.original.name))
  }

  /** Bytes that will be sealed, as far as that is known. */
  get bytes(): number {
    return this.sendsOriginal ? this.original.size : (this.cleaned?.blob.size ?? this.original.size)
  }
}

/** The files as they go out, after the last of them is cleaned. Nothing goes uncleaned because the cleaner did not come. */
export async function attachments(files: readonly ChosenFile[]): Promise<Attachment[]> {
  const attached: Attachment[] = []
  for (const [index, file] of files.entries()) {
    if (file.sendsOriginal || file.isEmpty) {
      attached.push({ name: file.nameAt(index), type: plainType(file.original.type), blob: file.original })
    } else {
      const { blob, type } = await file.clean()
      attached.push({ name: file.nameAt(index), type, blob })
    }
  }
  return attached
}

export function totalBytes(files: readonly ChosenFile[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0)
}

let last: Promise<unknown> = Promise.resolve()

/** One after the other: a cheap phone has memory for one large file at a time. */
function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  const mine = last.then(work, work)
  last = mine.catch(() => {})
  return mine
}
