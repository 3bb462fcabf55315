// The checksum of PNG and zip, by its table: another way than the one that is tested.

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1
  return rest
})

export function crc32(data: Uint8Array): number {
  return ~data.reduce((rest, byte) => (rest >>> 8) ^ TABLE[(rest ^ byte) & 0xff]!, 0xffffffff) >>> 0
}
