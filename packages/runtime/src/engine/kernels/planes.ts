// Transforms of a convolution with fewer products, and of its gradients, all of float32.
//
// Along one axis two neighbouring outputs come from three products (Winograd 1980, F(2, 2), two taps: see
// `pairs.ts`) or from four (Winograd's F(2, 3), three taps) of transformed inputs and transformed taps:
// y = Aᵀ (G h · Bᵀ x), along both axes nine or sixteen planes of products for each 2 x 2 outputs. The products of a
// plane are a matrix product. The algorithm is bilinear, so its gradients need no more products than itself:
// dh = Gᵀ (A dy · Bᵀ x) and dx = B (A dy · G h).
//
//             Bᵀ x                            G h                                       Aᵀ m
//   F(2, 2)   x0-x1, x1, x2-x1                h0, h0+h1, h1                             m0+m1, m1+m2
//   F(2, 3)   x0-x2, x1+x2, x2-x1, x1-x3      h0, (h0+h1+h2)/2, (h0-h1+h2)/2, h2        m0+m1+m2, m1-m2-m3
//
// Maps are taken in blocks of `stride` lines of `segment` values, a multiple of 4 (one pixel where the stride
// is 1); tiles are two blocks apart. A plane is [tileRows, stride, tileColumns, segment]; planes lie
// planeBytes apart, row after row of the 3 x 3 or 4 x 4. L is Pairs for F(2, 2) or Threes for F(2, 3).
import { firstOutput, Pairs, secondOutput, Threes } from "./pairs";

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}

// @ts-ignore: decorator
@inline
function sub(a: v128, b: v128): v128 {
  return f32x4.sub(a, b);
}

// @ts-ignore: decorator
@inline
function half(a: v128): v128 {
  return f32x4.mul(a, f32x4.splat(0.5));
}

/** Planes along one axis. */
// @ts-ignore: decorator
@inline
function side<L>(): i32 {
  return sizeof<L>() == 1 ? 3 : 4;
}

/** Output `which` of one row of planes. */
// @ts-ignore: decorator
@inline
function rowOutput<L>(m: usize, plane: i32, second: bool): v128 {
  const b = v128.load(m + plane), c = v128.load(m + 2 * plane);
  if (!second) return firstOutput<f32, L>(v128.load(m), b, c);
  return secondOutput<f32, L>(b, c, sizeof<L>() == 1 ? c : v128.load(m + 3 * plane));
}

/** One column of 2 x 2 outputs. */
// @ts-ignore: decorator
@inline
function storeOutputs<L>(m: usize, plane: i32, second: bool, lower: bool, shift: v128, floor: v128, y: usize, yRow: i32): void {
  const down = side<L>() * plane;
  const b = rowOutput<L>(m + down, plane, second);
  const c = rowOutput<L>(m + 2 * down, plane, second);
  const upper = firstOutput<f32, L>(rowOutput<L>(m, plane, second), b, c);
  v128.store(y, f32x4.pmax(floor, add(upper, shift)));
  if (!lower) return;
  const under = secondOutput<f32, L>(b, c, sizeof<L>() == 1 ? c : rowOutput<L>(m + 3 * down, plane, second));
  v128.store(y + yRow, f32x4.pmax(floor, add(under, shift)));
}

/** y [rows, columns, filters] = Aᵀ m plus bias, clamped at zero where relu is asked for; m is of one image. */
// @ts-ignore: decorator
@inline
function outputs<L>(m: usize, plane: i32, filters: i32, rows: i32, columns: i32, bias: usize, relu: bool, y: usize): void {
  const floor = relu ? f32x4.splat(0) : f32x4.splat(-Infinity);
  const pixel = filters * 4;
  const yRow = columns * pixel;
  for (let row = 0; row < rows; row += 2) {
    const lower = row + 1 < rows;
    for (let column = 0; column < columns; column += 2) {
      const right = column + 1 < columns;
      const to = y + row * yRow + column * pixel;
      for (let at = 0; at < pixel; at += 16) {
        const shift = v128.load(bias + at);
        storeOutputs<L>(m + at, plane, false, lower, shift, floor, to + at, yRow);
        if (right) storeOutputs<L>(m + at, plane, true, lower, shift, floor, to + at + pixel, yRow);
      }
      m += pixel;
    }
  }
}

