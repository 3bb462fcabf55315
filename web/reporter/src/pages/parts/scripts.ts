// The parts of the scripts that are fetched when they are needed. One that broke off, came in half or never came is asked for
// anew, and under another address: a browser may hold a failed import against its address for as long as the page lives, and
// then every word that was typed would be lost with a reload. The server ignores the query.

import type { Reason } from "../../reporter"

interface Parts {
  core: typeof import("../../reporter")
  warn: typeof import("../../warn")
  clean: typeof import("#clean")
}

export interface Asking {
  /** Imports from the address; each call has another one. */
  readonly importAt: (address: string) => Promise<object>
  readonly wait: (milliseconds: number) => Promise<undefined>
}

const TRIES = 3
const PAUSE_MS = 1000
/** After this long in silence the same part is asked for once more beside; whichever comes first counts. */
const SILENCE_MS = 30_000

const IN_BROWSER: Asking = {
  importAt: (address) => import(address) as Promise<object>,
  wait: (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds)),
}

export interface Scripts {
  /**
   * A part of the scripts, once for each visit. Rejects with "server-away" when several tries brought nothing; then the next call
   * asks anew.
   */
  readonly loadPart: <Name extends keyof Parts>(name: Name, asking?: Asking) => Promise<Parts[Name]>
}

/** Those of one visit. */
export function createScripts(): Scripts {
  /** Under way or arrived. What failed is not kept. */
  const loading = new Map<keyof Parts, Promise<object>>()
  const nextAddress = addressesOf(new Map())
  return {
    loadPart<Name extends keyof Parts>(name: Name, asking = IN_BROWSER) {
      let load = loading.get(name)
      if (load === undefined) {
        load = askFor(() => nextAddress(name), asking).catch((error: unknown) => {
          loading.delete(name)
          throw error
        })
        loading.set(name, load)
      }
      return load as Promise<Parts[Name]>
    },
  }
}

export const { loadPart } = createScripts()

async function askFor(nextAddress: () => string, { importAt, wait }: Asking): Promise<object> {
  let arrive: (part: object) => void = () => {}
  const arrived = new Promise<object>((resolve) => {
    arrive = resolve
  })
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const attempt = importAt(nextAddress()).then((part) => {
      // A file names what it exports at its very end: one that exports nothing was cut off there.
      if (Object.keys(part).length === 0) throw new Error("half a script")
      arrive(part)
      return part
    })
    const come = await Promise.race([arrived, attempt.catch(() => undefined), wait(SILENCE_MS)])
    if (come !== undefined) return come
    const late = tries < TRIES ? await Promise.race([arrived, wait(PAUSE_MS * tries)]) : undefined
    if (late !== undefined) return late
  }
  throw Object.assign(new Error("a script did not come"), { reason: "server-away" satisfies Reason })
}

/** Another address with each call. The document names the first: no file holds the name of one that names it in turn. */
function addressesOf(asked: Map<keyof Parts, number>): (name: keyof Parts) => string {
  return (name) => {
    const address = document.body.dataset[name]
    if (address === undefined) throw new Error(`the page names no ${name}`)
    const before = asked.get(name) ?? 0
    asked.set(name, before + 1)
    return before === 0 ? address : `${address}?${before}`
  }
}
