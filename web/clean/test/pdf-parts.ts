// A small writer of PDF files, in the two layouts that there are: a table of objects, and objects packed into streams.

import { deflateSync } from "node:zlib"

export type Objects = Record<number, string | Buffer>

/** An object with data. */
export function stream(dict: string, data: string | Buffer): Buffer {
  const bytes = Buffer.from(data as string, "latin1")
  return Buffer.concat([Buffer.from(`<<${dict} /Length ${bytes.length}>>\nstream\n`, "latin1"), bytes, Buffer.from("\nendstream")])
}

export function classic(objects: Objects, trailer: string, head = "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"): Buffer {
  return append(Buffer.from(head, "latin1"), objects, trailer, null)
}

/** Adds a revision, as editors do that save quickly. */
export function update(file: Buffer, objects: Objects, trailer: string): Buffer {
  const previous = /startxref\s+(\d+)\s+%%EOF\s*$/.exec(file.toString("latin1"))![1]!
  return append(file, objects, trailer, previous)
}

function append(file: Buffer, objects: Objects, trailer: string, previous: string | null): Buffer {
  const pieces = [file]
  let at = file.length
  const offsets: [number, number][] = []
  for (const [number, content] of Object.entries(objects)) {
    const bytes = Buffer.concat([Buffer.from(`${number} 0 obj\n`), Buffer.from(content as string, "latin1"), Buffer.from("\nendobj\n")])
    offsets.push([Number(number), at])
    pieces.push(bytes)
    at += bytes.length
  }
  const size = Math.max(...offsets.map(([number]) => number)) + 1
  let table = "xref\n" + (previous === null ? "0 1\n0000000000 65535 f \n" : "")
  for (const [number, offset] of offsets) table += `${number} 1\n${String(offset).padStart(10, "0")} 00000 n \n`
  pieces.push(
    Buffer.from(
      `${table}trailer\n<</Size ${size} ${previous === null ? "" : `/Prev ${previous} `}${trailer}>>\nstartxref\n${at}\n%%EOF\n`,
      "latin1",
    ),
  )
  return Buffer.concat(pieces)
}

/** PDF 1.5: objects without data in one compressed stream, and a compressed cross-reference with PNG's "up" predictor. */
export function packed(objects: Objects, trailer: string): Buffer {
  const plain = Object.entries(objects).filter(([, content]) => typeof content === "string") as [string, string][]
  const streams = Object.entries(objects).filter(([, content]) => typeof content !== "string") as [string, Buffer][]
  const size = Math.max(...Object.keys(objects).map(Number)) + 3
  const [container, xref] = [size - 2, size - 1]
  let heads = ""
  let bodies = ""
  for (const [number, content] of plain) {
    heads += `${number} ${bodies.length} `
    bodies += content + "\n"
  }
  const data = deflateSync(Buffer.from(heads + bodies, "latin1"))
  const all: [number, Buffer][] = [
    ...streams.map(([number, content]): [number, Buffer] => [Number(number), content]),
    [container, stream(`/Type /ObjStm /N ${plain.length} /First ${heads.length} /Filter /FlateDecode`, data)],
  ]
  const rows = Buffer.alloc(size * 4)
  const pieces: Buffer[] = [Buffer.from("%PDF-1.5\n%\xe2\xe3\xcf\xd3\n", "latin1")]
  let at = pieces[0]!.length
  const row = (number: number, type: number, a: number, b: number): void => {
    rows[number * 4] = type
    rows.writeUInt16BE(a, number * 4 + 1)
    rows[number * 4 + 3] = b
  }
  plain.forEach(([number], i) => row(Number(number), 2, container, i))
  for (const [number, content] of all) {
    const bytes = Buffer.concat([Buffer.from(`${number} 0 obj\n`), content, Buffer.from("\nendobj\n")])
    row(number, 1, at, 0)
    pieces.push(bytes)
    at += bytes.length
  }
  row(xref, 1, at, 0)
  const predicted = Buffer.alloc(size * 5)
  for (let y = 0; y < size; y++) {
    predicted[y * 5] = 2
    for (let x = 0; x < 4; x++) predicted[y * 5 + 1 + x] = rows[y * 4 + x]! - (y > 0 ? rows[(y - 1) * 4 + x]! : 0)
  }
  const section = stream(
    `/Type /XRef /Size ${size} /W [1 2 1] ${trailer} /Filter /FlateDecode /DecodeParms <</Predictor 12 /Columns 4>>`,
    deflateSync(predicted),
  )
  pieces.push(Buffer.from(`${xref} 0 obj\n`), section, Buffer.from(`\nendobj\nstartxref\n${at}\n%%EOF\n`))
  return Buffer.concat(pieces)
}

