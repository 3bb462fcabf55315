// Persons in messages and under orders: an inspector is a person with an id for ever and keys of an epoch (PROTOCOL 3).

import { isHex } from "./bytes"
import { asEpoch, asId, asMembers, REPORTER, require } from "./values"

const PERSONS_MAX = 12

/** A signature and the key that is said to have made it. */
export interface PersonSignature {
  sender: string
  epoch: number
  signature: string
}

export function asPersonSignature(value: unknown): PersonSignature {
  const members = asMembers(value, "signature")
  const signature = members["signature"]
  require(isHex(signature, 64), "a signature")
  return { sender: asId(members["sender"], "signature"), epoch: asEpoch(members["epoch"]), signature }
}

/** 1 to 12 ids of persons, ascending, none twice: the one order in which a message names them. */
export function asReaders(value: unknown): readonly string[] {
  require(Array.isArray(value) && value.length >= 1 && value.length <= PERSONS_MAX, "1 to 12 readers")
  const readers = value.map((id) => asId(id, "readers"))
  require(readers.every((id, i) => id !== REPORTER && (i === 0 || id > (readers[i - 1] ?? ""))), "readers ascend")
  return readers
}

/** Any persons in that order. */
export function sortedPersons(ids: Iterable<string>): string[] {
  return [...new Set(ids)].sort((one, other) => (one < other ? -1 : 1))
}
