import { type Box, type Picture, wordsOf } from "./picture.js";

/** The source pixels that one output pixel reads: `first` to `last`; those between the ends weigh `inner`. */
interface Span {
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly firstWeight: Float64Array;
  readonly lastWeight: Float64Array;
  readonly inner: number;
}

/** As in `renderView`: a box as long as the output pixel shows, at least one source pixel. */
function spanOf(start: number, length: number, size: number, count: number): Span {
  const step = length / count;
  const extent = Math.max(step, 1);
  const first = new Int32Array(count);
  const last = new Int32Array(count);
  const firstWeight = new Float64Array(count);
  const lastWeight = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const low = start + (i + 0.5) * step - extent / 2;
    const high = low + extent;
    const a = Math.min(Math.max(Math.floor(low), 0), size - 1);
    const b = Math.min(Math.max(Math.ceil(high) - 1, a), size - 1);
    first[i] = a;
    last[i] = b;
    firstWeight[i] = a === b ? 1 : (a + 1 - low) / extent;
    lastWeight[i] = a === b ? 0 : (high - b) / extent;
  }
  return { first, last, firstWeight, lastWeight, inner: 1 / extent };
}

/**
 * Draws a part of a picture in colour, by area averaging where it shrinks and bilinear interpolation where it
 * enlarges, rounded, halves up. Grey pictures get three equal channels.
 *
 * @param region the part, within the picture
 * @param target rows * columns * 3 bytes, overwritten
 */
export function scaleColour(
  picture: Picture,
  [x, y, width, height]: Box,
  target: Uint8Array,
  rows: number,
  columns: number,
): void {
  const across = spanOf(x, width, picture.width, columns);
  const down = spanOf(y, height, picture.height, rows);
  // Two narrowed source rows, even and odd, as neighbouring output rows share the row between them.
  const narrowed = [new Float64Array(columns * 3), new Float64Array(columns * 3)];
  const held = [-1, -1];
  const sums = new Float64Array(columns * 3);
  for (let row = 0; row < rows; row++) {
    const first = down.first[row];
    const last = down.last[row];
    sums.fill(0.5);
    for (let sourceRow = first; sourceRow <= last; sourceRow++) {
      const odd = sourceRow & 1;
      if (held[odd] !== sourceRow) {
        narrowRow(picture, sourceRow, across, columns, narrowed[odd]);
        held[odd] = sourceRow;
      }
      const weight =
        sourceRow === first ? down.firstWeight[row] : sourceRow === last ? down.lastWeight[row] : down.inner;
      const values = narrowed[odd];
      for (let i = 0; i < sums.length; i++) sums[i] += weight * values[i];
    }
    const write = row * columns * 3;
    for (let i = 0; i < sums.length; i++) target[write + i] = sums[i] | 0;
  }
}

function narrowRow(picture: Picture, row: number, span: Span, columns: number, values: Float64Array): void {
  const words = wordsOf(picture);
  if (words && 1 / span.inner <= mostPacked) narrowWords(words, row * picture.width, span, columns, values);
  else narrowBytes(picture, row, span, columns, values);
}

/** Sums of red and blue share a number, 16 bits each, which hold this many bytes and a little more. */
const mostPacked = 250;

/** The same for whole pixels of four bytes, which are read and summed at once: red lowest. */
function narrowWords(
  words: Uint32Array,
  start: number,
  { first, last, firstWeight, lastWeight, inner }: Span,
  columns: number,
  values: Float64Array,
): void {
  for (let column = 0; column < columns; column++) {
    const end = start + last[column];
    const a = words[start + first[column]];
    const b = words[end];
    let redBlue = 0;
    let green = 0;
    for (let at = start + first[column] + 1; at < end; at++) {
      const pixel = words[at] | 0;
      redBlue = (redBlue + (pixel & 0xff00ff)) | 0;
      green = (green + ((pixel >>> 8) & 255)) | 0;
    }
    const w0 = firstWeight[column];
    const w1 = lastWeight[column];
    values[column * 3] = (a & 255) * w0 + (redBlue & 0xffff) * inner + (b & 255) * w1;
    values[column * 3 + 1] = ((a >>> 8) & 255) * w0 + green * inner + ((b >>> 8) & 255) * w1;
    values[column * 3 + 2] = ((a >>> 16) & 255) * w0 + (redBlue >>> 16) * inner + ((b >>> 16) & 255) * w1;
  }
}

function narrowBytes(picture: Picture, row: number, span: Span, columns: number, values: Float64Array): void {
  const { data, width, channels } = picture;
  const { first, last, firstWeight, lastWeight, inner } = span;
  const start = row * width * channels;
  const green = channels === 1 ? 0 : 1;
  const blue = channels === 1 ? 0 : 2;
  for (let column = 0; column < columns; column++) {
    const from = start + first[column] * channels;
    const to = start + last[column] * channels;
    let r = 0;
    let g = 0;
    let b = 0;
    for (let at = from + channels; at < to; at += channels) {
      r += data[at];
      g += data[at + green];
      b += data[at + blue];
    }
    const w0 = firstWeight[column];
    const w1 = lastWeight[column];
    values[column * 3] = data[from] * w0 + r * inner + data[to] * w1;
    values[column * 3 + 1] = data[from + green] * w0 + g * inner + data[to + green] * w1;
    values[column * 3 + 2] = data[from + blue] * w0 + b * inner + data[to + blue] * w1;
  }
}
