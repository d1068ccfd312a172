// The inner loop of the integer path: a register tile of up to 3 pixels by 16 filters of
//
//   C[m, 0..16) = sum over i1 < n1, i2 < n2, i3 < n3, j < 2 of
//                 A[m * aM + i1 * a1 + i2 * a2 + i3 * 4 + 2 * j] * B[i1, i2, i3, 0..16, j]
//
// on 16-bit inputs and weights with 32-bit sums. Inputs come in pairs of neighbours, as one instruction
// multiplies eight pairs and adds each pair's products; the weights lie as B is read. Strides are in bytes.
// Sums are taken modulo 2^32: it is enough that the final ones fit (see integer-weights.ts).

import { Four, One, Three, Two } from "./tile";

/** P: pixels (One, Two, Three); V: vectors of four filters (One, Two, Four). */
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
  const zero = i32x4.splat(0);
  let x00 = zero, x01 = zero, x02 = zero, x03 = zero;
  let x10 = zero, x11 = zero, x12 = zero, x13 = zero;
  let x20 = zero, x21 = zero, x22 = zero, x23 = zero;
  for (let i1 = 0; i1 < n1; i1++) {
    let aRow = a;
    for (let i2 = 0; i2 < n2; i2++) {
      let p0 = aRow;
      const end = p0 + n3 * 4;
      for (; p0 < end; p0 += 4) {
        const y0 = v128.load(b);
        let y1 = zero, y2 = zero, y3 = zero;
        if (sizeof<V>() >= 2) y1 = v128.load(b, 16);
        if (sizeof<V>() >= 4) { y2 = v128.load(b, 32); y3 = v128.load(b, 48); }
        b += 16 * sizeof<V>();
        let v = v128.load32_splat(p0);
        x00 = i32x4.add(x00, i32x4.dot_i16x8_s(v, y0));
        if (sizeof<V>() >= 2) x01 = i32x4.add(x01, i32x4.dot_i16x8_s(v, y1));
        if (sizeof<V>() >= 4) {
          x02 = i32x4.add(x02, i32x4.dot_i16x8_s(v, y2));
          x03 = i32x4.add(x03, i32x4.dot_i16x8_s(v, y3));
        }
        if (sizeof<P>() >= 2) {
          v = v128.load32_splat(p0 + aM);
          x10 = i32x4.add(x10, i32x4.dot_i16x8_s(v, y0));
          if (sizeof<V>() >= 2) x11 = i32x4.add(x11, i32x4.dot_i16x8_s(v, y1));
          if (sizeof<V>() >= 4) {
            x12 = i32x4.add(x12, i32x4.dot_i16x8_s(v, y2));
            x13 = i32x4.add(x13, i32x4.dot_i16x8_s(v, y3));
          }
        }
        if (sizeof<P>() >= 4) {
          v = v128.load32_splat(p0 + 2 * aM);
          x20 = i32x4.add(x20, i32x4.dot_i16x8_s(v, y0));
          if (sizeof<V>() >= 2) x21 = i32x4.add(x21, i32x4.dot_i16x8_s(v, y1));
          if (sizeof<V>() >= 4) {
            x22 = i32x4.add(x22, i32x4.dot_i16x8_s(v, y2));
            x23 = i32x4.add(x23, i32x4.dot_i16x8_s(v, y3));
          }
        }
      }
      aRow += a2;
    }
    a += a1;
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
  if (sizeof<P>() >= 4) {
    const row = c + 2 * cM;
    v128.store(row, x20);
    if (sizeof<V>() >= 2) v128.store(row, x21, 16);
    if (sizeof<V>() >= 4) { v128.store(row, x22, 32); v128.store(row, x23, 48); }
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
  for (; count >= 3; count -= 3) {
    integerTile<Three, V>(a, aM, b, n1, a1, n2, a2, n3, c, cM);
    a += 3 * aM;
    c += 3 * cM;
  }
  if (count == 2) integerTile<Two, V>(a, aM, b, n1, a1, n2, a2, n3, c, cM);
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
