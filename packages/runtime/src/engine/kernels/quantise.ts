// From floats and bytes to 16-bit integers, and from 32-bit sums back to floats.
import { wholeBlocks } from "./tile";

/** The largest magnitude among n floats. */
export function largest(x: usize, n: i32): f32 {
  let best = f32x4.splat(0);
  let other = best;
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    best = f32x4.pmax(best, f32x4.abs(v128.load(x + i * 4)));
    other = f32x4.pmax(other, f32x4.abs(v128.load(x + i * 4, 16)));
  }
  best = f32x4.pmax(best, other);
  let result = max(
    max(f32x4.extract_lane(best, 0), f32x4.extract_lane(best, 1)),
    max(f32x4.extract_lane(best, 2), f32x4.extract_lane(best, 3)),
  );
  for (; i < n; i++) result = max(result, abs(f32.load(x + i * 4)));
  return result;
}

// Adding 1.5 * 2^23 to a float of magnitude below 2^22 leaves its nearest whole number, ties to even, in the
// lowest bits of the sum.
const ROUND: f32 = 12582912;

// @ts-ignore: decorator
@inline
function nearest(x: v128, factor: v128): v128 {
  const magic = f32x4.splat(ROUND);
  return i32x4.sub(f32x4.add(f32x4.mul(x, factor), magic), magic);
}

/** Rows of `values` floats to 16-bit rows yRow bytes apart: y = nearest(x * factor), within 16 bits. */
export function quantise(x: usize, rows: i32, values: i32, factor: f32, y: usize, yRow: i32): void {
  const factors = f32x4.splat(factor);
  for (let row = 0; row < rows; row++) {
    let i = 0;
    for (; i + 8 <= values; i += 8) {
      const low = nearest(v128.load(x + i * 4), factors);
      const high = nearest(v128.load(x + i * 4, 16), factors);
      v128.store(y + i * 2, i16x8.narrow_i32x4_s(low, high));
    }
    for (; i < values; i++) {
      store<i16>(y + i * 2, reinterpret<i32>(f32.load(x + i * 4) * factor + ROUND) - reinterpret<i32>(ROUND));
    }
    x += values * 4;
    y += yRow;
  }
}

/** Rows of `values` bytes to 16-bit rows yRow bytes apart: y = x * multiplier - zero. */
export function centre(
  x: usize,
  rows: i32,
  values: i32,
  multiplier: i32,
  zero: i32,
  y: usize,
  yRow: i32,
): void {
  const factors = i16x8.splat(<i16>multiplier);
  const zeros = i16x8.splat(<i16>zero);
  for (let row = 0; row < rows; row++) {
    let i = 0;
    for (; i + 8 <= values; i += 8) {
      v128.store(y + i * 2, i16x8.sub(i16x8.mul(v128.load8x8_u(x + i), factors), zeros));
    }
    for (; i < values; i++) store<i16>(y + i * 2, <i32>load<u8>(x + i) * multiplier - zero);
    x += values;
    y += yRow;
  }
}

/** The pseudo-maximum is one instruction; with the floor first it makes a 0 of -0, as a maximum would. */
// @ts-ignore: decorator
@inline
export function toFloats(sums: v128, unit: v128, bias: v128, floor: v128): v128 {
  return f32x4.pmax(floor, f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(sums), unit), bias));
}

/** One to three of four floats. */
function storeSome(y: usize, values: v128, lanes: i32): void {
  f32.store(y, f32x4.extract_lane(values, 0));
  if (lanes > 1) f32.store(y, f32x4.extract_lane(values, 1), 4);
  if (lanes > 2) f32.store(y, f32x4.extract_lane(values, 2), 8);
}

/** Stores the first `lanes` of four floats. */
// @ts-ignore: decorator
@inline
export function storeFloats(y: usize, values: v128, lanes: i32): void {
  if (lanes >= 4) v128.store(y, values);
  else storeSome(y, values, lanes);
}

/**
 * Sums of `filters` filters (rounded up to whole blocks) a pixel to floats yPixel bytes apart:
 * y = sum * units * unit + bias, clamped at zero where relu is asked for.
 */
export function finishSums(
  sums: usize,
  pixels: i32,
  filters: i32,
  units: usize,
  unit: f32,
  bias: usize,
  relu: bool,
  y: usize,
  yPixel: i32,
): void {
  const floor = relu ? f32x4.splat(0) : f32x4.splat(-Infinity);
  const width = wholeBlocks(filters);
  for (let filter = 0; filter < filters; filter += 4) {
    const scale = f32x4.mul(v128.load(units + filter * 4), f32x4.splat(unit));
    const shift = v128.load(bias + filter * 4);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const value = toFloats(v128.load(sums + (pixel * width + filter) * 4), scale, shift, floor);
      storeFloats(y + pixel * yPixel + filter * 4, value, filters - filter);
    }
  }
}

/** The same of the largest sum of each 2 x 2 pixels of one row or, with `hasLower`, two. */
export function poolSums(
  sums: usize,
  pixels: i32,
  hasLower: bool,
  filters: i32,
  units: usize,
  unit: f32,
  bias: usize,
  relu: bool,
  y: usize,
  yPixel: i32,
): void {
  const floor = relu ? f32x4.splat(0) : f32x4.splat(-Infinity);
  const pixel = wholeBlocks(filters) * 4;
  // A window that is cut takes its sums twice.
  const below = hasLower ? pixels * pixel : 0;
  for (let filter = 0; filter < filters; filter += 4) {
    const scale = f32x4.mul(v128.load(units + filter * 4), f32x4.splat(unit));
    const shift = v128.load(bias + filter * 4);
    let from = sums + filter * 4;
    let to = y + filter * 4;
    for (let column = 0; column < pixels; column += 2) {
      const right = column + 1 < pixels ? pixel : 0;
      const upper = i32x4.max_s(v128.load(from), v128.load(from + right));
      const lower = i32x4.max_s(v128.load(from + below), v128.load(from + below + right));
      storeFloats(to, toFloats(i32x4.max_s(upper, lower), scale, shift, floor), filters - filter);
      from += 2 * pixel;
      to += yPixel;
    }
  }
}
