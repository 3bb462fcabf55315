// What is said of the device's clock where it is in doubt: the likely fault, in words, before a wrong day does harm.

import { text } from "#shared/texts"
import { byId, h } from "#shared/dom"
import { day, today } from "#shared/format"
import type { Profile } from "./office"

/** In the page's place for it, where it stays: every day that the page names is meant. */
export function showClock({ isDoubtful, server }: Profile["clock"]): void {
  const device = day(today())
  const words = server === undefined ? text("clock.early", { device }) : text("clock.differs", { device, server: day(server) })
  byId("clock").replaceChildren(isDoubtful ? h("p", { class: "note note-warn" }, words) : "")
}
