// Real files to attach, made by the tools that everybody has.

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/// A JPEG as a phone takes it, at least `bytes` long, with EXIF, GPS and `artist` in it: `{path, name, bytes}`.
export async function photo(folder, name, { bytes, artist = "", width = 1600 }) {
  // Noise does not compress, so the size of the picture follows from its number of pixels.
  const path = join(folder, name);
  for (let height = Math.ceil(bytes / width / 1.6); ; height = Math.ceil(height * 1.1)) {
    const noise = join(folder, "noise.rgb");
    await writeFile(noise, randomBytes(width * height * 3));
    await run("convert", ["-size", `${width}x${height}`, "-depth", "8", `rgb:${noise}`, "-quality", "90", `jpeg:${path}`]);
    await rm(noise);
    if ((await stat(path)).size >= bytes) break;
  }
  await run("exiftool", [
    ...["-q", "-overwrite_original", "-Make=Phone", "-Model=Phone 5", `-Artist=${artist}`, `-XMP:Creator=${artist}`],
    ...["-GPSLatitude=35.6892", "-GPSLatitudeRef=N", "-GPSLongitude=51.3890", "-GPSLongitudeRef=E"],
    ...["-DateTimeOriginal=2026:01:02 03:04:05", path],
  ]);
  return { path, name, bytes: await readFile(path) };
}

/// A one-page PDF with this text: `{path, name, bytes}`.
export async function pdf(folder, name, text) {
  const path = join(folder, name);
  const page = `BT /F1 18 Tf 40 100 Td (${text}) Tj ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${page.length} >>\nstream\n${page}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let document = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = document.length;
    document += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  document += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}`;
  document += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${document.indexOf("xref\n")}\n%%EOF\n`;
  await writeFile(path, document, "latin1");
  return { path, name, bytes: await readFile(path) };
}
