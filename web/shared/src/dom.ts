// Small helpers to make elements. Whatever a person or the wire supplies enters the page as text nodes only;
// there is no way here to set markup or a style, and Trusted Types would refuse it.

export type Child = Node | string | null | undefined | false

type Attributes = Record<string, string | number | boolean | undefined>

/** An element with attributes (true: present, false or undefined: absent) and children (text becomes text nodes). */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    element.setAttribute(name, value === true ? "" : String(value))
  }
  for (const child of children) if (child !== null && child !== undefined && child !== false) element.append(child)
  return element
}

/** A drawing of icons/marks.svg and icons/work.svg; decoration only, the words stand beside it. */
export function icon(name: string, turns = false): SVGElement {
  const space = "http://www.w3.org/2000/svg"
  const svg = document.createElementNS(space, "svg")
  svg.setAttribute("class", turns ? "icon icon-turns" : "icon")
  svg.setAttribute("aria-hidden", "true")
  const use = document.createElementNS(space, "use")
  use.setAttribute("href", `#icon-${name}`)
  svg.append(use)
  return svg
}

/** What somebody wrote: isolated, so that its direction and any bidi control in it end with it. */
export function isolated(words: string, attributes: Attributes = {}): HTMLElement {
  return h("bdi", { dir: "auto", ...attributes }, words)
}

/** What it does is done once, however often it is pressed before that is done and for a moment after the last press. */
export function button(
  label: string,
  attributes: Attributes,
  onPress: (button: HTMLButtonElement) => void | Promise<void>,
  iconName?: string,
): HTMLButtonElement {
  const element = h("button", { type: "button", ...attributes }, iconName ? icon(iconName) : null, label)
  element.addEventListener("click", () => hearsPress(element) && once(element, () => onPress(element)))
  return element
}

/** Presses that follow each other faster are one press of an impatient finger. */
const SAME_PRESS_MS = 700
const pressed = new WeakMap<Element, number>()

/** Whether this is a press of its own. */
export function hearsPress(element: Element): boolean {
  const now = performance.now()
  const before = pressed.get(element) ?? -Infinity
  pressed.set(element, now)
  return now - before > SAME_PRESS_MS
}

const atWork = new WeakSet<Element>()

/**
 * Begins the work unless the element is at it already, and says whether. While it lasts, the element says that it is busy. It keeps
 * the focus: somebody who hears the page would be lost without it.
 */
export function once(element: HTMLElement, work: () => unknown): boolean {
  if (atWork.has(element)) return false
  atWork.add(element)
  const end = () => {
    atWork.delete(element)
    element.removeAttribute("aria-busy")
  }
  let result: unknown
  try {
    result = work()
  } finally {
    if (!(result instanceof Promise)) end()
  }
  if (!(result instanceof Promise)) return true
  element.setAttribute("aria-busy", "true")
  result.then(end, (error: unknown) => {
    end()
    throw error
  })
  return true
}

export function byId(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`the page has no #${id}`)
  return element
}

/** The attributes of every field whose content is nobody else's business: no history, no cloud spell checker. */
export const PRIVATE_FIELD = {
  autocomplete: "off",
  autocapitalize: "off",
  autocorrect: "off",
  spellcheck: "false",
  translate: "no",
  "data-lpignore": "true",
  "data-1p-ignore": true,
  "data-gramm": "false",
} as const

/** Moves the focus to the heading of what has just been shown, and the window to its top. */
export function focusHeading(root: ParentNode): void {
  const heading = root.querySelector<HTMLElement>("h1, h2")
  if (heading === null) return
  heading.tabIndex = -1
  heading.focus({ preventScroll: true })
  window.scrollTo(0, 0)
}
