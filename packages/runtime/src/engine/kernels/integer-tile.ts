// The inner loop of the integer path: a register tile of up to 2 pixels by 16 filters of
//
//   C[m, 0..16) = sum over i1 < n1, i2 < n2, i3 < n3, j < 2 of
//                 A[m * aM + i1 * a1 + i2 * a2 + i3 * 4 + 2 * j] * B[i1, i2, i3, 0..16, j]
//
// on 16-bit inputs and weights with 32-bit sums. Inputs come in pairs of neighbours, as one instruction
// multiplies eight pairs and adds each pair's products; the weights lie as B is read. Strides are in bytes.
// Sums are taken modulo 2^32: it is enough that the final ones fit (see ../integer-scales.ts).
//
// V8 moves all loads of a loop's body before its products, so a tile of three pixels, or a body of two pairs,
// keeps more vectors alive than the 15 there are and is slower, measured, than this one.

import { Four, One, Two } from "./tile";

// @ts-ignore: decorator
@inline
function addProducts(sum: v128, a: v128, b: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

/** P: pixels (One, Two); V: vectors of four filters (One, Two, Four). */
// @ts-ignore: decorator
@inline
function integerTile<P, V>(
  a: usize, aM: i32,
  b: usize,
  n1: i32, a1: i32,
  n2: i32, a2: i32,
  n3: i32,
  c: usize, cM: i32,
): void {
  // From a run's end to the next run of the same i1, and to the first of the next.
  const jump2 = a2 - n3 * 4;
  const jump1 = a1 - (n2 - 1) * a2 - n3 * 4;
  const zero = i32x4.splat(0);
  let x00 = zero, x01 = zero, x02 = zero, x03 = zero;
  let x10 = zero, x11 = zero, x12 = zero, x13 = zero;
  let pairs = n3;
  let inner = n2;
  for (;;) {
    const y0 = v128.load(b);
    let y1 = zero, y2 = zero, y3 = zero;
    if (sizeof<V>() >= 2) y1 = v128.load(b, 16);
    if (sizeof<V>() >= 4) { y2 = v128.load(b, 32); y3 = v128.load(b, 48); }
    let v = v128.load32_splat(a);
    x00 = addProducts(x00, v, y0);
    if (sizeof<V>() >= 2) x01 = addProducts(x01, v, y1);
    if (sizeof<V>() >= 4) { x02 = addProducts(x02, v, y2); x03 = addProducts(x03, v, y3); }
    if (sizeof<P>() >= 2) {
      v = v128.load32_splat(a + aM);
      x10 = addProducts(x10, v, y0);
      if (sizeof<V>() >= 2) x11 = addProducts(x11, v, y1);
      if (sizeof<V>() >= 4) { x12 = addProducts(x12, v, y2); x13 = addProducts(x13, v, y3); }
    }
    a += 4;
    b += 16 * sizeof<V>();
    if (--pairs == 0) {
      if (--inner == 0) {
        if (--n1 == 0) break;
        a += jump1;
        inner = n2;
      } else {
        a += jump2;
      }
      pairs = n3;
    }
  }
  v128.store(c, x00);
  if (sizeof<V>() >= 2) v128.store(c, x01, 16);
  if (sizeof<V>() >= 4) { v128.store(c, x02, 32); v128.store(c, x03, 48); }
  if (sizeof<P>() >= 2) {
    const row = c + cM;
    v128.store(row, x10);
    if (sizeof<V>() >= 2) v128.store(row, x11, 16);
    if (sizeof<V>() >= 4) { v128.store(row, x12, 32); v128.store(row, x13, 48); }
  }
}

// @ts-ignore: decorator
@inline
function run<V>(
  count: i32,
  a: usize, aM: i32,
  b: usize,
  n1: i32, a1: i32,
  n2: i32, a2: i32,
  n3: i32,
  c: usize, cM: i32,
): void {
  for (; count >= 2; count -= 2) {
    integerTile<Two, V>(a, aM, b, n1, a1, n2, a2, n3, c, cM);
    a += 2 * aM;
    c += 2 * cM;
  }
  if (count == 1) integerTile<One, V>(a, aM, b, n1, a1, n2, a2, n3, c, cM);
}

/** A run of `count` pixels for one block of 16, 8 or 4 filters. */
export function integerTiles(
  width: i32,
  count: i32,
  a: usize, aM: i32,
  b: usize,
  n1: i32, a1: i32,
  n2: i32, a2: i32,
  n3: i32,
  c: usize, cM: i32,
): void {
  if (width == 16) run<Four>(count, a, aM, b, n1, a1, n2, a2, n3, c, cM);
  else if (width == 8) run<Two>(count, a, aM, b, n1, a1, n2, a2, n3, c, cM);
  else run<One>(count, a, aM, b, n1, a1, n2, a2, n3, c, cM);
}
