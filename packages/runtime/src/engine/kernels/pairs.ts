// Convolution with fewer products, for floats (T is f32) and for 16-bit integers (i16), where it is exact.
//
// Where the stride divides the kernel an even number of times, taps of whole blocks of stride x stride
// pixels remain, with stride 1. Along one axis two neighbouring outputs of two neighbouring taps,
//
//   y0 = h0 x0 + h1 x1        y1 = h0 x1 + h1 x2,
//
// need three products in place of four (Winograd 1980, "Arithmetic Complexity of Computations", F(2, 2)):
//
//   e = h0 (x0 - x1)   r = (h0 + h1) x1   o = h1 (x2 - x1);   y0 = e + r   y1 = r + o.
//
// Those of three taps, y0 = h0 x0 + h1 x1 + h2 x2 and y1 = h0 x1 + h1 x2 + h2 x3, need four in place of six
// (F(2, 3)), with integers of twice the size, so that the weights' halves are whole:
//
//   e = 2 h0 (x0 - x2)   r = (h0 + h1 + h2) (x1 + x2)   s = (h0 - h1 + h2) (x2 - x1)   o = 2 h2 (x1 - x3);
//   2 y0 = e + r + s     2 y1 = r - s - o.
//
// Along both axes that makes nine or sixteen planes of products for each 2 x 2 outputs, which are just the window
// of the 2 x 2 pool that often follows: the pool costs three maxima more and its input is never written.
import { integerTiles } from "./integer-tile";
import { planeBytes } from "./pair-inputs";
import { storeFloats, toFloats } from "./quantise";
import { blockWidth, Four, One, tiles, Two } from "./tile";

// Of an even number of taps, or of three: numbers at compile time, as in `tile.ts`.
export type Pairs = One;
export type Threes = Two;

/**
 * Convolution from the planes of `pair-inputs.ts`, `side` along one axis. packed: the weights in blocks of 16, 8
 * or 4 filters, each [side x side planes, lines, values, filters of the block], with integers in pairs of values,
 * [planes, lines, values / 2, filters of the block, 2]. A plane's run has `lines` lines of `values` values (those
 * of a block times half the taps, for integers rounded up to pairs; one pixel for three taps). rows x columns: the
 * convolution's output; pool: write the largest of each 2 x 2 instead, whose windows at an odd edge are cut.
 * passRows: rows of 2 x 2 outputs made at once; products: room for the planes of passRows x tileColumns pixels of
 * 32-bit products of one block. Units and unit, which floats do not have, and bias as for `finishSums`. residual: a
 * map of rows x columns x filters, filters a multiple of four, that is added before the ReLU and the pool, or 0;
 * with a side of 4 alone.
 */
function convolvePairs<T>(
  side: i32,
  u: usize,
  stride: i32,
  segment: i32,
  pairRows: i32,
  pairColumns: i32,
  packed: usize,
  filters: i32,
  lines: i32,
  values: i32,
  rows: i32,
  columns: i32,
  passRows: i32,
  products: usize,
  units: usize,
  unit: f32,
  bias: usize,
  residual: usize,
  relu: bool,
  pool: bool,
  y: usize,
): void {
  const size: i32 = sizeof<T>();
  const line = pairColumns * segment * size;
  const plane = planeBytes<T>(pairRows, stride, pairColumns * segment);
  const tileRows = (rows + 1) >> 1;
  const tileColumns = (columns + 1) >> 1;
  for (let first = 0; first < tileRows; first += passRows) {
    const last = min(first + passRows, tileRows);
    let weights = packed;
    for (let filter = 0; filter < filters; ) {
      const block = blockWidth(filters - filter);
      const productRow = tileColumns * block * 4;
      const productPlane = passRows * productRow;
      for (let index = 0; index < side * side; index++) {
        // The last combinations make the second row or column, which a tile at an odd edge does not have.
        const end = index >= side * (side - 1) ? min(last, rows >> 1) : last;
        // Rows of tiles of single pixels lie one behind the other, and run as one.
        const run = side == 4 ? end - first : 1;
        const count = side == 4 ? run * tileColumns : index % 3 == 2 ? columns >> 1 : tileColumns;
        for (let row = first; row < end; row += run) {
          const from = u + index * plane + row * stride * line;
          const to = products + index * productPlane + (row - first) * productRow;
          if (isFloat<T>()) {
            floatTiles(block, count, from, segment * 4, weights, lines, line, values, to);
          } else {
            integerTiles(block, count, from, segment * 2, weights, lines, line, 1, 0, values >> 1, to, block * 4);
          }
        }
        weights += lines * values * block * size;
      }
      for (let row = first; row < last; row++) {
        const from = products + (row - first) * productRow;
        const to = y + ((pool ? row * tileColumns : 2 * row * columns) * filters + filter) * 4;
        const at = filter * 4;
        const other = residual ? residual + 2 * row * columns * filters * 4 + at : 0;
        if (side == 3) writeTiles<T, Pairs>(from, productPlane, block, filters - filter, 2 * row + 1 < rows, columns, units + at, unit, bias + at, 0, relu, pool, to, filters * 4);
        else writeTiles<T, Threes>(from, productPlane, block, filters - filter, 2 * row + 1 < rows, columns, units + at, unit, bias + at, other, relu, pool, to, filters * 4);
      }
      filter += block;
    }
  }
}

