// Who can open a message: for every inspector of the profile one stanza, whoever is left out (PROTOCOL 2.4).

import { generateHybridIdentity, identityToRecipient } from "age-encryption"
import { ReporterError } from "../errors"
import type { OfficeProfile } from "../protocol/profile"

/**
 * The recipients of a report or follow-up, in the profile's order. In the place of an inspector who is left out stands a
 * fresh key whose private half is dropped here: its stanza opens for nobody and looks like the others.
 */
export async function recipientsOf(profile: OfficeProfile, leftOut: readonly string[]): Promise<string[]> {
  if (profile.inspectors.every(({ id }) => leftOut.includes(id))) throw new ReporterError("nobody-left")
  return Promise.all(
    profile.inspectors.map(async ({ id, recipient }) =>
      leftOut.includes(id) ? identityToRecipient(await generateHybridIdentity()) : recipient,
    ),
  )
}
