// Home, and every page where nothing is typed: doors lead into the report page, and what the office says of itself is
// filled in.

import { once } from "#shared/dom"
import { loadShownProfile } from "../reporter/office-shown"
import { armExit, exit } from "./parts/exit"
import { carryFragment, showOffice, watchFragment } from "./parts/office"
import { loadPart } from "./parts/scripts"
import { start } from "./parts/start"
import { beginVisit } from "./parts/visit"

/** The pages with a script of their own take from this one what every page needs, and nothing begins here. */
const OTHERS: ReadonlySet<string | undefined> = new Set(["report", "status"])

if (!OTHERS.has(document.body.dataset["page"])) {
  start()
  armExit()
  if (beginVisit(null)) begin()
  else exit()
}

function begin(): void {
  // Which door was chosen goes along in the fragment; the report page takes it out of the address at once.
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-door]")) link.hash = `door=${link.dataset["door"]}`
  carryFragment()
  watchFragment(() => true)
  sendSealedOnce()
  showOffice(() => Promise.resolve((options) => loadShownProfile(options, strictPrimitives)))
}

async function strictPrimitives() {
  return (await loadPart("core")).STRICT
}

/** The form for a report that was sealed elsewhere: the browser would send it anew with every press. */
function sendSealedOnce(): void {
  const form = document.querySelector("form")
  const submit = form?.querySelector<HTMLElement>("button")
  const waiting = document.getElementById("waiting")
  if (!form || !submit || waiting === null) return
  let back: () => void = () => {}
  form.addEventListener("submit", (event) => {
    const isFirst = once(submit, () => {
      waiting.hidden = false
      return new Promise<void>((resolve) => {
        back = resolve
      })
    })
    if (!isFirst) event.preventDefault()
  })
  // Whoever comes back from the answer may send another.
  addEventListener("pageshow", () => {
    waiting.hidden = true
    back()
  })
}
