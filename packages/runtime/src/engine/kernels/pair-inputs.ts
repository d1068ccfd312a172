// The combinations of inputs that a convolution with fewer products multiplies: see `pairs.ts`, for floats (T is
// f32) and for 16-bit integers (i16).
//
// Maps are taken in blocks of `stride` x `stride` pixels, which are `stride` lines of `segment` values; a tile of
// 2 x 2 outputs begins every other block. Planes lie `plane` bytes apart, row after row of the 3 x 3 or 4 x 4
// combinations, each [pairRows, stride, pairColumns, segment] values.

/** Bytes from plane to plane: `pairLine2` may write a little past a plane's end. */
// @ts-ignore: decorator
@inline
export function planeBytes<T>(pairRows: i32, stride: i32, values: i32): i32 {
  return pairRows * stride * values * <i32>sizeof<T>() + 16;
}

/**
 * The 3 x 3 planes for an even number of taps. x: a padded map of rows xRow bytes apart, at least 2 * pairRows + 1
 * rows of blocks by 2 * pairColumns + 1 blocks. Segments of 2 or of a multiple of 4 values; of integers each plane
 * has 16 bytes of room behind it.
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

/** One axis of the combinations for three taps of four neighbours: a - c, b + c, c - b and b - d. */
// @ts-ignore: decorator
@inline
function storeThrees<T>(to: usize, plane: i32, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(to, v128.sub<T>(a, c));
  v128.store(to + plane, v128.add<T>(b, c));
  v128.store(to + 2 * plane, v128.sub<T>(c, b));
  v128.store(to + 3 * plane, v128.sub<T>(b, d));
}

/**
 * The 4 x 4 planes for three taps. x: a padded map of rows xRow bytes apart, at least 2 * tileRows + 2 rows of
 * 2 * tileColumns + 2 pixels, whose channels fill whole vectors. A tile shares two columns with the next.
 */
function threeInput<T>(
  x: usize,
  xRow: i32,
  channels: i32,
  tileRows: i32,
  tileColumns: i32,
  u: usize,
  plane: i32,
): void {
  const pixel = channels * <i32>sizeof<T>();
  for (let row = 0; row < tileRows; row++) {
    for (let at = 0; at < pixel; at += 16) {
      let from = x + at;
      let to = u + at;
      let p = v128.load(from), q = v128.load(from + xRow), r = v128.load(from + 2 * xRow), s = v128.load(from + 3 * xRow);
      let a0 = v128.sub<T>(p, r), a1 = v128.add<T>(q, r), a2 = v128.sub<T>(r, q), a3 = v128.sub<T>(q, s);
      from += pixel;
      p = v128.load(from), q = v128.load(from + xRow), r = v128.load(from + 2 * xRow), s = v128.load(from + 3 * xRow);
      let b0 = v128.sub<T>(p, r), b1 = v128.add<T>(q, r), b2 = v128.sub<T>(r, q), b3 = v128.sub<T>(q, s);
      for (let column = 0; column < tileColumns; column++) {
        from += pixel;
        p = v128.load(from), q = v128.load(from + xRow), r = v128.load(from + 2 * xRow), s = v128.load(from + 3 * xRow);
        const c0 = v128.sub<T>(p, r), c1 = v128.add<T>(q, r), c2 = v128.sub<T>(r, q), c3 = v128.sub<T>(q, s);
        from += pixel;
        p = v128.load(from), q = v128.load(from + xRow), r = v128.load(from + 2 * xRow), s = v128.load(from + 3 * xRow);
        const d0 = v128.sub<T>(p, r), d1 = v128.add<T>(q, r), d2 = v128.sub<T>(r, q), d3 = v128.sub<T>(q, s);
        storeThrees<T>(to, plane, a0, b0, c0, d0);
        storeThrees<T>(to + 4 * plane, plane, a1, b1, c1, d1);
        storeThrees<T>(to + 8 * plane, plane, a2, b2, c2, d2);
        storeThrees<T>(to + 12 * plane, plane, a3, b3, c3, d3);
        a0 = c0, a1 = c1, a2 = c2, a3 = c3;
        b0 = d0, b1 = d1, b2 = d2, b3 = d3;
        to += pixel;
      }
    }
    x += 2 * xRow;
    u += tileColumns * pixel;
  }
}

// @ts-ignore: decorator
@inline
function input<T>(
  side: i32, x: usize, xRow: i32, stride: i32, segment: i32, pairRows: i32, pairColumns: i32, u: usize,
): void {
  const plane = planeBytes<T>(pairRows, stride, pairColumns * segment);
  if (side == 3) pairInput<T>(x, xRow, stride, segment, pairRows, pairColumns, u, plane);
  else threeInput<T>(x, xRow, segment, pairRows, pairColumns, u, plane);
}

/** side: planes along one axis, 3 for an even number of taps or 4 for three. */
export function pairIntegers(
  side: i32, x: usize, xRow: i32, stride: i32, segment: i32, pairRows: i32, pairColumns: i32, u: usize,
): void {
  input<i16>(side, x, xRow, stride, segment, pairRows, pairColumns, u);
}

export function pairFloats(
  side: i32, x: usize, xRow: i32, stride: i32, segment: i32, pairRows: i32, pairColumns: i32, u: usize,
): void {
  input<f32>(side, x, xRow, stride, segment, pairRows, pairColumns, u);
}

/** The same of floats with planes as far apart as the caller wants them. */
export function pairInputs(
  x: usize, xRow: i32, stride: i32, segment: i32, pairRows: i32, pairColumns: i32, u: usize, plane: i32,
): void {
  pairInput<f32>(x, xRow, stride, segment, pairRows, pairColumns, u, plane);
}

export function threeInputs(
  x: usize, xRow: i32, channels: i32, tileRows: i32, tileColumns: i32, u: usize, plane: i32,
): void {
  threeInput<f32>(x, xRow, channels, tileRows, tileColumns, u, plane);
}
