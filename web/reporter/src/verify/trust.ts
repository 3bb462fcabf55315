// Which keys are believed for what: those of the profile, former ones until their day, and the signatures of second
// persons (PROTOCOL 2.7).

import type { FormerKey, Inspector, OfficeProfile, Texts } from "../protocol/profile"
import type { Reply } from "../protocol/message"
import type { Unverified } from "./message"

/** Who made a signature, by the profile. */
export type ListedKey = Inspector | FormerKey

/** The key of a person's epoch, whether she still has it or not. */
export function keyOf(profile: OfficeProfile, person: string, epoch: number): ListedKey | undefined {
  const keys: readonly ListedKey[] = [...profile.inspectors, ...profile.former]
  return keys.find((key) => key.id === person && key.epoch === epoch)
}

/** What a person is called in public, also when she is no longer listed. */
export function roleOf(profile: OfficeProfile, person: string): Texts | undefined {
  return [...profile.inspectors, ...profile.former].find(({ id, role }) => id === person && role !== undefined)?.role
}

export function isListed(profile: OfficeProfile, person: string): boolean {
  return profile.inspectors.some(({ id }) => id === person)
}

/** Whether a key is trusted for something dated on these days. A stolen key needs more than the days. */
export function isInTime(key: ListedKey, ...days: readonly string[]): boolean {
  return !("until" in key) || days.every((day) => day <= key.until)
}

/** Whether a thief may have this key. */
export function isStolen(key: ListedKey): boolean {
  return "why" in key && key.why === "stolen"
}

/** Whether what was listed on this day takes effect only with a second person. */
export function asksTwoPersons(profile: OfficeProfile, what: string, listedDay: string): boolean {
  return profile.twoPersons.some(({ id, since }) => id === what && since <= listedDay)
}

/** The persons besides its sender who signed a message, with a key that counts, and are not left out of the case. */
export function secondsOf(
  profile: OfficeProfile,
  text: Unverified,
  reply: Reply,
  listedDay: string,
  isLeftOut: (person: string) => boolean,
): string[] {
  const counting = reply.seconds.filter(({ sender, epoch, signature }) => {
    if (sender === reply.sender || isLeftOut(sender)) return false
    const key = keyOf(profile, sender, epoch)
    return key !== undefined && !isStolen(key) && isInTime(key, reply.day, listedDay) && text.isSecondedBy(key.signer, signature)
  })
  return counting.map(({ sender }) => sender)
}
