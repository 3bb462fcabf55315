// The office profile: who opens reports, and what the pages need to know of an office (PROTOCOL 3).

import { isHex } from "./bytes"
import { asExtensions, isOfNewerVersion, type Extensions } from "./extensions"
import { parseStrictJson } from "./json"
import {
  FORMAT,
  REPORTER,
  asArray,
  asDay,
  asEpoch,
  asId,
  asInteger,
  asLanguage,
  asMembers,
  asRecipient,
  asText,
  asVersion,
  asWord,
  require,
  type Members,
} from "./values"

const TEXT_BYTES_MAX = 4096
const CHOICES_MAX = 200
const FILES_BYTES_MAX = 251_658_240
/**
 * Each root signs versions of its own, above all of the root before it: so it outranks whatever a thief of that one can sign,
 * wherever two versions are compared.
 */
const VERSIONS_PER_ROOT = 10_000
/** How long a profile may be in force: as long can a server keep a stolen key in use for a new reporter. */
const PROFILE_DAYS_MAX = 190
const DAY_MS = 86_400_000
/** A name and a path in ASCII, without user, port or query before the path: every browser parses it, to the same place. */
const NEUTRAL_PAGE = /^https:\/\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?(\/[!-~]*)?$/
const ADDRESS = /^(https?):\/\/(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?$/
const ADDRESS_BYTES_MAX = 255

/** One text for each language of the profile. */
export type Texts = Readonly<Record<string, string>>

/** A root key, and what commits it to the one after it. */
export interface Root {
  readonly key: string
  /** SHA-256 of the next root's key and `next`, or zeros where none is to follow. */
  readonly next: string
}

/** A person, with her present keys. */
export interface Inspector {
  readonly id: string
  /** Version of the first profile that listed her. */
  readonly joined: number
  readonly epoch: number
  readonly role: Texts
  readonly recipient: string
  /** Ed25519 public key in hex: signs replies. */
  readonly signer: string
}

/** A key that verifies what it signed until a day, and nothing after it. */
export interface FormerKey {
  readonly id: string
  readonly epoch: number
  readonly signer: string
  /** The last day on which it is trusted, not the day on which a loss was found. */
  readonly until: string
  readonly why: "left" | "replaced" | "stolen"
  /** Of a person who is no longer listed, as it stood there: who was left out of a case stays left out of it. */
  readonly joined?: number
  /** Of a person who is no longer listed. */
  readonly role?: Texts
}

export interface Choice {
  readonly id: string
  readonly name: Texts
}

/** What citizens deal with, and whose it is. */
export interface Service extends Choice {
  readonly unit: string
}

export interface OfficeProfile {
  readonly office: string
  readonly roots: readonly Root[]
  readonly version: number
  readonly issued: string
  /** Valid up to and with this day. */
  readonly expires: string
  readonly addresses: readonly string[]
  /** The first is the office's own. */
  readonly languages: readonly string[]
  readonly name: Texts
  readonly inspectors: readonly Inspector[]
  readonly former: readonly FormerKey[]
  readonly kinds: readonly Choice[]
  readonly districts: readonly Choice[]
  readonly units: readonly Choice[]
  readonly services: readonly Service[]
  readonly deadlines: {
    readonly conflictCheckWorkingDays: number
    readonly acknowledgementDays: number
    readonly progressDays: number
    readonly feedbackMonths: number
    readonly informationWorkingDays: number
    readonly correctiveOrderDays: number
  }
  readonly holidays: readonly string[]
  readonly retention: { readonly closedDays: number; readonly unansweredDays: number }
  /** What takes effect only with a second person, from a day on. */
  readonly twoPersons: readonly { readonly id: string; readonly since: string }[]
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
  /** Whether an extension, here or beside a person, must be understood: then a newer program is needed. */
  readonly isOfNewerVersion: boolean
}

const MEMBERS = [
  ...["format", "office", "roots", "version", "issued", "expires", "addresses", "languages", "name", "inspectors", "former", "kinds"],
  ...["districts", "units", "services", "deadlines", "holidays", "retention", "two_persons", "contacts", "legal_note", "limits"],
  "extensions",
]
const DEADLINES = [
  "conflict_check_working_days",
  "acknowledgement_days",
  "progress_days",
  "feedback_months",
  "information_working_days",
  "corrective_order_days",
] as const
const CONTACTS = ["emergency_phone", "phone", "website", "neutral_page"] as const
/** What may ask for two persons: these, and the ids of outcomes. */
const TWO_PERSONS =
  /^(erase|full-export|publication|(partly-|not-)?substantiated|insufficient-information|no-violation|service-fixed|process-corrected|referred|out-of-scope|duplicate|withdrawn|knowingly-false)$/

/** The text of a note. Believes nothing: verifyProfile (verify/profile.ts) does. */
export function decodeProfile(text: string): OfficeProfile {
  const all = exactly(parseStrictJson(text), MEMBERS, "profile")
  require(all["format"] === FORMAT, "another format")
  require(isHex(all["office"], 16), "office")
  const languages = asArray(all["languages"], 1, 8, "languages").map((language) => asLanguage(language, "languages"))
  requireUnique(languages, "a language")
  const parse = new Parser(languages)
  const deadlines = exactly(all["deadlines"], DEADLINES, "deadlines")
  const contacts = exactly(all["contacts"], CONTACTS, "contacts")
  const retention = exactly(all["retention"], ["closed_days", "unanswered_days"], "retention")
  const days = (of: Members, name: string) => asInteger(of[name], name)
  const contact = (name: (typeof CONTACTS)[number]) => asText(contacts[name], "contacts", TEXT_BYTES_MAX)
  const inspectors = asArray(all["inspectors"], 1, 12, "inspectors").map((value) => parse.inspector(value))
  const profile = {
    office: all["office"],
    roots: asArray(all["roots"], 1, 4, "roots").map(asRoot),
    version: asVersion(all["version"]),
    issued: asDay(all["issued"], "issued"),
    expires: asDay(all["expires"], "expires"),
    addresses: asArray(all["addresses"], 1, 8, "addresses").map(asAddress),
    languages,
    name: parse.texts(all["name"], "name"),
    inspectors,
    former: asArray(all["former"], 0, 64, "former").map((value) => parse.former(value, inspectors)),
    kinds: parse.choices(all, "kinds"),
    districts: parse.choices(all, "districts"),
    units: parse.choices(all, "units"),
    services: parse.services(all),
    deadlines: {
      conflictCheckWorkingDays: days(deadlines, "conflict_check_working_days"),
      acknowledgementDays: days(deadlines, "acknowledgement_days"),
      progressDays: days(deadlines, "progress_days"),
      feedbackMonths: days(deadlines, "feedback_months"),
      informationWorkingDays: days(deadlines, "information_working_days"),
      correctiveOrderDays: days(deadlines, "corrective_order_days"),
    },
    holidays: asArray(all["holidays"], 0, 400, "holidays").map((day) => asDay(day, "holidays")),
    retention: { closedDays: days(retention, "closed_days"), unansweredDays: days(retention, "unanswered_days") },
    twoPersons: asArray(all["two_persons"], 0, 16, "two_persons").map(asTwoPersons),
    contacts: {
      emergencyPhone: contact("emergency_phone"),
      phone: contact("phone"),
      website: contact("website"),
      neutralPage: contact("neutral_page"),
    },
    legalNote: parse.texts(all["legal_note"], "legal_note"),
    limits: { filesBytes: days(exactly(all["limits"], ["files_bytes"], "limits"), "files_bytes") },
    isOfNewerVersion: isOfNewerVersion(asExtensions(all["extensions"]), ...parse.extensions),
  }
  checkRules(profile)
  return profile
}

function checkRules(profile: OfficeProfile): void {
  const { version, roots, issued, expires, addresses, units, services, holidays, retention, twoPersons, contacts, limits } = profile
  const daysInForce = (Date.parse(expires) - Date.parse(issued)) / DAY_MS
  require(daysInForce >= 0 && daysInForce <= PROFILE_DAYS_MAX, "a profile is in force for at most 190 days")
  require(Math.ceil(version / VERSIONS_PER_ROOT) === roots.length, "a version that another root signs")
  requireUnique(addresses, "an address")
  checkPersons(profile)
  const joined = [...profile.inspectors, ...profile.former].map((key) => key.joined ?? 1)
  require(joined.every((first) => first >= 1 && first <= version), '"joined" is a version up to this one')
  require(services.every(({ unit }) => units.some(({ id }) => id === unit)), "a service's unit is one of the units")
  require(holidays.every((day, i) => i === 0 || day > (holidays[i - 1] ?? "")), "holidays ascend")
  require([retention.closedDays, retention.unansweredDays].every((days) => days >= 1 && days <= 36_500), "retention is 1 to 36500 days")
  requireUnique(idsOf(twoPersons), "two_persons")
  require(NEUTRAL_PAGE.test(contacts.neutralPage), "the neutral page is no plain https:// address")
  require(limits.filesBytes <= FILES_BYTES_MAX, "files_bytes is too large")
}

/** One key never stands for two persons, nor two keys for one place. */
function checkPersons({ inspectors, former, roots }: OfficeProfile): void {
  for (const key of former) {
    const listed = inspectors.find(({ id }) => id === key.id)
    require(listed === undefined || key.epoch < listed.epoch, "a former key's epoch is an earlier one")
    require(key.joined === former.find(({ id }) => id === key.id)?.joined, "a person joined once")
  }
  const keys = [...inspectors, ...former]
  require(keys.every(({ id }) => id !== REPORTER), 'no inspector\'s id is "reporter"')
  requireUnique(idsOf(inspectors), "an inspector")
  requireUnique(
    inspectors.map(({ recipient }) => recipient),
    "a recipient",
  )
  requireUnique(
    former.map(({ id, epoch }) => `${id} ${epoch}`),
    "a former key",
  )
  requireUnique([...keys.map(({ signer }) => signer), ...roots.map(({ key }) => key)], "a signer")
}

/** What needs to know the languages of the profile. */
class Parser {
  /** All that stood beside persons and keys. */
  readonly extensions: Extensions[] = []
  readonly #languages: readonly string[]

  constructor(languages: readonly string[]) {
    this.#languages = languages
  }

  texts(value: unknown, what: string): Texts {
    const texts = exactly(value, this.#languages, what)
    return Object.fromEntries(this.#languages.map((language) => [language, asText(texts[language], what, TEXT_BYTES_MAX)]))
  }

  inspector(value: unknown): Inspector {
    const members = exactly(value, ["id", "joined", "epoch", "role", "recipient", "signer", "extensions"], "inspector")
    return {
      ...this.#key(members),
      joined: asInteger(members["joined"], "joined"),
      role: this.texts(members["role"], "role"),
      recipient: asRecipient(members["recipient"], "an inspector's recipient"),
    }
  }

  former(value: unknown, inspectors: readonly Inspector[]): FormerKey {
    const isListed = inspectors.some(({ id }) => id === asMembers(value, "former")["id"])
    const names = ["id", "epoch", "signer", "until", "why", "extensions"]
    const members = exactly(value, isListed ? names : [...names, "joined", "role"], "former")
    const key = {
      ...this.#key(members),
      until: asDay(members["until"], "until"),
      why: asWord(members["why"], ["left", "replaced", "stolen"] as const, "why"),
    }
    if (isListed) return key
    return { ...key, joined: asInteger(members["joined"], "joined"), role: this.texts(members["role"], "role") }
  }

  choices(all: Members, what: string): Choice[] {
    const choices = asArray(all[what], 0, CHOICES_MAX, what).map((value) => this.#choice(exactly(value, ["id", "name"], what), what))
    requireUnique(idsOf(choices), what)
    return choices
  }

  services(all: Members): Service[] {
    const services = asArray(all["services"], 0, CHOICES_MAX, "services").map((value) => {
      const members = exactly(value, ["id", "name", "unit"], "services")
      return { ...this.#choice(members, "services"), unit: asId(members["unit"], "a service's unit") }
    })
    requireUnique(idsOf(services), "services")
    return services
  }

  #choice(members: Members, what: string): Choice {
    return { id: asId(members["id"], what), name: this.texts(members["name"], what) }
  }

  #key(members: Members) {
    require(isHex(members["signer"], 32), "a signer")
    this.extensions.push(asExtensions(members["extensions"]))
    return { id: asId(members["id"], "a person"), epoch: asEpoch(members["epoch"]), signer: members["signer"] }
  }
}

function asRoot(value: unknown): Root {
  const { key, next } = exactly(value, ["key", "next"], "root")
  require(isHex(key, 32) && isHex(next, 32), "a root")
  return { key, next }
}

function asAddress(value: unknown): string {
  const [, scheme, port] = (typeof value === "string" && value.length <= ADDRESS_BYTES_MAX && ADDRESS.exec(value)) || []
  require(scheme !== undefined, "an address")
  require(port === undefined || (Number(port) <= 65_535 && port !== (scheme === "http" ? "80" : "443")), "an address's port")
  return value as string
}

function asTwoPersons(value: unknown) {
  const members = exactly(value, ["id", "since"], "two_persons")
  const id = asId(members["id"], "two_persons")
  require(TWO_PERSONS.test(id), "two_persons knows erase, full-export, publication and the ids of outcomes")
  return { id, since: asDay(members["since"], "two_persons") }
}

/** An object with these members and no other. */
function exactly(value: unknown, names: readonly string[], what: string): Members {
  const members = asMembers(value, what)
  require(Object.keys(members).length === names.length && names.every((name) => Object.hasOwn(members, name)), `${what}: other members`)
  return members
}

function idsOf(items: readonly { readonly id: string }[]): string[] {
  return items.map(({ id }) => id)
}

function requireUnique(values: readonly string[], what: string): void {
  require(new Set(values).size === values.length, `${what} stands there twice`)
}
