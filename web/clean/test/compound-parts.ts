// A writer of compound files ([MS-CFB]) with an empty body: one table, one directory, and a first sector for each stream.

const FREE = 0xffffffff
const END = 0xfffffffe

/** `streams` by name; each has room for 512 bytes and says that it is as long as a large one. */
export function compound(streams: Record<string, Buffer>): Buffer {
  const names = Object.keys(streams)
  const directorySectors = Math.ceil((names.length + 1) / 4)
  const head = Buffer.alloc(512)
  head.write("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "latin1")
  for (const [at, value] of [
    [24, 62],
    [26, 3],
    [28, 0xfffe],
    [30, 9],
    [32, 6],
  ] as const)
    head.writeUInt16LE(value, at)
  for (const [at, value] of [
    [44, 1],
    [48, 1],
    [56, 4096],
    [60, END],
    [68, END],
  ] as const)
    head.writeUInt32LE(value, at)
  for (let at = 76; at < 512; at += 4) head.writeUInt32LE(at === 76 ? 0 : FREE, at)

  const table = Buffer.alloc(512, 0xff)
  table.writeUInt32LE(0xfffffffd, 0)
  for (let i = 1; i <= directorySectors; i++) table.writeUInt32LE(i === directorySectors ? END : i + 1, i * 4)

  const directory = Buffer.alloc(512 * directorySectors)
  const write = (index: number, name: string, type: number, start: number, size: number): void => {
    const at = index * 128
    directory.write(name, at, "utf16le")
    directory.writeUInt16LE(name.length * 2 + 2, at + 64)
    directory[at + 66] = type
    for (const place of [68, 72, 76]) directory.writeUInt32LE(FREE, at + place)
    directory.writeUInt32LE(start, at + 116)
    directory.writeUInt32LE(size, at + 120)
  }
  write(0, "Root Entry", 5, END, 0)
  names.forEach((name, i) => write(i + 1, name, 2, directorySectors + 1 + i, 5000))
  return Buffer.concat([
    head,
    table,
    directory,
    ...names.map((name) => Buffer.concat([streams[name]!, Buffer.alloc(512)]).subarray(0, 512)),
  ])
}
