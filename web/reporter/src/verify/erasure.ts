// Whether an order of erasure is to be obeyed (PROTOCOL 2.12).

import { decodeHex } from "../protocol/bytes"
import { erasureBytes, type ErasureOrder } from "../protocol/erasure"
import type { OfficeProfile } from "../protocol/profile"
import { isSignedBy } from "./signature"
import { asksTwoPersons, isInTime, isStolen, keyOf } from "./trust"

/** What a reporter knows of the case that an order is for. */
export interface ErasureContext {
  profile: OfficeProfile
  caseId: string
  isLeftOut: (person: string) => boolean
  /** Whether the mailbox lists a reply. */
  isReplied: boolean
}

/** Whether enough persons signed who may, with keys that are trusted on the order's day. */
export function isValidOrder(order: ErasureOrder, { profile, caseId, isLeftOut, isReplied }: ErasureContext): boolean {
  const bytes = erasureBytes(order, profile.office, caseId)
  const signers = order.signatures.filter(({ sender, epoch, signature }) => {
    const key = keyOf(profile, sender, epoch)
    if (key === undefined || isLeftOut(sender) || isStolen(key) || !isInTime(key, order.day)) return false
    return isSignedBy(decodeHex(key.signer, 32), decodeHex(signature, 64), bytes)
  })
  const needed = !isReplied || asksTwoPersons(profile, "erase", order.day) ? 2 : 1
  return new Set(signers.map(({ sender }) => sender)).size >= needed
}