export function pairOutputs(m: usize, plane: i32, filters: i32, rows: i32, columns: i32, bias: usize, relu: bool, y: usize): void {
  outputs<Pairs>(m, plane, filters, rows, columns, bias, relu, y);
}

export function threeOutputs(m: usize, plane: i32, filters: i32, rows: i32, columns: i32, bias: usize, relu: bool, y: usize): void {
  outputs<Threes>(m, plane, filters, rows, columns, bias, relu, y);
}

/** The second row and, of F(2, 3), the third of A; the first is a, the last b or -b. */
// @ts-ignore: decorator
@inline
function storeGradientRow<L>(to: usize, plane: i32, a: v128, b: v128): void {
  v128.store(to, a);
  v128.store(to + plane, add(a, b));
  if (sizeof<L>() == 1) {
    v128.store(to + 2 * plane, b);
  } else {
    v128.store(to + 2 * plane, sub(a, b));
    v128.store(to + 3 * plane, f32x4.neg(b));
  }
}

/** d = A dy, for dy [rows, columns, filters] of one image; what a tile at an odd edge lacks counts as zero. */
// @ts-ignore: decorator
@inline
function outputGradients<L>(dy: usize, rows: i32, columns: i32, filters: i32, d: usize, plane: i32): void {
  const zero = f32x4.splat(0);
  const pixel = filters * 4;
  const dyRow = columns * pixel;
  const down = side<L>() * plane;
  for (let row = 0; row < rows; row += 2) {
    const lower = row + 1 < rows;
    for (let column = 0; column < columns; column += 2) {
      const right = column + 1 < columns;
      const from = dy + row * dyRow + column * pixel;
      for (let at = 0; at < pixel; at += 16) {
        const a0 = v128.load(from + at);
        const a1 = right ? v128.load(from + at + pixel) : zero;
        const b0 = lower ? v128.load(from + at + dyRow) : zero;
        const b1 = lower && right ? v128.load(from + at + dyRow + pixel) : zero;
        const to = d + at;
        storeGradientRow<L>(to, plane, a0, a1);
        storeGradientRow<L>(to + down, plane, add(a0, b0), add(a1, b1));
        if (sizeof<L>() == 1) {
          storeGradientRow<L>(to + 2 * down, plane, b0, b1);
        } else {
          storeGradientRow<L>(to + 2 * down, plane, sub(a0, b0), sub(a1, b1));
          storeGradientRow<L>(to + 3 * down, plane, f32x4.neg(b0), f32x4.neg(b1));
        }
      }
      d += pixel;
    }
  }
}

export function pairOutputGradients(dy: usize, rows: i32, columns: i32, filters: i32, d: usize, plane: i32): void {
  outputGradients<Pairs>(dy, rows, columns, filters, d, plane);
}

export function threeOutputGradients(dy: usize, rows: i32, columns: i32, filters: i32, d: usize, plane: i32): void {
  outputGradients<Threes>(dy, rows, columns, filters, d, plane);
}

/** The one axis of B: what input `index` of a tile gets. */
// @ts-ignore: decorator
@inline
function inputShare<L>(index: i32, a: v128, b: v128, c: v128, d: v128): v128 {
  if (index == 0) return a;
  if (sizeof<L>() == 1) return index == 1 ? sub(sub(b, a), c) : c;
  if (index == 1) return add(sub(b, c), d);
  return index == 2 ? sub(add(b, c), a) : f32x4.neg(d);
}

