// The first thing that a page's script does.

const TRIES = 4
const PAUSE_MS = 1000
const COMPLETE_MS = 10_000

/** Says that the script runs, which takes away the words for a page without one, and looks after what makes the page readable. */
export function start(): void {
  document.getElementById("stalled")?.remove()
  for (const link of document.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"]')) keepDressed(link)
}

/**
 * A style that did not come, or whose font did not, is asked for anew, beside the one that stands until the new one has come. Under
 * another address: what the browser remembers of the first is of no use.
 */
function keepDressed(link: HTMLLinkElement): void {
  let current = link
  let tries = 0
  let isUnderWay = false
  const again = () => {
    if (isUnderWay || tries === TRIES) return
    isUnderWay = true
    tries += 1
    setTimeout(() => {
      const next = link.cloneNode() as HTMLLinkElement
      next.href = `${link.href}?${tries}`
      next.addEventListener("load", () => {
        isUnderWay = false
        current.remove()
        current = next
      })
      next.addEventListener("error", () => {
        isUnderWay = false
        next.remove()
        again()
      })
      current.after(next)
    }, PAUSE_MS * tries)
  }
  const check = () => {
    if (isMissing(current) || (bringsFont(current) && [...document.fonts].some(({ status }) => status === "error"))) again()
  }
  // The page is complete when every style of its own has come or failed; in some browsers not before later scripts have, too.
  if (document.readyState === "complete") check()
  else addEventListener("load", check, { once: true })
  setTimeout(check, COMPLETE_MS)
  document.fonts.addEventListener("loadingerror", check)
}

/** Some browsers give a style that failed no sheet, some give it an empty one. */
function isMissing({ sheet }: HTMLLinkElement): boolean {
  return sheet === null || sheet.cssRules.length === 0
}

function bringsFont({ sheet }: HTMLLinkElement): boolean {
  return sheet !== null && [...sheet.cssRules].some((rule) => rule instanceof CSSFontFaceRule)
}
