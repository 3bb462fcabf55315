// A case as its reporter may see it: where it stands, and the letters in their order. Only what carries the
// signature of an inspector of this office is shown as an inspector's word; the rest is said to be what it is.

import { text, textOf } from "#shared/texts"
import { h, icon, isolated } from "#shared/dom"
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
  if (message.direction === "to-office") {
    const what = message.position === 0 ? text("message.report") : text("message.follow-up")
    return h("li", look("to-office", "own"), head(what, message.day), h("p", { class: "soft small" }, text("message.sealed")))
  }
  if (message.authenticity !== "authentic") {
    const words = h("p", { class: "note note-bad" }, textOf("unbelieved", message.authenticity))
    return h("li", look("to-reporter", message.authenticity), head(text("message.unknown"), message.day), words)
  }
  return h(
    "li",
    look("to-reporter", "verified"),
    head(localized(message.role), message.day),
    h("p", { class: "verified" }, icon("check"), text("message.verified")),
    ...message.warnings.map((warning) => h("p", { class: "note note-warn", "data-warning": warning }, textOf("message-warning", warning))),
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

function look(direction: MailboxMessage["direction"], authenticity: string) {
  return { class: "message", "data-direction": direction, "data-authenticity": authenticity }
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
  link.addEventListener("click", () => {
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
