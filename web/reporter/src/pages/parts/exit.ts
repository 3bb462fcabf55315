// The quick exit: the button on every page, and Escape three times. The button is a plain link until this runs,
// so that it works before the scripts have come and without them.

import { vanish } from "./visit"

/** A page that says nothing about its visitor, for as long as the office's own is not known. */
const DEFAULT_PAGE = "https://www.wikipedia.org/"
const PRESSES = 3
const WITHIN_MS = 2000

let neutralPage = DEFAULT_PAGE

/** Takes the neutral page of a profile that has been verified. */
export function setNeutralPage(url: string): void {
  neutralPage = url
  const link = document.querySelector<HTMLAnchorElement>("a.exit")
  if (link) link.href = url
}

/** Leaves at once, to the neutral page as far as it is known. */
export function exit(): void {
  vanish(neutralPage, DEFAULT_PAGE)
}

export function armExit(): void {
  const link = document.querySelector<HTMLAnchorElement>("a.exit")
  link?.addEventListener("click", (event) => {
    event.preventDefault()
    exit()
  })

  let presses: number[] = []
  window.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || event.repeat) return
      presses = [...presses.filter((time) => event.timeStamp - time < WITHIN_MS), event.timeStamp]
      if (presses.length >= PRESSES) exit()
      else if (presses.length === PRESSES - 1) {
        link?.setAttribute("data-armed", "")
        setTimeout(() => link?.removeAttribute("data-armed"), WITHIN_MS)
      }
    },
    true,
  )
}
