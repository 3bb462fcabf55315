// How fast this browser seals: from tens of megabytes a second down to half of one, where Tor Browser's "Safer" level
// takes away the JIT.

import { Encrypter, Stanza } from "age-encryption"
import { sha256 } from "@noble/hashes/sha2.js"

/** Clocks are coarse on purpose in browsers that resist fingerprinting (100 ms): only a longer run can be timed. */
const RUN_MS = 300
const STEP_BYTES = 65_536

/** Bytes per second, of sealing and hashing. Takes about a third of a second, in steps. */
export async function sealingSpeed(): Promise<number> {
  const sample = new Uint8Array(STEP_BYTES)
  const hash = sha256.create()
  const encrypter = new Encrypter()
  // The stanzas cost the same whatever the size of a file: left out of the measure.
  encrypter.addRecipient({ wrapFileKey: () => [new Stanza(["none"], new Uint8Array(1))] })
  const start = performance.now()
  let bytes = 0
  const source = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await new Promise((resume) => setTimeout(resume))
        if (performance.now() - start > RUN_MS) return controller.close()
        hash.update(sample)
        bytes += STEP_BYTES
        controller.enqueue(sample)
      },
    },
    { highWaterMark: 0 },
  )
  const reader = (await encrypter.encrypt(source)).getReader()
  while (!(await reader.read()).done);
  return bytes / ((performance.now() - start) / 1000)
}
