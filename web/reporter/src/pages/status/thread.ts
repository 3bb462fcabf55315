// A case as its reporter may see it: where it stands, and the letters in their order. Only what carries the
// signature of an inspector of this office is shown as an inspector's word; the rest is said to be what it is.

import { text, textOf } from "#shared/texts"
import { h, hearsPress, icon, isolated } from "#shared/dom"
import { iconOf, savedName, shownName } from "../parts/file-name"
import { day, localized, size } from "#shared/format"
import type { Mailbox, MailboxMessage, ReceivedFile } from "../../reporter/mailbox"

export function statusCard(mailbox: Mailbox): HTMLElement {
  return h(
    "section",
    { class: "status-card", "aria-labelledby": "status-title" },
    h("h1", { id: "status-title", class: "status-title" }, text("status.now")),
    h("p", { id: "status", "data-status": mailbox.status }, textOf("state", mailbox.status)),
    h("p", {}, textOf("state-about", mailbox.status)),
  )
}

/** What another inspector set without knowledge of it: named beside it, since only the server's order says which came last. */
export function concurrentNote({ concurrent }: Mailbox): HTMLElement | null {
  if (concurrent.length === 0) return null
  const items = concurrent.map(({ role, status, outcome }) =>
    h("li", {}, isolated(localized(role)), ": ", outcome === undefined ? textOf("state", status) : textOf("outcome", outcome.id)),
  )
  return h("div", { class: "note note-warn", id: "concurrent" }, h("p", {}, text("status.concurrent")), h("ul", {}, ...items))
}

export function outcomeCard(mailbox: Mailbox): HTMLElement | null {
  const { outcome } = mailbox
  if (outcome === undefined) return null
  return h(
    "section",
    { class: "card stack", id: "outcome", "data-outcome": outcome.id, "aria-labelledby": "outcome-title" },
    h("h2", { id: "outcome-title" }, textOf("outcome", outcome.id)),
    h("p", {}, textOf("outcome-about", outcome.id)),
    rule(outcome.rule),
  )
}

function rule(words: string | undefined): HTMLElement | null {
  if (words === undefined || words === "") return null
  return h("figure", { class: "rule" }, h("figcaption", {}, text("message.rule")), h("blockquote", { class: "text" }, isolated(words)))
}

export function thread(mailbox: Mailbox): HTMLElement {
  return h("ol", { id: "thread", class: "thread", "aria-label": text("status.thread") }, ...mailbox.messages.map(item))
}

function item(message: MailboxMessage): HTMLElement {
  const { kind, authenticity, day: iso, position } = message
  if (kind !== "reply" && kind !== "record" && authenticity === "authentic") {
    const what = position === 0 ? text("message.report") : text("message.follow-up")
    return h("li", look(kind, "own"), head(what, iso), h("p", { class: "soft small" }, text("message.sealed")), ...warnings(message))
  }
  if (kind !== "reply" || authenticity !== "authentic") {
    const isHers = kind === "reply" || kind === "record" || authenticity !== "not-authentic"
    const words = textOf("unbelieved", isHers ? (authenticity as Exclude<typeof authenticity, "authentic">) : "not-hers")
    const isErased = authenticity === "gone"
    const note = h("p", { class: isErased ? "note" : "note note-bad" }, words)
    return h("li", look(kind, authenticity), head(isErased ? text("message.erased") : text("message.unknown"), iso), note)
  }
  return h(
    "li",
    look(kind, "verified"),
    head(localized(message.role), iso),
    h("p", { class: "verified" }, icon("check"), text("message.verified")),
    ...warnings(message),
    h(
      "div",
      { class: "bubble" },
      message.status === undefined
        ? null
        : h("p", { class: "soft" }, text("message.status"), " ", h("strong", {}, textOf("state", message.status))),
      message.outcome === undefined ? null : h("p", {}, h("strong", {}, textOf("outcome", message.outcome.id))),
      message.text === "" ? null : h("p", { class: "text", lang: message.language }, isolated(message.text)),
      rule(message.outcome?.rule),
      ...message.files.map(file),
    ),
  )
}

function warnings({ kind, warnings }: MailboxMessage): HTMLElement[] {
  return warnings.map((warning) => {
    const word = kind !== "reply" && warning === "thread-differs" ? "own-thread-differs" : warning
    return h("p", { class: "note note-warn", "data-warning": warning }, textOf("message-warning", word))
  })
}

function look(kind: MailboxMessage["kind"], authenticity: string) {
  return { class: "message", "data-kind": kind, "data-authenticity": authenticity }
}

function head(who: string, iso: string): HTMLElement {
  return h("p", { class: "message-head" }, h("strong", {}, isolated(who)), h("time", { datetime: iso }, day(iso)))
}

/**
 * A link that saves a file. The bytes get an address when they are asked for and lose it soon after, and they are
 * bytes of no type: a page or a drawing among them must not be opened as one of ours.
 */
function file(received: ReceivedFile): HTMLElement {
  const { name, type, sizeBytes } = received
  const link = h(
    "a",
    { class: "file", href: "#", download: savedName(name) },
    icon(iconOf(type)),
    h("span", {}, isolated(shownName(name)), " ", h("span", { class: "soft small" }, size(sizeBytes))),
  )
  link.addEventListener("click", (event) => {
    if (!hearsPress(link)) return event.preventDefault()
    const url = URL.createObjectURL(new Blob([received.blob], { type: "application/octet-stream" }))
    link.href = url
    setTimeout(() => {
      URL.revokeObjectURL(url)
      link.setAttribute("href", "#")
    }, FILE_ADDRESS_MS)
  })
  return h("p", {}, link)
}

const FILE_ADDRESS_MS = 30_000
