// This visit and the browser's history. What is kept there is a number that says how many steps of this page
// lie below, and nothing else: no question, no door, no word.
//
// A visit is meant to leave one entry in the history of its tab, so that leaving can take that entry away:
//   - a link to another page of ours replaces the entry instead of adding one;
//   - the steps of a page add entries above the first, and whoever leaves goes back to the first before the
//     address of the next page is put in its place.
// On every page but home, the first entry below the steps stands for home: Back from the first step goes there.

type Show = (depth: number) => void

/**
 * The depth of an entry that was left by the quick exit. It is still there when the neutral page did not load (a
 * filtered network): who then goes Back comes to a page that leaves again.
 */
const LEFT = 999_999

const page = document.documentElement
let show: Show = () => {}
let home: (() => string) | null = null
let leaving = false
let isUnderWay = false
/** For so long, leaving once more is the same leaving; a browser that was stopped then hears it again. */
const LEAVE_MS = 2000
let unsaved: () => string | null = () => null

function depthNow(): number {
  const depth: unknown = (history.state as { depth?: unknown } | null)?.depth
  return typeof depth === "number" && Number.isSafeInteger(depth) && depth >= 0 ? depth : 0
}

/**
 * Begins the keeping of history on this page; `homeUrl`, asked when it is needed, is null on the home page itself.
 * False where the quick exit has been before: nothing may be shown then.
 */
export function beginVisit(homeUrl: (() => string) | null): boolean {
  if (depthNow() === LEFT) return false
  home = homeUrl
  history.scrollRestoration = "manual"
  window.addEventListener("popstate", () => {
    if (leaving) return
    // An entry without a depth is a fragment that the person typed, not a way back.
    if (history.state === null && home !== null) return
    const depth = depthNow()
    if (depth === 0 && home !== null) return backHome(home())
    show(depth)
  })
  document.addEventListener("click", (event) => {
    const link = (event.target as Element | null)?.closest<HTMLAnchorElement>("a[href]")
    if (!link || link.download !== "" || link.hasAttribute("download") || link.target !== "") return
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    if (link.origin !== location.origin || link.protocol !== location.protocol) return
    event.preventDefault()
    const target = link.getAttribute("href") ?? ""
    // A place on this page would be an entry of history; the focus goes there without one.
    if (target.startsWith("#")) document.getElementById(target.slice(1))?.focus()
    else if (mayLeave()) leave(link.href)
  })
  hearOnce()
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && unsaved() !== null) event.preventDefault()
  })
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && !page.classList.contains("gone")) leaving = false
  })
  // Browsers skip entries that a page adds by itself, so the entry for home comes with the first touch or key.
  if (depthNow() === 0) history.replaceState(null, "")
  if (home !== null && history.state === null) {
    const first = () => {
      for (const type of ["pointerdown", "keydown"]) removeEventListener(type, first, true)
      if (history.state !== null) return
      history.replaceState({ depth: 0 }, "")
      history.pushState({ depth: 1 }, "")
    }
    for (const type of ["pointerdown", "keydown"]) addEventListener(type, first, true)
  }
  return true
}

/**
 * The second press of a double click finds the next step under the pointer, and was not meant for it; nor is a key that is held
 * down a second press. Leaving fast hears everything. To the browser a quick tap into a field and one on a button are a double click,
 * too; there the second was meant.
 */
function hearOnce(): void {
  const refuse = (event: Event) => {
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  const acts = (target: EventTarget | null) => (target as Element | null)?.closest("button, a:not(.exit), summary, label.button") != null
  let actedBefore = false
  const hearClick = (event: MouseEvent) => {
    const acting = acts(event.target)
    if (event.detail > 1 && acting && actedBefore) refuse(event)
    actedBefore = acting
  }
  window.addEventListener("click", hearClick, true)
  window.addEventListener("keydown", (event) => event.repeat && event.key === "Enter" && acts(event.target) && refuse(event), true)
}

/** `question` gives the words to ask before typed text would be lost, or null when there is nothing to lose. */
export function guardLeaving(question: () => string | null): void {
  unsaved = question
}

/** The steps of a page: `onShow` is called when Back or Forward arrives at a depth. */
export function onStep(onShow: Show): void {
  show = onShow
}

/** One step forward: a new entry. Its depth. */
export function pushStep(): number {
  const depth = Math.max(depthNow(), home === null ? 0 : 1) + 1
  if (history.state === null && home !== null) {
    history.replaceState({ depth: 0 }, "")
    history.pushState({ depth: 1 }, "")
  }
  history.pushState({ depth }, "")
  return depth
}

let isStepping = false

/** One step back, however often it is pressed before the browser has gone it. */
export function stepBack(): void {
  if (isStepping) return
  isStepping = true
  const done = () => {
    isStepping = false
    clearTimeout(late)
    window.removeEventListener("popstate", done)
  }
  // A traversal that the browser drops must not end all going back.
  const late = setTimeout(done, 500)
  window.addEventListener("popstate", done)
  history.back()
}

export function currentDepth(): number {
  return Math.max(depthNow(), home === null ? 0 : 1)
}

/** Goes to another address and leaves no entry of this page below it. `atFirst` runs on the first entry, before it goes. */
export function leave(url: string, atFirst: () => void = () => {}): void {
  // Pressed once more: the traversal that is under way would go on, beyond the first entry.
  if (isUnderWay) return
  isUnderWay = true
  setTimeout(() => {
    isUnderWay = false
  }, LEAVE_MS)
  leaving = true
  const { origin, pathname } = new URL(url)
  const sameDocument = origin === location.origin && pathname === location.pathname
  const go = () => {
    atFirst()
    if (sameDocument) location.reload()
    else location.replace(url)
  }
  const depth = depthNow()
  if (depth === 0 || depth === LEFT) return go()
  // Some browsers hold a traversal back, and leaving must not wait for it. But one that comes late takes with it the
  // navigation that did not wait, so then it is begun again.
  const late = setTimeout(go, 500)
  const arrived = () => {
    clearTimeout(late)
    go()
  }
  window.addEventListener("popstate", arrived, { once: true })
  history.go(-depth)
}

/**
 * The cover comes first, in the same frame, and the page is emptied before anything that could fail; all that follows
 * may take its time. `fallback` is for a `url` that this browser cannot parse.
 */
export function vanish(url: string, fallback: string): void {
  if (page.classList.contains("gone")) return
  isUnderWay = false
  page.classList.add("gone")
  leaving = true
  document.title = ""
  document.dispatchEvent(new Event("mohr:vanish"))
  document.body.replaceChildren()
  const target = isAddress(url) ? url : fallback
  document.title = new URL(target).hostname
  leave(target, () => history.replaceState({ depth: LEFT }, ""))
}

function isAddress(url: string): boolean {
  try {
    return new URL(url).protocol === "https:"
  } catch {
    return false
  }
}

function mayLeave(): boolean {
  const question = unsaved()
  return question === null || window.confirm(question)
}

function backHome(url: string): void {
  if (mayLeave()) {
    leaving = true
    location.replace(url)
  } else {
    history.forward()
  }
}
