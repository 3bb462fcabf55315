// Sealing in the page itself: what is small, and everything where there are no workers. Step by step, so that the page hears the
// person and draws in between.

import { createPauser } from "../pause"
import { runningDigest } from "./digests"
import { archiveBatches, Pieces, sealBatches, type ArchiveWork, type Conclude, type Sealing, type SealingWork } from "./payload"
import { CHUNK_BYTES, createChunkCipher } from "./stream"

/** One chunk is the least that can be sealed. */
const BATCH_BYTES = CHUNK_BYTES

/** Takes the payload key. Nothing is sealed before the first piece is asked for. */
export async function sealInline(archive: ArchiveWork, work: SealingWork, conclude: Conclude): Promise<Sealing> {
  const pause = createPauser()
  const cipher = await createChunkCipher(work.payloadKey)
  const batches = archiveBatches(archive, BATCH_BYTES, conclude, pause)
  const pieces = new Pieces(work.header, sealBatches(batches, cipher, work.archiveBytes, pause))
  const running = runningDigest(work.sizeBytes, work.wholeBytesMax)
  let left = work.sizeBytes
  let tell: (digest: string) => void = () => {}
  const digest = new Promise<string>((resolve) => (tell = resolve))
  return {
    sizeBytes: work.sizeBytes,
    async next(pieceBytes) {
      const piece = await pieces.next(pieceBytes)
      await running.update(piece, pause)
      left -= piece.length
      if (left === 0) {
        cipher.wipe()
        tell(await running.digest(pause))
      }
      return piece
    },
    digest: () => digest,
    end() {
      cipher.wipe()
      void pieces.end()
    },
  }
}
