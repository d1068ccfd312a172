import type { Box, Picture } from "./picture.js";
import { pictureRows } from "./picture-rows.js";

/** The source pixels that one output pixel reads: `first` to `last`; those between the ends weigh `inner`. */
interface Span {
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly firstWeight: Float32Array;
  readonly lastWeight: Float32Array;
  readonly inner: number;
}

/** As in `renderView`: a box as long as the output pixel shows, at least one source pixel. */
function spanOf(start: number, length: number, size: number, count: number): Span {
  const step = length / count;
  const extent = Math.max(step, 1);
  const first = new Int32Array(count);
  const last = new Int32Array(count);
  const firstWeight = new Float32Array(count);
  const lastWeight = new Float32Array(count);
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
  { data, width, height, channels }: Picture,
  [x, y, regionWidth, regionHeight]: Box,
  target: Uint8Array,
  rows: number,
  columns: number,
): void {
  const across = spanOf(x, regionWidth, width, columns);
  const down = spanOf(y, regionHeight, height, rows);
  // Only the part of each row that is shown is read.
  const left = across.first[0];
  const values = (across.last[columns - 1] + 1 - left) * channels;
  const room = pictureRows(values, columns);
  const { memory, instance } = room;
  const { kernels } = instance;
  memory.set(new Uint8Array(across.first.map((pixel) => pixel - left).buffer), room.first);
  memory.set(new Uint8Array(across.last.map((pixel) => pixel - left).buffer), room.last);
  memory.set(new Uint8Array(across.firstWeight.buffer), room.firstWeight);
  memory.set(new Uint8Array(across.lastWeight.buffer), room.lastWeight);
  let held = -1;
  for (let row = 0; row < rows; row++) {
    const first = down.first[row];
    const last = down.last[row];
    for (let sourceRow = first; sourceRow <= last; sourceRow++) {
      if (sourceRow !== held) {
        const from = (sourceRow * width + left) * channels;
        memory.set(data.subarray(from, from + values), room.bytes);
        held = sourceRow;
      }
      const weight =
        sourceRow === first ? down.firstWeight[row] : sourceRow === last ? down.lastWeight[row] : down.inner;
      kernels.addRow(room.bytes, values, weight, room.sums, sourceRow === first ? 1 : 0);
    }
    kernels.narrowRow(
      room.sums,
      channels,
      room.first,
      room.last,
      room.firstWeight,
      room.lastWeight,
      across.inner,
      columns,
      room.finished,
    );
    target.set(memory.subarray(room.finished, room.finished + columns * 3), row * columns * 3);
  }
}
