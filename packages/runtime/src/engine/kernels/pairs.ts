// Convolution with 9 products in place of 16, for floats (T is f32) and for 16-bit integers (i16), where it is
// exact.
//
// Where the stride divides the kernel an even number of times, T taps of whole blocks of stride x stride
// pixels remain, with stride 1. Along one axis two neighbouring outputs of two neighbouring taps,
//
//   y0 = h0 x0 + h1 x1        y1 = h0 x1 + h1 x2,
//
// need three products in place of four (Winograd 1980, "Arithmetic Complexity of Computations", F(2, 2)):
//
//   e = h0 (x0 - x1)   r = (h0 + h1) x1   o = h1 (x2 - x1);   y0 = e + r   y1 = r + o.
//
// Along both axes that makes nine planes of products for each 2 x 2 outputs, which are just the window of
// the 2 x 2 pool that often follows: the pool costs three maxima more and its input is never written.
import { integerTiles } from "./integer-tile";
import { storeFloats, toFloats } from "./quantise";
import { blockWidth, Four, One, tiles, Two, wholeBlocks } from "./tile";

/** Bytes from plane to plane: `pairLine2` may write a little past a plane's end. */
// @ts-ignore: decorator
@inline
function planeBytes<T>(pairRows: i32, stride: i32, values: i32): i32 {
  return pairRows * stride * values * <i32>sizeof<T>() + 16;
}

/**
 * The nine planes of input combinations, `plane` bytes apart. x: a padded map of rows xRow bytes apart, at least 2 * pairRows + 1
 * rows of blocks by 2 * pairColumns + 1 blocks of `stride` x `segment` values (a segment is `stride` pixels).
 * u: plane after plane [3 rows x 3 columns in the order e, r, o], each [pairRows, stride, pairColumns,
 * segment] values, of integers with 16 bytes of room. Segments of 2 or of a multiple of 4 values.
 */
function pairInput<T>(
  x: usize,
  xRow: i32,
  stride: i32,
  segment: i32,
  pairRows: i32,
  pairColumns: i32,
  u: usize,
  plane: i32,
): void {
  const values = pairColumns * segment;
  for (let pair = 0; pair < pairRows; pair++) {
    for (let line = 0; line < stride; line++) {
      const x0 = x + (2 * pair * stride + line) * xRow;
      const x1 = x0 + stride * xRow;
      const x2 = x1 + stride * xRow;
      const to = u + (pair * stride + line) * values * <i32>sizeof<T>();
      if (sizeof<T>() == 2 && segment == 2) pairLine2(x0, x1, x2, pairColumns, to, plane);
      else pairLine<T>(x0, x1, x2, pairColumns, segment, to, plane);
    }
  }
}

export function pairIntegers(
  x: usize, xRow: i32, stride: i32, segment: i32, pairRows: i32, pairColumns: i32, u: usize,
): void {
  pairInput<i16>(x, xRow, stride, segment, pairRows, pairColumns, u, planeBytes<i16>(pairRows, stride, pairColumns * segment));
}

export function pairFloats(
  x: usize, xRow: i32, stride: i32, segment: i32, pairRows: i32, pairColumns: i32, u: usize,
): void {
  pairInput<f32>(x, xRow, stride, segment, pairRows, pairColumns, u, planeBytes<f32>(pairRows, stride, pairColumns * segment));
}

/** The same of floats with planes as far apart as the caller wants them. */
export function pairInputs(
  x: usize, xRow: i32, stride: i32, segment: i32, pairRows: i32, pairColumns: i32, u: usize, plane: i32,
): void {
  pairInput<f32>(x, xRow, stride, segment, pairRows, pairColumns, u, plane);
}

/** Stores the three column combinations of one row combination (vectors of blocks 2q, 2q + 1, 2q + 2). */
// @ts-ignore: decorator
@inline
function storeColumns<T>(to: usize, plane: i32, v0: v128, v1: v128, v2: v128): void {
  v128.store(to, v128.sub<T>(v0, v1));
  v128.store(to + plane, v1);
  v128.store(to + 2 * plane, v128.sub<T>(v2, v1));
}

