// Searches whole folders for words that must not be there, however a browser or a database may have written them.

import { closeSync, openSync, readSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

/// Where below `folder` a word occurs in a file's bytes, in a compressed form that browsers use, or in a name:
/// `["place: word", …]`. Each word is looked for in UTF-8 and in UTF-16, percent-encoded, escaped as JSON, in
/// base64 and in hex.
export async function search(folder, words) {
  const needles = needlesOf(words);
  const found = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.path, entry.name);
    const contents = [Buffer.from(entry.name)];
    if (entry.isFile()) contents.push(...(await contentsOf(path)));
    for (const content of contents) found.push(...wordsIn(content, needles).map((word) => `${path}: ${word}`));
  }
  return [...new Set(found)];
}

/// Which of the words occur in a text or in bytes.
export function searchIn(content, words) {
  return wordsIn(Buffer.from(content), needlesOf(words));
}

/// Which of the words occur in the memory of a process of ours, as a core dump would have it.
export async function searchMemory(pid, words) {
  const needles = needlesOf(words);
  const found = [];
  const piece = 2 ** 24;
  const memory = openSync(`/proc/${pid}/mem`, "r");
  try {
    for (const line of (await readFile(`/proc/${pid}/maps`, "utf8")).split("\n")) {
      const [, from, to, readable] = /^([0-9a-f]+)-([0-9a-f]+) (.)/.exec(line) ?? [];
      if (readable !== "r" || line.endsWith("[vvar]") || line.endsWith("[vsyscall]")) continue;
      const end = BigInt(`0x${to}`);
      for (let position = BigInt(`0x${from}`); position < end; position += BigInt(piece)) {
        // A word on the border of two pieces is found by reading a little more.
        const length = Math.min(piece + 1_024, Number(end - position));
        const buffer = Buffer.alloc(length);
        try {
          found.push(...wordsIn(buffer.subarray(0, readSync(memory, buffer, { position, length })), needles));
        } catch (error) {
          if (error.code !== "EIO") throw error; // Reserved, and nothing there.
        }
      }
    }
  } finally {
    closeSync(memory);
  }
  return [...new Set(found)];
}

function needlesOf(words) {
  const needles = new Map();
  for (const word of words) for (const bytes of formsOf(word)) needles.set(bytes.toString("latin1"), { word, bytes });
  return [...needles.values()];
}

function wordsIn(content, needles) {
  return needles.filter(({ bytes }) => content.includes(bytes)).map(({ word }) => word);
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
  for (let i = 12; i < bytes.length;) {
    const token = bytes[i++];
    let literals, matched;
    [literals, i] = length(i, token >> 4);
    bytes.copy(output, at, i, i + literals);
    at += literals;
    i += literals;
    if (i >= bytes.length) break;
    const from = at - bytes.readUInt16LE(i);
    [matched, i] = length(i + 2, token & 15);
    for (let end = at + matched + 4, source = from; at < end;) output[at++] = output[source++];
  }
  return output.subarray(0, at);
}
