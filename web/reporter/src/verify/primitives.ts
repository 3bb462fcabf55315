// The strict implementations, the same in every browser: for a page that seals or opens.

import { sha256 } from "@noble/hashes/sha2.js"
import type { Bytes } from "../protocol/bytes"
import type { Primitives } from "./profile"
import { isSignedBy } from "./signature"

export const STRICT: Primitives = { sha256: (bytes) => sha256(bytes) as Bytes, isSignedBy }