// @ts-ignore: decorator
@inline
function storeHalfColumns<T>(to: usize, plane: i32, v0: v128, v1: v128, v2: v128): void {
  v128.store64_lane(to, v128.sub<T>(v0, v1), 0);
  v128.store64_lane(to + plane, v1, 0);
  v128.store64_lane(to + 2 * plane, v128.sub<T>(v2, v1), 0);
}

/** One line of segments of whole vectors, or whole vectors and a half. */
function pairLine<T>(
  x0: usize,
  x1: usize,
  x2: usize,
  pairColumns: i32,
  segment: i32,
  to: usize,
  plane: i32,
): void {
  const block = segment * <i32>sizeof<T>();
  const lanes = 16 / <i32>sizeof<T>();
  for (let pair = 0; pair < pairColumns; pair++) {
    let i = 0;
    for (; i + lanes <= segment; i += lanes) {
      const at = i * <i32>sizeof<T>();
      const a0 = v128.load(x0 + at), b0 = v128.load(x1 + at), c0 = v128.load(x2 + at);
      const a1 = v128.load(x0 + at + block), b1 = v128.load(x1 + at + block), c1 = v128.load(x2 + at + block);
      const a2 = v128.load(x0 + at + 2 * block), b2 = v128.load(x1 + at + 2 * block), c2 = v128.load(x2 + at + 2 * block);
      storeColumns<T>(to + at, plane, v128.sub<T>(a0, b0), v128.sub<T>(a1, b1), v128.sub<T>(a2, b2));
      storeColumns<T>(to + at + 3 * plane, plane, b0, b1, b2);
      storeColumns<T>(to + at + 6 * plane, plane, v128.sub<T>(c0, b0), v128.sub<T>(c1, b1), v128.sub<T>(c2, b2));
    }
    if (i < segment) {
      const at = i * <i32>sizeof<T>();
      const a0 = v128.load64_zero(x0 + at), b0 = v128.load64_zero(x1 + at), c0 = v128.load64_zero(x2 + at);
      const a1 = v128.load64_zero(x0 + at + block), b1 = v128.load64_zero(x1 + at + block), c1 = v128.load64_zero(x2 + at + block);
      const a2 = v128.load64_zero(x0 + at + 2 * block), b2 = v128.load64_zero(x1 + at + 2 * block), c2 = v128.load64_zero(x2 + at + 2 * block);
      storeHalfColumns<T>(to + at, plane, v128.sub<T>(a0, b0), v128.sub<T>(a1, b1), v128.sub<T>(a2, b2));
      storeHalfColumns<T>(to + at + 3 * plane, plane, b0, b1, b2);
      storeHalfColumns<T>(to + at + 6 * plane, plane, v128.sub<T>(c0, b0), v128.sub<T>(c1, b1), v128.sub<T>(c2, b2));
    }
    x0 += 2 * block;
    x1 += 2 * block;
    x2 += 2 * block;
    to += block;
  }
}

// @ts-ignore: decorator
@inline
function evenBlocks(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(low, high, 0, 2, 4, 6);
}

// @ts-ignore: decorator
@inline
function oddBlocks(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(low, high, 1, 3, 5, 7);
}

/** Four pairs of a line of segments of 2 integers, from eight blocks on and the eight after the first two. */
// @ts-ignore: decorator
@inline
function storeFour(to: usize, plane: i32, low: v128, high: v128, next: v128): void {
  const even = evenBlocks(low, high);
  const odd = oddBlocks(low, high);
  // Blocks 2, 4, 6 and 8: the even ones without the first, and the first of the next eight.
  const after = v128.shuffle<i32>(even, next, 1, 2, 3, 4);
  storeColumns<i16>(to, plane, even, odd, after);
}

/**
 * One line of segments of 2 integers (one channel, stride 2), four pairs at a time. The last time round it
 * reads and writes up to three pairs too many: into the next line, which is written later, or into the room
 * behind the plane.
 */
function pairLine2(x0: usize, x1: usize, x2: usize, pairColumns: i32, to: usize, plane: i32): void {
  for (let pair = 0; pair < pairColumns; pair += 4) {
    const a0 = v128.load(x0), a1 = v128.load(x0, 16), a2 = v128.load(x0, 32);
    const b0 = v128.load(x1), b1 = v128.load(x1, 16), b2 = v128.load(x1, 32);
    const c0 = v128.load(x2), c1 = v128.load(x2, 16), c2 = v128.load(x2, 32);
    storeFour(to, plane, i16x8.sub(a0, b0), i16x8.sub(a1, b1), i16x8.sub(a2, b2));
    storeFour(to + 3 * plane, plane, b0, b1, b2);
    storeFour(to + 6 * plane, plane, i16x8.sub(c0, b0), i16x8.sub(c1, b1), i16x8.sub(c2, b2));
    x0 += 32;
    x1 += 32;
    x2 += 32;
    to += 16;
  }
}