/** What column `index` of a tile gets from one row of planes. */
// @ts-ignore: decorator
@inline
function rowShare<L>(index: i32, du: usize, plane: i32): v128 {
  const zero = f32x4.splat(0);
  if (index == 0) return v128.load(du);
  if (sizeof<L>() == 1) {
    if (index == 2) return v128.load(du + 2 * plane);
    return inputShare<L>(1, v128.load(du), v128.load(du + plane), v128.load(du + 2 * plane), zero);
  }
  if (index == 3) return f32x4.neg(v128.load(du + 3 * plane));
  const b = v128.load(du + plane), c = v128.load(du + 2 * plane);
  return index == 1
    ? inputShare<L>(1, zero, b, c, v128.load(du + 3 * plane))
    : inputShare<L>(2, v128.load(du), b, c, zero);
}

// @ts-ignore: decorator
@inline
function addTo(x: usize, value: v128): void {
  v128.store(x, add(v128.load(x), value));
}

// @ts-ignore: decorator
@inline
function addColumn<L>(index: i32, du: usize, plane: i32, dx: usize, block: i32): void {
  const down = side<L>() * plane;
  const a = rowShare<L>(index, du, plane);
  const b = rowShare<L>(index, du + down, plane);
  const c = rowShare<L>(index, du + 2 * down, plane);
  const d = sizeof<L>() == 1 ? c : rowShare<L>(index, du + 3 * down, plane);
  addTo(dx, a);
  addTo(dx + block, inputShare<L>(1, a, b, c, d));
  addTo(dx + 2 * block, inputShare<L>(2, a, b, c, d));
  if (sizeof<L>() == 2) addTo(dx + 3 * block, inputShare<L>(3, a, b, c, d));
}

/** Adds B du to a padded map dx of rows dxRow bytes apart. */
// @ts-ignore: decorator
@inline
function inputGradients<L>(du: usize, plane: i32, stride: i32, segment: i32, tileRows: i32, tileColumns: i32, dx: usize, dxRow: i32): void {
  const bytes = segment * 4;
  const block = stride * dxRow;
  for (let row = 0; row < tileRows; row++) {
    for (let line = 0; line < stride; line++) {
      let to = dx + 2 * row * block + line * dxRow;
      for (let column = 0; column < tileColumns; column++) {
        for (let at = 0; at < bytes; at += 16) {
          addColumn<L>(0, du + at, plane, to + at, block);
          addColumn<L>(1, du + at, plane, to + at + bytes, block);
          addColumn<L>(2, du + at, plane, to + at + 2 * bytes, block);
          if (sizeof<L>() == 2) addColumn<L>(3, du + at, plane, to + at + 3 * bytes, block);
        }
        du += bytes;
        to += 2 * bytes;
      }
    }
  }
}

export function pairInputGradients(du: usize, plane: i32, stride: i32, segment: i32, tileRows: i32, tileColumns: i32, dx: usize, dxRow: i32): void {
  inputGradients<Pairs>(du, plane, stride, segment, tileRows, tileColumns, dx, dxRow);
}

export function threeInputGradients(du: usize, plane: i32, stride: i32, segment: i32, tileRows: i32, tileColumns: i32, dx: usize, dxRow: i32): void {
  inputGradients<Threes>(du, plane, stride, segment, tileRows, tileColumns, dx, dxRow);
}

/** The one axis of G: plane `index` of taps a, b and, of F(2, 3), c. */
// @ts-ignore: decorator
@inline
function tapPlane<L>(index: i32, a: v128, b: v128, c: v128): v128 {
  if (index == 0) return a;
  if (sizeof<L>() == 1) return index == 1 ? add(a, b) : b;
  if (index == 3) return c;
  const ends = add(a, c);
  return half(index == 1 ? add(ends, b) : sub(ends, b));
}

