// Reads digits off a picture, as somebody does who has never seen the shapes: each black shape is compared with the digits of a
// font that has nothing to do with the page.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const FONT = "DejaVu-Sans-Bold";
/// What every shape is scaled to before it is compared.
const SIZE = { width: 20, height: 30 };

/// The digits of a picture, each line of shapes that are at least half as tall as the tallest as a string.
export async function digitsOnPicture(png) {
  const picture = await pixelsOf(["png:-"], png);
  const bands = spans(picture.height, (y) => range(picture.width).some((x) => isInk(picture, x, y)));
  const tallest = Math.max(...bands.map(([from, to]) => to - from));
  const templates = await Promise.all(range(10).map((digit) => templateOf(digit)));
  const lines = bands.filter(([from, to]) => to - from > tallest / 2);
  return lines.map(([top, bottom]) => {
    const columns = spans(picture.width, (x) => range(bottom - top).some((row) => isInk(picture, x, top + row)));
    return columns.map(([left, right]) => nearest(cut(picture, { left, right, top, bottom }), templates)).join("");
  });
}

async function templateOf(digit) {
  const drawn = await pixelsOf(["-background", "white", "-fill", "black", "-font", FONT, "-pointsize", "90", `label:${digit}`, "-trim"]);
  return cut(drawn, { left: 0, right: drawn.width, top: 0, bottom: drawn.height });
}

function nearest(shape, templates) {
  const apart = templates.map((template) => shape.reduce((sum, ink, at) => sum + Math.abs(ink - template[at]), 0));
  return apart.indexOf(Math.min(...apart));
}

/// How black each field of a grid over this part of the picture is, from 0 to 1.
function cut(picture, { left, right, top, bottom }) {
  const [cellWidth, cellHeight] = [(right - left) / SIZE.width, (bottom - top) / SIZE.height];
  return range(SIZE.width * SIZE.height).map((cell) => {
    const x = left + (cell % SIZE.width) * cellWidth;
    const y = top + Math.floor(cell / SIZE.width) * cellHeight;
    const points = [0.25, 0.75].flatMap((a) =>
      [0.25, 0.75].map((b) => isInk(picture, Math.floor(x + a * cellWidth), Math.floor(y + b * cellHeight))),
    );
    return points.filter(Boolean).length / points.length;
  });
}

/// Where the condition holds without a gap, as [from, to).
function spans(length, holds) {
  const found = [];
  for (let at = 0, from = null; at <= length; at++) {
    const inside = at < length && holds(at);
    if (inside && from === null) from = at;
    if (!inside && from !== null) {
      found.push([from, at]);
      from = null;
    }
  }
  return found;
}

const range = (length) => Array.from({ length }, (_, index) => index);
const isInk = ({ width, pixels }, x, y) => pixels[y * width + x] < 128;

async function pixelsOf(source, input) {
  const converting = promisify(execFile)("convert", [...source, "-colorspace", "Gray", "-depth", "8", "pgm:-"], {
    encoding: "buffer",
    maxBuffer: 2 ** 26,
  });
  converting.child.stdin.end(input);
  const { stdout } = await converting;
  const [head, width, height] = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(stdout.toString("latin1", 0, 64));
  return { width: Number(width), height: Number(height), pixels: stdout.subarray(head.length) };
}
