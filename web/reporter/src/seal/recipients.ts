// Who can open a message: for every inspector of the profile one stanza, whoever is left out (PROTOCOL 2.4).

import { generateHybridIdentity, identityToRecipient } from "age-encryption"
import { ReporterError } from "../errors"
import type { OfficeProfile } from "../protocol/profile"

/**
 * The recipients of a report or follow-up, in the profile's order. In the place of an inspector who is no reader stands a
 * fresh key whose private half is dropped here: its stanza opens for nobody and looks like the others.
 */
export async function recipientsOf(profile: OfficeProfile, readers: readonly string[]): Promise<string[]> {
  if (readers.length === 0) throw new ReporterError("nobody-left")
  // Whoever is not listed would be named in the message and could not open it.
  if (!readers.every((reader) => profile.inspectors.some(({ id }) => id === reader))) throw new Error("a reader who is not listed")
  return Promise.all(
    profile.inspectors.map(async ({ id, recipient }) =>
      readers.includes(id) ? recipient : identityToRecipient(await generateHybridIdentity()),
    ),
  )
}