export function convolveIntegerPairs(
  side: i32, u: usize, stride: i32, segment: i32, pairRows: i32, pairColumns: i32,
  packed: usize, filters: i32, lines: i32, values: i32, rows: i32, columns: i32,
  passRows: i32, products: usize, units: usize, unit: f32, bias: usize, residual: usize, relu: bool, pool: bool, y: usize,
): void {
  convolvePairs<i16>(
    side, u, stride, segment, pairRows, pairColumns, packed, filters, lines, values, rows, columns, passRows, products,
    units, unit, bias, residual, relu, pool, y,
  );
}

export function convolveFloatPairs(
  side: i32, u: usize, stride: i32, segment: i32, pairRows: i32, pairColumns: i32,
  packed: usize, filters: i32, lines: i32, values: i32, rows: i32, columns: i32,
  passRows: i32, products: usize, bias: usize, residual: usize, relu: bool, pool: bool, y: usize,
): void {
  convolvePairs<f32>(
    side, u, stride, segment, pairRows, pairColumns, packed, filters, lines, values, rows, columns, passRows, products,
    0, 0, bias, residual, relu, pool, y,
  );
}

/** A run of `count` pixels for one block of 16, 8 or 4 filters. */
function floatTiles(
  width: i32, count: i32,
  a: usize, aM: i32,
  b: usize,
  lines: i32, line: i32, values: i32,
  c: usize,
): void {
  const bLine = values * width * 4;
  const cM = width * 4;
  if (width == 16) tiles<Four, One>(count, a, aM, 4, b, 64, lines, line, bLine, 1, 0, 0, values, c, cM, 0, 0, 16);
  else if (width == 8) tiles<Two, One>(count, a, aM, 4, b, 32, lines, line, bLine, 1, 0, 0, values, c, cM, 0, 0, 8);
  else tiles<One, One>(count, a, aM, 4, b, 16, lines, line, bLine, 1, 0, 0, values, c, cM, 0, 0, 4);
}

/** What sums of products become: integers by their units, floats as they are; then the bias and the floor. */
// @ts-ignore: decorator
@inline
function finish<T>(sums: v128, scale: v128, shift: v128, floor: v128): v128 {
  if (isFloat<T>()) return f32x4.pmax(floor, f32x4.add(sums, shift));
  return toFloats(sums, scale, shift, floor);
}

/** The same of the sum with another map's values. */
// @ts-ignore: decorator
@inline
function finishSum<T>(sums: v128, scale: v128, shift: v128, other: usize, floor: v128): v128 {
  const values = finish<T>(sums, scale, shift, f32x4.splat(-Infinity));
  return f32x4.pmax(floor, f32x4.add(values, v128.load(other)));
}

/** Sums are 32 bits wide, of integers as of floats. */
// @ts-ignore: decorator
@inline
function plus<T>(a: v128, b: v128): v128 {
  return isFloat<T>() ? f32x4.add(a, b) : i32x4.add(a, b);
}

// @ts-ignore: decorator
@inline
function minus<T>(a: v128, b: v128): v128 {
  return isFloat<T>() ? f32x4.sub(a, b) : i32x4.sub(a, b);
}

// @ts-ignore: decorator
@inline
function larger<T>(a: v128, b: v128): v128 {
  return isFloat<T>() ? f32x4.pmax(a, b) : i32x4.max_s(a, b);
}

// @ts-ignore: decorator
@inline
function scaleOf<T>(units: usize, filter: i32, unit: f32): v128 {
  if (isFloat<T>()) return f32x4.splat(1);
  return f32x4.mul(v128.load(units + filter * 4), f32x4.splat(unit));
}

/** The first output of one axis of a tile's products. */
// @ts-ignore: decorator
@inline
export function firstOutput<T, L>(a: v128, b: v128, c: v128): v128 {
  return sizeof<L>() == 1 ? plus<T>(a, b) : plus<T>(plus<T>(a, b), c);
}

