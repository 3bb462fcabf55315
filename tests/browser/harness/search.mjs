// Searches whole folders for words that must not be there, however a browser or a database may have written them.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

/// Where below `folder` a word occurs in a file's bytes, in a compressed form that browsers use, or in a name:
/// `["place: word", …]`. Each word is looked for in UTF-8 and in UTF-16, percent-encoded, escaped as JSON, in
/// base64 and in hex.
export async function search(folder, words) {
  const needles = words.flatMap((word) => formsOf(word).map((bytes) => ({ word, bytes })));
  const found = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.path, entry.name);
    const contents = [Buffer.from(entry.name)];
    if (entry.isFile()) contents.push(...(await contentsOf(path)));
    for (const { word, bytes } of needles) {
      if (contents.some((content) => content.includes(bytes))) found.push(`${path}: ${word}`);
    }
  }
  return [...new Set(found)];
}

function formsOf(word) {
  const utf8 = Buffer.from(word);
  const utf16 = Buffer.from(word, "utf16le");
  const forms = [utf8, utf16, Buffer.from(utf16).swap16(), Buffer.from(encodeURIComponent(word)), Buffer.from(utf8.toString("hex"))];
  const escaped = word.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  forms.push(Buffer.from(escaped));
  // In base64 a word can begin at any of three places of a group; whole groups in its middle are always there.
  for (const skip of [0, 1, 2]) {
    const body = utf8.subarray(skip, skip + 3 * Math.floor((utf8.length - skip) / 3));
    if (body.length >= 6) forms.push(Buffer.from(body.toString("base64")));
  }
  return forms;
}

/// A file's bytes, and what is packed in them.
async function contentsOf(path) {
  let bytes;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (["ENOENT", "ENXIO", "EACCES"].includes(error.code)) return []; // A socket, or gone meanwhile.
    throw error;
  }
  const contents = [bytes];
  for (const unpack of [unpackMozLz4, gunzipSync, inflateSync, brotliDecompressSync]) {
    try {
      contents.push(unpack(bytes));
    } catch {
      // Not packed so.
    }
  }
  return contents;
}

/// Firefox keeps its sessions as "mozLz40\0", the size, and one LZ4 block.
function unpackMozLz4(bytes) {
  if (bytes.toString("latin1", 0, 8) !== "mozLz40\0") throw new Error("not mozLz4");
  const output = Buffer.alloc(bytes.readUInt32LE(8));
  let at = 0;
  const length = (i, nibble) => {
    let sum = nibble;
    if (nibble === 15) {
      let more;
      do sum += more = bytes[i++];
      while (more === 255);
    }
    return [sum, i];
  };
  for (let i = 12; i < bytes.length; ) {
    const token = bytes[i++];
    let literals, matched;
    [literals, i] = length(i, token >> 4);
    bytes.copy(output, at, i, i + literals);
    at += literals;
    i += literals;
    if (i >= bytes.length) break;
    const from = at - bytes.readUInt16LE(i);
    [matched, i] = length(i + 2, token & 15);
    for (let end = at + matched + 4, source = from; at < end; ) output[at++] = output[source++];
  }
  return output.subarray(0, at);
}
