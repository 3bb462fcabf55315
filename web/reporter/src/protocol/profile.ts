// The office profile: who opens reports, and what the pages need to know of an office (PROTOCOL 3).

import { isHex } from "./bytes"
import { parseStrictJson } from "./json"
import { FORMAT, asArray, asDay, asId, asInteger, asLanguage, asMembers, asRecipient, asText, require, type Members } from "./values"

const TEXT_BYTES_MAX = 4096
const CHOICES_MAX = 200
const FILES_BYTES_MAX = 251_658_240
/** A name and a path in ASCII, without user, port or query before the path: every browser parses it, to the same place. */
const NEUTRAL_PAGE = /^https:\/\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?(\/[!-~]*)?$/

/** One text for each language of the profile. */
export type Texts = Readonly<Record<string, string>>

export interface Inspector {
  readonly id: string
  readonly role: Texts
  readonly recipient: string
  /** Ed25519 public key in hex: signs replies. */
  readonly signer: string
}

export interface Choice {
  readonly id: string
  readonly name: Texts
}

export interface OfficeProfile {
  readonly office: string
  readonly root: string
  readonly version: number
  readonly issued: string
  /** Valid up to and with this day. */
  readonly expires: string
  /** The first is the office's own. */
  readonly languages: readonly string[]
  readonly name: Texts
  readonly inspectors: readonly Inspector[]
  readonly kinds: readonly Choice[]
  readonly districts: readonly Choice[]
  readonly units: readonly Choice[]
  readonly deadlines: {
    readonly conflictCheckWorkingDays: number
    readonly acknowledgementDays: number
    readonly progressDays: number
    readonly feedbackMonths: number
    readonly informationWorkingDays: number
    readonly correctiveOrderDays: number
  }
  readonly contacts: {
    /** "" when there is none, as all of these but the last. */
    readonly emergencyPhone: string
    readonly phone: string
    readonly website: string
    /** Where the quick exit leads: https://, a name in lower case, and perhaps a path. */
    readonly neutralPage: string
  }
  readonly legalNote: Texts
  /** What the files of one message may hold together. */
  readonly limits: { readonly filesBytes: number }
}

const MEMBERS = [
  "format",
  "office",
  "root",
  "version",
  "issued",
  "expires",
  "languages",
  "name",
  "inspectors",
  "kinds",
  "districts",
  "units",
  "deadlines",
  "contacts",
  "legal_note",
  "limits",
] as const
const DEADLINES = [
  "conflict_check_working_days",
  "acknowledgement_days",
  "progress_days",
  "feedback_months",
  "information_working_days",
  "corrective_order_days",
] as const
const CONTACTS = ["emergency_phone", "phone", "website", "neutral_page"] as const

/** The text of a note. Believes nothing: verifyProfile (verify/profile.ts) does. */
export function decodeProfile(text: string): OfficeProfile {
  const all = exactly(parseStrictJson(text), MEMBERS, "profile")
  require(all["format"] === FORMAT, "another format")
  require(isHex(all["office"], 16) && isHex(all["root"], 32), "office or root")
  const languages = asArray(all["languages"], 1, 8, "languages").map((language) => asLanguage(language, "languages"))
  requireUnique(languages, "a language")
  const asTexts = (value: unknown, what: string): Texts => {
    const texts = exactly(value, languages, what)
    return Object.fromEntries(languages.map((language) => [language, asText(texts[language], what, TEXT_BYTES_MAX)]))
  }
  const asChoices = (what: string): Choice[] => {
    const choices = asArray(all[what], 0, CHOICES_MAX, what).map((value) => {
      const choice = exactly(value, ["id", "name"], what)
      return { id: asId(choice["id"], what), name: asTexts(choice["name"], what) }
    })
    requireUnique(
      choices.map(({ id }) => id),
      what,
    )
    return choices
  }
  const inspectors = asArray(all["inspectors"], 1, 12, "inspectors").map((value): Inspector => {
    const inspector = exactly(value, ["id", "role", "recipient", "signer"], "inspector")
    const id = asId(inspector["id"], "inspector")
    require(id !== "reporter", 'no inspector\'s id is "reporter"')
    require(isHex(inspector["signer"], 32), "an inspector's signer")
    const recipient = asRecipient(inspector["recipient"], "an inspector's recipient")
    return { id, role: asTexts(inspector["role"], "role"), recipient, signer: inspector["signer"] }
  })
  for (const member of ["id", "recipient", "signer"] as const)
    requireUnique(
      inspectors.map((inspector) => inspector[member]),
      `an inspector's ${member}`,
    )

  const deadlines = exactly(all["deadlines"], DEADLINES, "deadlines")
  const contacts = exactly(all["contacts"], CONTACTS, "contacts")
  const limits = exactly(all["limits"], ["files_bytes"], "limits")
  const profile: OfficeProfile = {
    office: all["office"],
    root: all["root"],
    version: asInteger(all["version"], "version"),
    issued: asDay(all["issued"], "issued"),
    expires: asDay(all["expires"], "expires"),
    languages,
    name: asTexts(all["name"], "name"),
    inspectors,
    kinds: asChoices("kinds"),
    districts: asChoices("districts"),
    units: asChoices("units"),
    deadlines: {
      conflictCheckWorkingDays: asInteger(deadlines["conflict_check_working_days"], "deadlines"),
      acknowledgementDays: asInteger(deadlines["acknowledgement_days"], "deadlines"),
      progressDays: asInteger(deadlines["progress_days"], "deadlines"),
      feedbackMonths: asInteger(deadlines["feedback_months"], "deadlines"),
      informationWorkingDays: asInteger(deadlines["information_working_days"], "deadlines"),
      correctiveOrderDays: asInteger(deadlines["corrective_order_days"], "deadlines"),
    },
    contacts: {
      emergencyPhone: asText(contacts["emergency_phone"], "contacts", TEXT_BYTES_MAX),
      phone: asText(contacts["phone"], "contacts", TEXT_BYTES_MAX),
      website: asText(contacts["website"], "contacts", TEXT_BYTES_MAX),
      neutralPage: asText(contacts["neutral_page"], "contacts", TEXT_BYTES_MAX),
    },
    legalNote: asTexts(all["legal_note"], "legal_note"),
    limits: { filesBytes: asInteger(limits["files_bytes"], "files_bytes") },
  }
  require(profile.version >= 1, "the version counts from 1")
  require(NEUTRAL_PAGE.test(profile.contacts.neutralPage), "the neutral page is no plain https:// address")
  require(profile.limits.filesBytes <= FILES_BYTES_MAX, "files_bytes is too large")
  return profile
}

/** An object with these members and no other. */
function exactly(value: unknown, names: readonly string[], what: string): Members {
  const members = asMembers(value, what)
  require(Object.keys(members).length === names.length && names.every((name) => Object.hasOwn(members, name)), `${what}: other members`)
  return members
}

function requireUnique(values: readonly string[], what: string): void {
  require(new Set(values).size === values.length, `${what} stands there twice`)
}