/** The second; pairs have no d. */
// @ts-ignore: decorator
@inline
export function secondOutput<T, L>(b: v128, c: v128, d: v128): v128 {
  return sizeof<L>() == 1 ? plus<T>(b, c) : minus<T>(minus<T>(b, c), d);
}

/**
 * The outputs of one row of tiles for a block of `width` filters, of which `left` are to be written, in two rows
 * of pixels yPixel bytes apart; or one row of the largest of each tile. Products that a cut tile lacks are read
 * but not used.
 */
function writeTiles<T, L>(
  m: usize,
  plane: i32,
  width: i32,
  left: i32,
  hasLower: bool,
  columns: i32,
  units: usize,
  unit: f32,
  bias: usize,
  residual: usize,
  relu: bool,
  pool: bool,
  y: usize,
  yPixel: i32,
): void {
  const floor = relu ? f32x4.splat(0) : f32x4.splat(-Infinity);
  const yRow = columns * yPixel;
  const down = sizeof<L>() == 1 ? 3 * plane : 4 * plane;
  for (let filter = 0; filter < min(width, left); filter += 4) {
    const lanes = left - filter;
    const scale = scaleOf<T>(units, filter, unit);
    const shift = v128.load(bias + filter * 4);
    let from = m + filter * 4;
    let to = y + filter * 4;
    let other = residual + filter * 4;
    for (let column = 0; column < columns; column += 2) {
      const hasRight = column + 1 < columns;
      let p = from;
      let b = v128.load(p + plane), c = v128.load(p + 2 * plane), d = sizeof<L>() == 1 ? c : v128.load(p + 3 * plane);
      const a0 = firstOutput<T, L>(v128.load(p), b, c), a1 = secondOutput<T, L>(b, c, d);
      p += down;
      b = v128.load(p + plane), c = v128.load(p + 2 * plane), d = sizeof<L>() == 1 ? c : v128.load(p + 3 * plane);
      const b0 = firstOutput<T, L>(v128.load(p), b, c), b1 = secondOutput<T, L>(b, c, d);
      p += down;
      b = v128.load(p + plane), c = v128.load(p + 2 * plane), d = sizeof<L>() == 1 ? c : v128.load(p + 3 * plane);
      const c0 = firstOutput<T, L>(v128.load(p), b, c), c1 = secondOutput<T, L>(b, c, d);
      let d0 = c0, d1 = c1;
      if (sizeof<L>() == 2) {
        p += down;
        b = v128.load(p + plane), c = v128.load(p + 2 * plane), d = v128.load(p + 3 * plane);
        d0 = firstOutput<T, L>(v128.load(p), b, c), d1 = secondOutput<T, L>(b, c, d);
      }
      const y00 = firstOutput<T, L>(a0, b0, c0), y01 = firstOutput<T, L>(a1, b1, c1);
      const y10 = secondOutput<T, L>(b0, c0, d0), y11 = secondOutput<T, L>(b1, c1, d1);
      if (sizeof<L>() == 2 && residual) {
        const v00 = finishSum<T>(y00, scale, shift, other, floor);
        let best = v00;
        if (!pool) v128.store(to, v00);
        if (hasRight) {
          const v01 = finishSum<T>(y01, scale, shift, other + yPixel, floor);
          if (pool) best = f32x4.pmax(best, v01);
          else v128.store(to + yPixel, v01);
        }
        if (hasLower) {
          const v10 = finishSum<T>(y10, scale, shift, other + yRow, floor);
          if (pool) best = f32x4.pmax(best, v10);
          else v128.store(to + yRow, v10);
          if (hasRight) {
            const v11 = finishSum<T>(y11, scale, shift, other + yRow + yPixel, floor);
            if (pool) best = f32x4.pmax(best, v11);
            else v128.store(to + yRow + yPixel, v11);
          }
        }
        if (pool) v128.store(to, best);
        to += pool ? yPixel : 2 * yPixel;
        other += 2 * yPixel;
      } else if (pool) {
        let best = y00;
        if (hasRight) best = larger<T>(best, y01);
        if (hasLower) {
          best = larger<T>(best, y10);
          if (hasRight) best = larger<T>(best, y11);
        }
        storeFloats(to, finish<T>(best, scale, shift, floor), lanes);
        to += yPixel;
      } else {
        storeFloats(to, finish<T>(y00, scale, shift, floor), lanes);
        if (hasRight) storeFloats(to + yPixel, finish<T>(y01, scale, shift, floor), lanes);
        if (hasLower) {
          storeFloats(to + yRow, finish<T>(y10, scale, shift, floor), lanes);
          if (hasRight) storeFloats(to + yRow + yPixel, finish<T>(y11, scale, shift, floor), lanes);
        }
        to += 2 * yPixel;
      }
      from += width * 4;
    }
  }
}
