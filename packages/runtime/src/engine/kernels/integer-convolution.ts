// Convolution on 16-bit integers, product by product. Input map height x width x channels, already padded.
import { integerTiles } from "./integer-tile";
import { finishSums } from "./quantise";
import { blockWidth, wholeBlocks } from "./tile";

/**
 * `rows` x `columns` output pixels of `filters` filters as floats. A pixel's inputs are n1 x n2 runs of n3
 * pairs of values, a1 and a2 bytes apart; pixels are aRow and aColumn bytes apart in the input, cRow and
 * cColumn in the output. `sums` is room for the sums of one row, its filters rounded up to whole blocks. Units, unit
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
  c: usize,
  cRow: i32,
  cColumn: i32,
): void {
  const pixel = wholeBlocks(filters) * 4;
  for (let row = 0; row < rows; row++) {
    let weights = packed;
    for (let filter = 0; filter < filters; ) {
      const width = blockWidth(filters - filter);
      integerTiles(width, columns, a, aColumn, weights, n1, a1, n2, a2, n3, sums + filter * 4, pixel);
      weights += n1 * n2 * n3 * width * 4;
      filter += width;
    }
    finishSums(sums, columns, filters, units, unit, bias, relu, c, cColumn);
    a += aRow;
    c += cRow;
  }
}