/**
 * Convolution from the planes of `pairInput`. packed: the nine planes' weights, in blocks of 16, 8 or 4
 * filters, each [lines, values, filters of the block], with integers in pairs of values, [lines, values / 2,
 * filters of the block, 2]. A plane's run has `lines` lines of
 * `values` values (T / 2 times those of a block, for integers rounded up to pairs). rows x columns: the convolution's
 * output; pool: write the largest of each 2 x 2 instead, whose windows at an odd edge are cut. passRows: rows
 * of 2 x 2 outputs made at once; products: room for nine planes of passRows x tileColumns pixels of 32-bit
 * products (filters rounded up to whole blocks). Units and unit, which floats do not have,
 * and bias as for `finishSums`.
 */
function convolvePairs<T>(
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
  relu: bool,
  pool: bool,
  y: usize,
): void {
  const width = wholeBlocks(filters);
  const size: i32 = sizeof<T>();
  const line = pairColumns * segment * size;
  const plane = planeBytes<T>(pairRows, stride, pairColumns * segment);
  const tileRows = (rows + 1) >> 1;
  const tileColumns = (columns + 1) >> 1;
  const productRow = tileColumns * width * 4;
  const productPlane = passRows * productRow;
  for (let first = 0; first < tileRows; first += passRows) {
    const last = min(first + passRows, tileRows);
    let weights = packed;
    for (let index = 0; index < 9; index++) {
      // The o combinations make the second row or column, which a tile at an odd edge does not have.
      const count = index % 3 == 2 ? columns >> 1 : tileColumns;
      const end = index >= 6 ? min(last, rows >> 1) : last;
      for (let filter = 0; filter < filters; ) {
        const block = blockWidth(filters - filter);
        for (let row = first; row < end; row++) {
            const from = u + index * plane + row * stride * line;
            const to = products + index * productPlane + (row - first) * productRow + filter * 4;
            if (isFloat<T>()) {
              floatTiles(block, count, from, segment * 4, weights, lines, line, values, to, width * 4);
            } else {
              integerTiles(block, count, from, segment * 2, weights, lines, line, 1, 0, values >> 1, to, width * 4);
            }
        }
        weights += lines * values * block * size;
        filter += block;
      }
    }
    for (let row = first; row < last; row++) {
      const from = products + (row - first) * productRow;
      if (pool) poolPairs<T>(from, productPlane, filters, 2 * row + 1 < rows, columns, units, unit, bias, relu, y + row * tileColumns * filters * 4);
      else spreadPairs<T>(from, productPlane, filters, 2 * row + 1 < rows, columns, units, unit, bias, relu, y + 2 * row * columns * filters * 4);
    }
  }
}

export function convolveIntegerPairs(
  u: usize, stride: i32, segment: i32, pairRows: i32, pairColumns: i32,
  packed: usize, filters: i32, lines: i32, values: i32, rows: i32, columns: i32,
  passRows: i32, products: usize, units: usize, unit: f32, bias: usize, relu: bool, pool: bool, y: usize,
): void {
  convolvePairs<i16>(
    u, stride, segment, pairRows, pairColumns, packed, filters, lines, values, rows, columns, passRows, products, 
    units, unit, bias, relu, pool, y,
  );
}

export function convolveFloatPairs(
  u: usize, stride: i32, segment: i32, pairRows: i32, pairColumns: i32,
  packed: usize, filters: i32, lines: i32, values: i32, rows: i32, columns: i32,
  passRows: i32, products: usize, bias: usize, relu: bool, pool: bool, y: usize,
): void {
  convolvePairs<f32>(
    u, stride, segment, pairRows, pairColumns, packed, filters, lines, values, rows, columns, passRows, products, 
    0, 0, bias, relu, pool, y,
  );
}

