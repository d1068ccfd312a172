// Convolution on 16-bit integers, product by product. Input map height x width x channels, already padded.
import { integerTiles } from "./integer-tile";
import { finishSums, poolSums } from "./quantise";
import { blockWidth, wholeBlocks } from "./tile";

/**
 * `rows` x `columns` output pixels of `filters` filters as floats. A pixel's inputs are n1 x n2 runs of n3
 * pairs of values, a1 and a2 bytes apart; pixels are aRow and aColumn bytes apart in the input, cRow and
 * cColumn in the output. pool: write the largest of each 2 x 2 instead, whose windows at an odd edge are cut.
 * `sums` is room for the sums of one row, of two with a pool, its filters rounded up to whole blocks. Units, unit
 * and bias as for `finishSums`.
 */
export function convolveIntegers(
  a: usize,
  aRow: i32,
  aColumn: i32,
  packed: usize,
  filters: i32,
  n1: i32,
  a1: i32,
  n2: i32,
  a2: i32,
  n3: i32,
  rows: i32,
  columns: i32,
  sums: usize,
  units: usize,
  unit: f32,
  bias: usize,
  relu: bool,
  pool: bool,
  c: usize,
  cRow: i32,
  cColumn: i32,
): void {
  const pixel = wholeBlocks(filters) * 4;
  const step = pool ? 2 : 1;
  for (let row = 0; row < rows; row += step) {
    const lines = min(step, rows - row);
    let weights = packed;
    for (let filter = 0; filter < filters; ) {
      const width = blockWidth(filters - filter);
      for (let line = 0; line < lines; line++) {
        const to = sums + line * columns * pixel + filter * 4;
        integerTiles(width, columns, a + line * aRow, aColumn, weights, n1, a1, n2, a2, n3, to, pixel);
      }
      weights += n1 * n2 * n3 * width * 4;
      filter += width;
    }
    if (pool) poolSums(sums, columns, lines == 2, filters, units, unit, bias, relu, c, cColumn);
    else finishSums(sums, columns, filters, units, unit, bias, relu, c, cColumn);
    a += step * aRow;
    c += cRow;
  }
}
