// Documents that tell who made them, and what is inside of documents. A DOCX is a zip of XML (ECMA-376).

import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";

import { pdf } from "./files.mjs";

const run = promisify(execFile);

/// A PDF that names its author: `{path, name, bytes}`.
export async function pdfWithAuthor(folder, name, { text, author }) {
  const document = await pdf(folder, name, text);
  await run("exiftool", ["-q", "-overwrite_original", `-PDF:Author=${author}`, `-XMP:Creator=${author}`, document.path]);
  return { ...document, bytes: await readFile(document.path) };
}

/// A DOCX with this paragraph that names who made it and who changed it last: `{path, name, bytes}`.
export async function docx(folder, name, { text, author, lastEditor, company }) {
  const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
  const content = "application/vnd.openxmlformats";
  const schema = "http://schemas.openxmlformats.org";
  const relations = (list) =>
    `${xml}<Relationships xmlns="${schema}/package/2006/relationships">${list.map(([type, target], index) => `<Relationship Id="rId${index + 1}" Type="${type}" Target="${target}"/>`).join("")}</Relationships>`;
  const bytes = packZip({
    "[Content_Types].xml":
      `${xml}<Types xmlns="${schema}/package/2006/content-types"><Default Extension="rels" ContentType="${content}-package.relationships+xml"/>` +
      `<Default Extension="xml" ContentType="application/xml"/>` +
      `<Override PartName="/word/document.xml" ContentType="${content}-officedocument.wordprocessingml.document.main+xml"/>` +
      `<Override PartName="/docProps/core.xml" ContentType="${content}-package.core-properties+xml"/>` +
      `<Override PartName="/docProps/app.xml" ContentType="${content}-officedocument.extended-properties+xml"/></Types>`,
    "_rels/.rels": relations([
      [`${schema}/officeDocument/2006/relationships/officeDocument`, "word/document.xml"],
      [`${schema}/package/2006/relationships/metadata/core-properties`, "docProps/core.xml"],
      [`${schema}/officeDocument/2006/relationships/extended-properties`, "docProps/app.xml"],
    ]),
    "docProps/core.xml":
      `${xml}<cp:coreProperties xmlns:cp="${schema}/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
      `<dc:creator>${author}</dc:creator><cp:lastModifiedBy>${lastEditor}</cp:lastModifiedBy><cp:revision>7</cp:revision>` +
      `<dcterms:modified xsi:type="dcterms:W3CDTF">2026-01-02T03:04:05Z</dcterms:modified></cp:coreProperties>`,
    "docProps/app.xml": `${xml}<Properties xmlns="${schema}/officeDocument/2006/extended-properties"><Application>Word</Application><Company>${company}</Company></Properties>`,
    "word/document.xml": `${xml}<w:document xmlns:w="${schema}/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>${text}</w:t></w:r></w:p></w:body></w:document>`,
  });
  const path = join(folder, name);
  await writeFile(path, bytes);
  return { path, name, bytes };
}

/// A zip archive (PKWARE's APPNOTE) of texts by their names.
export function packZip(entries) {
  const files = [];
  const directory = [];
  let offset = 0;
  for (const [name, text] of Object.entries(entries)) {
    const data = Buffer.from(text);
    const packed = deflateRawSync(data);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x800, 2);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt16LE(0x5c22, 8);
    fields.writeUInt32LE(crc32(data), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(data.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, Buffer.from(name), packed]);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.of(20, 0), fields, end, Buffer.from(name)]));
    files.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, listed, end]);
}

/// What is in a zip archive: bytes by name.
export function unpackZip(bytes) {
  const entries = {};
  const end = bytes.lastIndexOf("PK\x05\x06", undefined, "latin1");
  let at = bytes.readUInt32LE(end + 16);
  for (let count = bytes.readUInt16LE(end + 10); count > 0; count--) {
    const [method, size] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20)];
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field));
    const local = bytes.readUInt32LE(at + 42);
    const data = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const packed = bytes.subarray(data, data + size);
    entries[bytes.toString("utf8", at + 46, at + 46 + nameLength)] = method === 8 ? inflateRawSync(packed) : packed;
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}