/** A run of `count` pixels for one block of 16, 8 or 4 filters. */
function floatTiles(
  width: i32, count: i32,
  a: usize, aM: i32,
  b: usize,
  lines: i32, line: i32, values: i32,
  c: usize, cM: i32,
): void {
  const bLine = values * width * 4;
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

/** Sums are 32 bits wide, of integers as of floats. */
// @ts-ignore: decorator
@inline
function plus<T>(a: v128, b: v128): v128 {
  return isFloat<T>() ? f32x4.add(a, b) : i32x4.add(a, b);
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

/** The pooled outputs of one row of tiles. */
function poolPairs<T>(
  m: usize,
  plane: i32,
  filters: i32,
  hasLower: bool,
  columns: i32,
  units: usize,
  unit: f32,
  bias: usize,
  relu: bool,
  y: usize,
): void {
  const floor = relu ? f32x4.splat(0) : f32x4.splat(-Infinity);
  const width = wholeBlocks(filters);
  for (let filter = 0; filter < filters; filter += 4) {
    const scale = scaleOf<T>(units, filter, unit);
    const shift = v128.load(bias + filter * 4);
    let from = m + filter * 4;
    let to = y + filter * 4;
    for (let column = 0; column < columns; column += 2) {
      const hasRight = column + 1 < columns;
      const re = v128.load(from + 3 * plane), rr = v128.load(from + 4 * plane), ro = v128.load(from + 5 * plane);
      const upperE = plus<T>(v128.load(from), re);
      const upperR = plus<T>(v128.load(from + plane), rr);
      let best = plus<T>(upperE, upperR);
      if (hasRight) {
        const upperO = plus<T>(v128.load(from + 2 * plane), ro);
        best = larger<T>(best, plus<T>(upperR, upperO));
      }
      if (hasLower) {
        const lowerE = plus<T>(v128.load(from + 6 * plane), re);
        const lowerR = plus<T>(v128.load(from + 7 * plane), rr);
        best = larger<T>(best, plus<T>(lowerE, lowerR));
        if (hasRight) {
          const lowerO = plus<T>(v128.load(from + 8 * plane), ro);
          best = larger<T>(best, plus<T>(lowerR, lowerO));
        }
      }
      storeFloats(to, finish<T>(best, scale, shift, floor), filters - filter);
      from += width * 4;
      to += filters * 4;
    }
  }
}

/** The outputs of one row of tiles, in two rows. */
function spreadPairs<T>(
  m: usize,
  plane: i32,
  filters: i32,
  hasLower: bool,
  columns: i32,
  units: usize,
  unit: f32,
  bias: usize,
  relu: bool,
  y: usize,
): void {
  const floor = relu ? f32x4.splat(0) : f32x4.splat(-Infinity);
  const width = wholeBlocks(filters);
  const pixel = filters * 4;
  const yRow = columns * pixel;
  for (let filter = 0; filter < filters; filter += 4) {
    const lanes = filters - filter;
    const scale = scaleOf<T>(units, filter, unit);
    const shift = v128.load(bias + filter * 4);
    let from = m + filter * 4;
    let to = y + filter * 4;
    for (let column = 0; column < columns; column += 2) {
      const hasRight = column + 1 < columns;
      const re = v128.load(from + 3 * plane), rr = v128.load(from + 4 * plane), ro = v128.load(from + 5 * plane);
      const upperE = plus<T>(v128.load(from), re);
      const upperR = plus<T>(v128.load(from + plane), rr);
      storeFloats(to, finish<T>(plus<T>(upperE, upperR), scale, shift, floor), lanes);
      if (hasRight) {
        const upperO = plus<T>(v128.load(from + 2 * plane), ro);
        storeFloats(to + pixel, finish<T>(plus<T>(upperR, upperO), scale, shift, floor), lanes);
      }
      if (hasLower) {
        const lowerE = plus<T>(v128.load(from + 6 * plane), re);
        const lowerR = plus<T>(v128.load(from + 7 * plane), rr);
        storeFloats(to + yRow, finish<T>(plus<T>(lowerE, lowerR), scale, shift, floor), lanes);
        if (hasRight) {
          const lowerO = plus<T>(v128.load(from + 8 * plane), ro);
          storeFloats(to + yRow + pixel, finish<T>(plus<T>(lowerR, lowerO), scale, shift, floor), lanes);
        }
      }
      from += width * 4;
      to += 2 * pixel;
    }
  }
}
