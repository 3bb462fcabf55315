// The office this page reports to: its signed profile, what the page shows of it, and the core that seals to it.

import type { Profile, Reason } from "../../reporter"
import { text } from "#shared/texts"
import { setNeutralPage } from "./exit"
import { localized, phone } from "#shared/format"
import { officeIn } from "./fragment"
import { isDistrusted, reasonOf, showProblem, tryAgain } from "./problem"
import { loadPart } from "./scripts"

export type { Profile } from "../../reporter"
export type Core = typeof import("../../reporter")

export interface Office {
  readonly core: Core
  readonly profile: Profile
}

let loaderOfPage: () => Promise<LoadProfile> = strictLoader
let profileLoading: Promise<Profile> | undefined
let profile: Profile | undefined
let core: Core | undefined

/** The office id that a poster or a link gave in the fragment. What is no office id is no office's: "profile-foreign". */
export function expectedOffice(): string | undefined {
  return officeIn(location.hash)
}

export function fragment(): URLSearchParams {
  return new URLSearchParams(location.hash.slice(1))
}

type LoadProfile = (options: { expectedOffice?: string }) => Promise<Profile>

/**
 * The verified profile, once for each visit. It comes without the sealing, so that questions need not wait. What failed is tried
 * again. A page that only shows the office, or only reads, brings a `loader` of its own, which it keeps.
 */
export function loadOffice(loader: () => Promise<LoadProfile> = loaderOfPage): Promise<Profile> {
  loaderOfPage = loader
  profileLoading ??= load(loader).catch((error: unknown) => {
    profileLoading = undefined
    throw error
  })
  return profileLoading
}

/** Loads the office for a page that can do without it for a while; what went wrong is told, with a way to ask anew. */
export function showOffice(loader?: () => Promise<LoadProfile>, onProfile: (profile: Profile) => void = () => {}): void {
  loadOffice(loader).then(onProfile, (error: unknown) => {
    const reason = reasonOf(error)
    showProblem(reason, isDistrusted(reason) ? {} : { action: tryAgain(() => showOffice(loader, onProfile)) })
  })
}

/** The profile, and all that is needed to seal and open. */
export async function office(): Promise<Office> {
  // Neither is asked for in vain when the other fails; the profile's failure says more.
  const [loadedProfile, loadedCore] = await Promise.allSettled([loadOffice(), loadPart("core")])
  if (loadedProfile.status === "rejected") throw loadedProfile.reason
  if (loadedCore.status === "rejected") throw loadedCore.reason
  core = loadedCore.value
  return { core, profile: loadedProfile.value }
}

export function profileNow(): Profile | undefined {
  return profile
}

export function officeNow(): Office | undefined {
  return profile === undefined || core === undefined ? undefined : { core, profile }
}

async function strictLoader(): Promise<LoadProfile> {
  return (await loadPart("core")).loadProfile
}

async function load(loader: () => Promise<LoadProfile>): Promise<Profile> {
  const expected = expectedOffice()
  if (expected !== undefined && !/^[0-9a-f]{32}$/.test(expected)) {
    throw Object.assign(new Error("the fragment names no office"), { reason: "profile-foreign" satisfies Reason })
  }
  const loadProfile = await loader()
  const loaded = await loadProfile(expected === undefined ? {} : { expectedOffice: expected })
  // The fragment may have changed meanwhile; what was checked against the old one counts for nothing.
  if (expectedOffice() !== expected) return load(loader)
  profile = loaded
  setNeutralPage(profile.contacts.neutralPage)
  fillOffice()
  return profile
}

/**
 * Another office in the fragment is another page. Where something is typed it stays, and the profile is checked again
 * before anything can be sent.
 */
export function watchFragment(isEmpty: () => boolean): void {
  let before = expectedOffice()
  addEventListener("hashchange", () => {
    const now = expectedOffice()
    if (now === before) return
    before = now
    if (isEmpty()) return location.reload()
    profile = undefined
    profileLoading = undefined
    carryFragment()
    showOffice()
  })
}

/** Puts what the profile says where the page left room for it: [data-office]. */
export function fillOffice(): void {
  if (profile === undefined) return
  const words: Record<string, string> = {
    name: localized(profile.name),
    fingerprint: profile.office.replace(/(.{4})(?=.)/g, "$1 "),
    danger: dangerWords(),
    legal: localized(profile.legalNote),
  }
  for (const place of document.querySelectorAll<HTMLElement>("[data-office]")) {
    const content = words[place.dataset["office"] ?? ""] ?? ""
    if (content === "") continue
    place.textContent = content
    place.hidden = false
    place.closest<HTMLElement>("[data-needs-office]")?.removeAttribute("hidden")
  }
}

export function dangerWords(): string {
  const emergency = profile?.contacts.emergencyPhone ?? ""
  return emergency === "" ? text("danger.plain") : text("danger.phone", { phone: phone(emergency) })
}

/** Whether links carry an office, which has to be taken out again when the fragment loses it. */
let carried = false

/** The fragment goes along to every page of ours, or the check would end with the first link. */
export function carryFragment(): void {
  const expected = expectedOffice()
  if (expected === undefined && !carried) return
  carried = true
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[href]")) {
    if (link.origin !== location.origin || link.getAttribute("href")?.startsWith("#")) continue
    const own = new URLSearchParams(link.hash.slice(1))
    if (expected === undefined) own.delete("office")
    else own.set("office", expected)
    link.hash = own.toString()
  }
}