// @ts-ignore: decorator
@inline
function storeTapRow<L>(index: i32, w: usize, row: i32, column: i32, to: usize, plane: i32): void {
  const w1 = w + row;
  const w2 = sizeof<L>() == 1 ? w1 : w1 + row;
  const a = tapPlane<L>(index, v128.load(w), v128.load(w1), v128.load(w2));
  const b = tapPlane<L>(index, v128.load(w + column), v128.load(w1 + column), v128.load(w2 + column));
  let c = b;
  if (sizeof<L>() == 2) {
    c = tapPlane<L>(index, v128.load(w + 2 * column), v128.load(w1 + 2 * column), v128.load(w2 + 2 * column));
  }
  v128.store(to, tapPlane<L>(0, a, b, c));
  v128.store(to + plane, tapPlane<L>(1, a, b, c));
  v128.store(to + 2 * plane, tapPlane<L>(2, a, b, c));
  if (sizeof<L>() == 2) v128.store(to + 3 * plane, tapPlane<L>(3, a, b, c));
}

/** G h of `count` weights a tap; taps are `row` and `column` bytes apart. */
// @ts-ignore: decorator
@inline
function taps<L>(w: usize, row: i32, column: i32, count: i32, to: usize, plane: i32): void {
  const down = side<L>() * plane;
  for (let at = 0; at < count * 4; at += 16) {
    storeTapRow<L>(0, w + at, row, column, to + at, plane);
    storeTapRow<L>(1, w + at, row, column, to + at + down, plane);
    storeTapRow<L>(2, w + at, row, column, to + at + 2 * down, plane);
    if (sizeof<L>() == 2) storeTapRow<L>(3, w + at, row, column, to + at + 3 * down, plane);
  }
}

export function pairTaps(w: usize, row: i32, column: i32, count: i32, to: usize, plane: i32): void {
  taps<Pairs>(w, row, column, count, to, plane);
}

export function threeTaps(w: usize, row: i32, column: i32, count: i32, to: usize, plane: i32): void {
  taps<Threes>(w, row, column, count, to, plane);
}

/** The one axis of Gᵀ. */
// @ts-ignore: decorator
@inline
function tapShare<L>(index: i32, a: v128, b: v128, c: v128, d: v128): v128 {
  if (sizeof<L>() == 1) return index == 0 ? add(a, b) : add(b, c);
  if (index == 0) return add(a, half(add(b, c)));
  return index == 1 ? half(sub(b, c)) : add(half(add(b, c)), d);
}

// @ts-ignore: decorator
@inline
function rowTapShare<L>(index: i32, p: usize, plane: i32): v128 {
  const b = v128.load(p + plane), c = v128.load(p + 2 * plane);
  return tapShare<L>(index, v128.load(p), b, c, sizeof<L>() == 1 ? c : v128.load(p + 3 * plane));
}

// @ts-ignore: decorator
@inline
function addTapColumn<L>(index: i32, p: usize, plane: i32, dw: usize, row: i32): void {
  const down = side<L>() * plane;
  const a = rowTapShare<L>(index, p, plane);
  const b = rowTapShare<L>(index, p + down, plane);
  const c = rowTapShare<L>(index, p + 2 * down, plane);
  const d = sizeof<L>() == 1 ? c : rowTapShare<L>(index, p + 3 * down, plane);
  addTo(dw, tapShare<L>(0, a, b, c, d));
  addTo(dw + row, tapShare<L>(1, a, b, c, d));
  if (sizeof<L>() == 2) addTo(dw + 2 * row, tapShare<L>(2, a, b, c, d));
}

/** Adds Gᵀ p to the gradients of `count` weights a tap. */
// @ts-ignore: decorator
@inline
function tapGradients<L>(p: usize, plane: i32, count: i32, dw: usize, row: i32, column: i32): void {
  for (let at = 0; at < count * 4; at += 16) {
    addTapColumn<L>(0, p + at, plane, dw + at, row);
    addTapColumn<L>(1, p + at, plane, dw + at + column, row);
    if (sizeof<L>() == 2) addTapColumn<L>(2, p + at, plane, dw + at + 2 * column, row);
  }
}

export function pairTapGradients(p: usize, plane: i32, count: i32, dw: usize, row: i32, column: i32): void {
  tapGradients<Pairs>(p, plane, count, dw, row, column);
}

export function threeTapGradients(p: usize, plane: i32, count: i32, dw: usize, row: i32, column: i32): void {
  tapGradients<Threes>(p, plane, count, dw, row, column);
}
