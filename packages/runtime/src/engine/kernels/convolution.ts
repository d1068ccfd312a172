// Convolution forward, its input gradient (which is the same loop over other weights), its weight gradient.
// Maps are height x width x channels; weights [kernel, kernel, channels / groups, filters].
import { blockWidth, Four, One, Two, tiles } from "./tile";

/**
 * Rewrites columns [0, columns) of a rows x rowStride matrix as blocks of 16, 8 or 4 columns, each block
 * rows x width, the missing columns of the last one zero. Row r is read at source + rowOffset(r) where
 * rows are taken in n1 groups of n2 groups of n3 (strides s1, s2, s3 in bytes, may be negative).
 */
export function packWeights(
  source: usize,
  n1: i32,
  s1: i32,
  n2: i32,
  s2: i32,
  n3: i32,
  s3: i32,
  columns: i32,
  columnStride: i32,
  target: usize,
): void {
  for (let column = 0; column < columns; ) {
    const width = blockWidth(columns - column);
    const valid = min(width, columns - column);
    const from = source + column * columnStride;
    for (let i1 = 0; i1 < n1; i1++) {
      for (let i2 = 0; i2 < n2; i2++) {
        let row = from + i1 * s1 + i2 * s2;
        for (let i3 = 0; i3 < n3; i3++) {
          let lane = 0;
          for (; lane < valid; lane++) f32.store(target + 4 * lane, f32.load(row + lane * columnStride));
          for (; lane < width; lane++) f32.store(target + 4 * lane, 0);
          target += 4 * width;
          row += s3;
        }
      }
    }
    column += width;
  }
}

/** Copies a height x rowBytes map into the middle of a larger one and writes zeros around it. */
export function pad(
  source: usize,
  height: i32,
  rowBytes: i32,
  target: usize,
  above: i32,
  below: i32,
  leftBytes: i32,
  rightBytes: i32,
): void {
  const targetRow = leftBytes + rowBytes + rightBytes;
  memory.fill(target, 0, above * targetRow + leftBytes);
  target += above * targetRow + leftBytes;
  for (let row = 0; row < height; row++) {
    memory.copy(target, source, rowBytes);
    source += rowBytes;
    target += rowBytes;
    memory.fill(target, 0, row == height - 1 ? rightBytes : rightBytes + leftBytes);
    target += rightBytes + leftBytes;
  }
  memory.fill(target - leftBytes, 0, below * targetRow);
}

/**
 * `rows` x `columns` output pixels of `filters` channels from packed weights. A pixel's inputs are n1 x n2
 * runs of n3 values, a1 and a2 bytes apart; pixels are aRow and aColumn bytes apart in the (padded) input,
 * cRow and cColumn in the output. `bias` points to `filters` values, padded to whole blocks, or is 0.
 */
export function convolve(
  a: usize,
  aRow: i32,
  aColumn: i32,
  packed: usize,
  bias: usize,
  filters: i32,
  n1: i32,
  a1: i32,
  n2: i32,
  a2: i32,
  n3: i32,
  rows: i32,
  columns: i32,
  c: usize,
  cRow: i32,
  cColumn: i32,
  mode: i32,
): void {
  const depth = n1 * n2 * n3;
  for (let filter = 0; filter < filters; ) {
    const width = blockWidth(filters - filter);
    const lanes = min(width, filters - filter);
    const b2 = n3 * width * 4;
    const b1 = n2 * b2;
    const start = bias ? bias + filter * 4 : 0;
    for (let row = 0; row < rows; row++) {
      const from = a + row * aRow;
      const to = c + row * cRow + filter * 4;
      if (width == 16) {
        tiles<Four, One>(
          columns,
          from,
          aColumn,
          4,
          packed,
          64,
          n1,
          a1,
          b1,
          n2,
          a2,
          b2,
          n3,
          to,
          cColumn,
          start,
          mode,
          lanes,
        );
      } else if (width == 8) {
        tiles<Two, One>(
          columns,
          from,
          aColumn,
          4,
          packed,
          32,
          n1,
          a1,
          b1,
          n2,
          a2,
          b2,
          n3,
          to,
          cColumn,
          start,
          mode,
          lanes,
        );
      } else {
        tiles<One, One>(
          columns,
          from,
          aColumn,
          4,
          packed,
          16,
          n1,
          a1,
          b1,
          n2,
          a2,
          b2,
          n3,
          to,
          cColumn,
          start,
          mode,
          lanes,
        );
      }
    }
    packed += depth * width * 4;
    filter += width;
  }
}

/**
 * Adds to the weight gradient [taps1, taps2, taps3, filters] (tap strides t1, t2 and 4 bytes in the input;
 * w1, w2, filterStride in the gradient) the products of the inputs at `a` with the output gradients at `d`,
 * summed over n1 images x n2 rows x n3 pixels.
 */
export function weightGradient(
  a: usize,
  a1: i32,
  a2: i32,
  a3: i32,
  d: usize,
  d1: i32,
  d2: i32,
  d3: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  taps1: i32,
  t1: i32,
  taps2: i32,
  t2: i32,
  taps3: i32,
  gradient: usize,
  w1: i32,
  w2: i32,
  w3: i32,
  filters: i32,
): void {
  for (let filter = 0; filter < filters; ) {
    const width = blockWidth(filters - filter);
    const lanes = min(width, filters - filter);
    const b = d + filter * 4;
    for (let i1 = 0; i1 < taps1; i1++) {
      for (let i2 = 0; i2 < taps2; i2++) {
        const from = a + i1 * t1 + i2 * t2;
        const to = gradient + i1 * w1 + i2 * w2 + filter * 4;
        if (width == 16) {
          tiles<Four, Two>(taps3, from, 4, a3, b, d3, n1, a1, d1, n2, a2, d2, n3, to, w3, 0, 1, lanes);
        } else if (width == 8) {
          tiles<Two, Two>(taps3, from, 4, a3, b, d3, n1, a1, d1, n2, a2, d2, n3, to, w3, 0, 1, lanes);
        } else {
          tiles<One, Two>(taps3, from, 4, a3, b, d3, n1, a1, d1, n2, a2, d2, n3, to, w3, 0, 1, lanes);
        }
      }
    }
    filter += width;
  }
}
