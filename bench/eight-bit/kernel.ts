// The first convolution of microexpnet-2019 on 8-bit products: one channel, kernels of whole fours of columns, 16
// filters, and the 2 x 2 pool that follows. Activations are 0 to 127 about a zero of 64, as the instruction wants
// seven bits on one side.
import { toFloats } from "../../packages/runtime/src/engine/kernels/quantise";

/** Rows of `columns` bytes to rows yRow bytes apart, halved and rounded. */
export function read(x: usize, rows: i32, columns: i32, y: usize, yRow: i32): void {
  const zero = i8x16.splat(0);
  const most = i8x16.splat(127);
  for (let row = 0; row < rows; row++) {
    let i = 0;
    for (; i + 16 <= columns; i += 16) {
      v128.store(y + i, i8x16.min_u(i8x16.avgr_u(v128.load(x + i), zero), most));
    }
    for (; i < columns; i++) store<u8>(y + i, min((<i32>load<u8>(x + i) + 1) >> 1, 127));
    x += columns;
    y += yRow;
  }
}

/** The sums of two neighbouring pixels: `fours` runs of four columns in each of `rows` rows. */
// @ts-expect-error: decorator
@inline
function tile(a: usize, aRow: i32, step: i32, weights: usize, rows: i32, fours: i32, sums: usize): void {
  const zero = i32x4.splat(0);
  let x00 = zero, x01 = zero, x02 = zero, x03 = zero;
  let x10 = zero, x11 = zero, x12 = zero, x13 = zero;
  const jump = aRow - fours * 4;
  let end = a + fours * 4;
  for (;;) {
    const y0 = v128.load(weights), y1 = v128.load(weights, 16), y2 = v128.load(weights, 32), y3 = v128.load(weights, 48);
    const v0 = v128.load32_splat(a), v1 = v128.load32_splat(a + step);
    x00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(y0, v0, x00);
    x01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(y1, v0, x01);
    x02 = i32x4.relaxed_dot_i8x16_i7x16_add_s(y2, v0, x02);
    x03 = i32x4.relaxed_dot_i8x16_i7x16_add_s(y3, v0, x03);
    x10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(y0, v1, x10);
    x11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(y1, v1, x11);
    x12 = i32x4.relaxed_dot_i8x16_i7x16_add_s(y2, v1, x12);
    x13 = i32x4.relaxed_dot_i8x16_i7x16_add_s(y3, v1, x13);
    weights += 64;
    a += 4;
    if (a == end) {
      if (--rows == 0) break;
      a += jump;
      end += aRow;
    }
  }
  // The two pixels are in one window of the pool.
  v128.store(sums, i32x4.max_s(x00, x10));
  v128.store(sums, i32x4.max_s(x01, x11), 16);
  v128.store(sums, i32x4.max_s(x02, x12), 32);
  v128.store(sums, i32x4.max_s(x03, x13), 48);
}

/**
 * a: the map that `read` wrote within its border; packed: [kernel, fours, 16 filters, 4]; sums: room for two rows of
 * pairs of pixels; units, bias: of 16 filters; rows, columns: the convolution's output, both even;
 * y: [rows / 2, columns / 2, 16] floats behind a ReLU.
 */
export function convolve(
  a: usize, aRow: i32, stride: i32, packed: usize, kernel: i32, rows: i32, columns: i32,
  sums: usize, units: usize, bias: usize, y: usize,
): void {
  const pairs = columns >> 1;
  const zero = f32x4.splat(0);
  for (let row = 0; row < rows; row += 2) {
    for (let half = 0; half < 2; half++) {
      const from = a + (row + half) * stride * aRow;
      const to = sums + half * pairs * 64;
      for (let pair = 0; pair < pairs; pair++) {
        tile(from + 2 * pair * stride, aRow, stride, packed, kernel, kernel >> 2, to + pair * 64);
      }
    }
    for (let i = 0; i < 64; i += 16) {
      const unit = v128.load(units + i);
      const shift = v128.load(bias + i);
      for (let at = i; at < pairs * 64; at += 64) {
        const best = i32x4.max_s(v128.load(sums + at), v128.load(sums + pairs * 64 + at));
        v128.store(y + at, toFloats(best, unit, shift, zero));
      }
    }
    y += pairs * 64;
  }
}