/** Catalogue, one page with a line of text, and an information dictionary. */
export function letter(more: Objects = {}, catalogue = "", page = "", resources = ""): Objects {
  return {
    1: `<</Type /Catalog /Pages 2 0 R ${catalogue}>>`,
    2: "<</Type /Pages /Kids [3 0 R] /Count 1>>",
    3: `<</Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>> ${resources}>> ${page}>>`,
    4: stream("", "BT /F1 18 Tf 20 100 Td (What is to be read) Tj ET"),
    5: "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
    6:
      "<</Author (CANARYAUTHOR) /Creator (CANARYCREATOR) /Producer <43414E415259> /Title (\\376\\377\\000C\\000A\\000N\\000A\\000R\\000Y) " +
      "/CreationDate (D:20240102030405+03'30') /ModDate (D:20240202030405+03'30') /Company (CANARYCOMPANY)>>",
    ...more,
  }
}

export const TRAILER = "/Root 1 0 R /Info 6 0 R /ID [<0123456789abcdef> <0123456789abcdef>]"

/**
 * The layout of Word's "Save as PDF": a table for old readers in which objects inside streams are free, a stream for new
 * ones that says where these are, and an empty newest section that names both.
 */
export function hybrid(objects: Objects, hidden: Objects, trailer: string): Buffer {
  const file = classic(objects, trailer, "%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
  const table = /startxref\s+(\d+)\s+%%EOF\s*$/.exec(file.toString("latin1"))![1]!
  const [container, xref] = [100, 101]
  let heads = ""
  let bodies = ""
  for (const [number, content] of Object.entries(hidden)) {
    heads += `${number} ${bodies.length} `
    bodies += `${content as string}\n`
  }
  const packedObjects = Buffer.concat([
    Buffer.from(`${container} 0 obj\n`),
    stream(`/Type /ObjStm /N ${Object.keys(hidden).length} /First ${heads.length} /Filter /FlateDecode`, deflateSync(heads + bodies)),
    Buffer.from("\nendobj\n"),
  ])
  const row = (type: number, a: number, b: number): Buffer => Buffer.from([type, (a >> 16) & 255, (a >> 8) & 255, a & 255, b])
  const places = Object.keys(hidden).map((number, i): [number, Buffer] => [Number(number), row(2, container, i)])
  const at = file.length + packedObjects.length
  places.push([container, row(1, file.length, 0)], [xref, row(1, at, 0)])
  const section = stream(
    `/Type /XRef /Size 102 /W [1 3 1] /Index [${places.map(([number]) => `${number} 1`).join(" ")}] ${trailer}`,
    Buffer.concat(places.map(([, bytes]) => bytes)),
  )
  const body = Buffer.concat([file, packedObjects, Buffer.from(`${xref} 0 obj\n`), section, Buffer.from("\nendobj\n")])
  return Buffer.concat([
    body,
    Buffer.from(`xref\n0 0\ntrailer\n<</Size 102 ${trailer} /Prev ${table} /XRefStm ${at}>>\nstartxref\n${body.length}\n%%EOF\n`),
  ])
}
