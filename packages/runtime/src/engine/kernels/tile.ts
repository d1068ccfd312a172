// The one inner loop of all matrix work: a register tile of up to 3 rows by 16 columns of
//
//   C[m, 0..lanes) (+)= sum over i1 < n1, i2 < n2, i3 < n3 of
//                       A[m * aM + i1 * a1 + i2 * a2 + i3 * aK] * B[i1 * b1 + i2 * b2 + i3 * bK, 0..lanes)
//
// Rows are output pixels when a convolution runs, kernel taps when its weight gradient is summed, so that
// both read the feature map where it lies and no patch matrix is ever written. All strides are in bytes.
// Each sum is taken in the order i1, i2, i3, whatever the tile.

/**
 * a * b + c, which `fuseMultiplyAdds` makes one instruction where the machine has it. The build finds the places by
 * compiling a second time with MARK_MULTIPLY_ADDS, as nothing else here reckons with doubles.
 */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (MARK_MULTIPLY_ADDS) return f64x2.add(f64x2.mul(a, b), c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Start from C itself instead of from `start`. */
export const ACCUMULATE = 1;
/** Clamp the result at zero. */
export const RELU = 2;

// Compile-time numbers, written as types because AssemblyScript specialises functions by type only:
// the size of the type in bytes is the number (and 4 stands for 3 rows).
export type One = u8;
export type Two = u16;
export type Four = u32;
export type Three = u32;

/** Stores the first `lanes` values of four vectors. */
function storeLanes(c: usize, x0: v128, x1: v128, x2: v128, x3: v128, lanes: i32): void {
  let x = x0;
  for (;;) {
    if (lanes >= 4) {
      v128.store(c, x);
    } else {
      if (lanes > 0) f32.store(c, f32x4.extract_lane(x, 0));
      if (lanes > 1) f32.store(c, f32x4.extract_lane(x, 1), 4);
      if (lanes > 2) f32.store(c, f32x4.extract_lane(x, 2), 8);
      return;
    }
    lanes -= 4;
    if (lanes <= 0) return;
    c += 16;
    x = x1;
    x1 = x2;
    x2 = x3;
  }
}

// @ts-ignore: decorator
@inline
function finish<V>(c: usize, x0: v128, x1: v128, x2: v128, x3: v128, lanes: i32, mode: i32): void {
  if (mode & RELU) {
    const zero = f32x4.splat(0);
    x0 = f32x4.max(x0, zero);
    if (sizeof<V>() >= 2) x1 = f32x4.max(x1, zero);
    if (sizeof<V>() >= 4) {
      x2 = f32x4.max(x2, zero);
      x3 = f32x4.max(x3, zero);
    }
  }
  if (lanes == 4 * <i32>sizeof<V>()) {
    v128.store(c, x0);
    if (sizeof<V>() >= 2) v128.store(c, x1, 16);
    if (sizeof<V>() >= 4) {
      v128.store(c, x2, 32);
      v128.store(c, x3, 48);
    }
  } else {
    storeLanes(c, x0, x1, x2, x3, lanes);
  }
}

/**
 * P: rows (One, Two, Three); V: vectors of four columns (One, Two, Four); L: One where aK is 4 and bK is the
 * packed width (a convolution over packed weights), Two where aM is 4 (a weight gradient).
 * `start` points to the columns' starting values (a bias), or is 0.
 */
// @ts-ignore: decorator
@inline
export function tile<P, V, L>(
  a: usize, aM: i32, aK: i32,
  b: usize, bK: i32,
  n1: i32, a1: i32, b1: i32,
  n2: i32, a2: i32, b2: i32,
  n3: i32,
  c: usize, cM: i32,
  start: usize, mode: i32, lanes: i32,
): void {
  const zero = f32x4.splat(0);
  let x00 = zero, x01 = zero, x02 = zero, x03 = zero;
  let x10 = zero, x11 = zero, x12 = zero, x13 = zero;
  let x20 = zero, x21 = zero, x22 = zero, x23 = zero;
  if (mode & ACCUMULATE) {
    // Lanes past the valid ones read the neighbour's values, which are computed with and thrown away.
    x00 = v128.load(c);
    if (sizeof<V>() >= 2) x01 = v128.load(c, 16);
    if (sizeof<V>() >= 4) { x02 = v128.load(c, 32); x03 = v128.load(c, 48); }
    if (sizeof<P>() >= 2) {
      const row = c + cM;
      x10 = v128.load(row);
      if (sizeof<V>() >= 2) x11 = v128.load(row, 16);
      if (sizeof<V>() >= 4) { x12 = v128.load(row, 32); x13 = v128.load(row, 48); }
    }
    if (sizeof<P>() >= 4) {
      const row = c + 2 * cM;
      x20 = v128.load(row);
      if (sizeof<V>() >= 2) x21 = v128.load(row, 16);
      if (sizeof<V>() >= 4) { x22 = v128.load(row, 32); x23 = v128.load(row, 48); }
    }
  } else if (start) {
    x00 = v128.load(start);
    if (sizeof<V>() >= 2) x01 = v128.load(start, 16);
    if (sizeof<V>() >= 4) { x02 = v128.load(start, 32); x03 = v128.load(start, 48); }
    if (sizeof<P>() >= 2) { x10 = x00; x11 = x01; x12 = x02; x13 = x03; }
    if (sizeof<P>() >= 4) { x20 = x00; x21 = x01; x22 = x02; x23 = x03; }
  }
  for (let i1 = 0; i1 < n1; i1++) {
    let aRow = a, bRow = b;
    for (let i2 = 0; i2 < n2; i2++) {
      let p0 = aRow;
      let p1: usize = 0, p2: usize = 0;
      if (sizeof<L>() == 1) { p1 = aRow + aM; p2 = aRow + 2 * aM; }
      let q = bRow;
      for (let i3 = n3; i3 > 0; i3--) {
        const y0 = v128.load(q);
        let y1 = zero, y2 = zero, y3 = zero;
        if (sizeof<V>() >= 2) y1 = v128.load(q, 16);
        if (sizeof<V>() >= 4) { y2 = v128.load(q, 32); y3 = v128.load(q, 48); }
        let v = v128.load32_splat(p0);
        x00 = multiplyAdd(v, y0, x00);
        if (sizeof<V>() >= 2) x01 = multiplyAdd(v, y1, x01);
        if (sizeof<V>() >= 4) { x02 = multiplyAdd(v, y2, x02); x03 = multiplyAdd(v, y3, x03); }
        if (sizeof<P>() >= 2) {
          v = sizeof<L>() == 1 ? v128.load32_splat(p1) : v128.load32_splat(p0, 4);
          x10 = multiplyAdd(v, y0, x10);
          if (sizeof<V>() >= 2) x11 = multiplyAdd(v, y1, x11);
          if (sizeof<V>() >= 4) { x12 = multiplyAdd(v, y2, x12); x13 = multiplyAdd(v, y3, x13); }
        }
        if (sizeof<P>() >= 4) {
          v = sizeof<L>() == 1 ? v128.load32_splat(p2) : v128.load32_splat(p0, 8);
          x20 = multiplyAdd(v, y0, x20);
          if (sizeof<V>() >= 2) x21 = multiplyAdd(v, y1, x21);
          if (sizeof<V>() >= 4) { x22 = multiplyAdd(v, y2, x22); x23 = multiplyAdd(v, y3, x23); }
        }
        if (sizeof<L>() == 1) {
          p0 += 4;
          if (sizeof<P>() >= 2) p1 += 4;
          if (sizeof<P>() >= 4) p2 += 4;
          q += 16 * sizeof<V>();
        } else {
          p0 += aK;
          q += bK;
        }
      }
      aRow += a2;
      bRow += b2;
    }
    a += a1;
    b += b1;
  }
  finish<V>(c, x00, x01, x02, x03, lanes, mode);
  if (sizeof<P>() >= 2) finish<V>(c + cM, x10, x11, x12, x13, lanes, mode);
  if (sizeof<P>() >= 4) finish<V>(c + 2 * cM, x20, x21, x22, x23, lanes, mode);
}

/**
 * A run of `count` rows, in tiles of three, then of two or one. Of 16 columns tiles of two are faster: V8 moves
 * all loads of a loop's body before its products, and three rows need more than its 15 registers then.
 */
// @ts-ignore: decorator
@inline
export function tiles<V, L>(
  count: i32,
  a: usize, aM: i32, aK: i32,
  b: usize, bK: i32,
  n1: i32, a1: i32, b1: i32,
  n2: i32, a2: i32, b2: i32,
  n3: i32,
  c: usize, cM: i32,
  start: usize, mode: i32, lanes: i32,
): void {
  if (sizeof<V>() == 4) {
    for (; count >= 2; count -= 2) {
      tile<Two, V, L>(a, aM, aK, b, bK, n1, a1, b1, n2, a2, b2, n3, c, cM, start, mode, lanes);
      a += 2 * aM;
      c += 2 * cM;
    }
  }
  for (; count >= 3; count -= 3) {
    tile<Three, V, L>(a, aM, aK, b, bK, n1, a1, b1, n2, a2, b2, n3, c, cM, start, mode, lanes);
    a += 3 * aM;
    c += 3 * cM;
  }
  if (count == 2) tile<Two, V, L>(a, aM, aK, b, bK, n1, a1, b1, n2, a2, b2, n3, c, cM, start, mode, lanes);
  if (count == 1) tile<One, V, L>(a, aM, aK, b, bK, n1, a1, b1, n2, a2, b2, n3, c, cM, start, mode, lanes);
}

/** Columns of a block that still has `columns` to go: 16, 8 or 4; the last block may be partly filled. */
// @ts-ignore: decorator
@inline
export function blockWidth(columns: i32): i32 {
  return columns > 8 ? 16 : columns > 4 ? 8 : 4;
}

/** Columns rounded up to whole blocks. */
// @ts-ignore: decorator
@inline
export function wholeBlocks(columns: i32): i32 {
  const rest = columns & 15;
  return columns - rest + (rest > 0 ? blockWidth(rest) : 0);
}
