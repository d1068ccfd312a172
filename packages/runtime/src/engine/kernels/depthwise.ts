// Depthwise convolution: one kernel per channel. Maps height x width x channels, weights [kernel, kernel,
// channels]. `a` is the padded input; strides in bytes.
import { copyOrAdd } from "./elementwise";
import { multiplyAdd } from "./tile";

/**
 * One row of a 3 x 3 kernel at stride 1 for four channels. Each input is read once and goes into the three outputs
 * that it belongs to: `ending` has seen two of its columns, `begun` one.
 */
function threeByThree(
  a: usize,
  pixel: i32,
  tapRow: i32,
  weights: usize,
  start: v128,
  columns: i32,
  c: usize,
  cColumn: i32,
  floor: v128,
): void {
  const row = pixel * 3;
  const w00 = v128.load(weights), w01 = v128.load(weights + pixel), w02 = v128.load(weights + 2 * pixel);
  weights += row;
  const w10 = v128.load(weights), w11 = v128.load(weights + pixel), w12 = v128.load(weights + 2 * pixel);
  weights += row;
  const w20 = v128.load(weights), w21 = v128.load(weights + pixel), w22 = v128.load(weights + 2 * pixel);
  let a1 = a + tapRow;
  let a2 = a1 + tapRow;
  let x0 = v128.load(a), x1 = v128.load(a1), x2 = v128.load(a2);
  let begun = multiplyAdd(x2, w20, multiplyAdd(x1, w10, multiplyAdd(x0, w00, start)));
  a += pixel;
  a1 += pixel;
  a2 += pixel;
  x0 = v128.load(a);
  x1 = v128.load(a1);
  x2 = v128.load(a2);
  let ending = multiplyAdd(x2, w21, multiplyAdd(x1, w11, multiplyAdd(x0, w01, begun)));
  begun = multiplyAdd(x2, w20, multiplyAdd(x1, w10, multiplyAdd(x0, w00, start)));
  for (; columns > 0; columns--) {
    a += pixel;
    a1 += pixel;
    a2 += pixel;
    x0 = v128.load(a);
    x1 = v128.load(a1);
    x2 = v128.load(a2);
    const sum = multiplyAdd(x2, w22, multiplyAdd(x1, w12, multiplyAdd(x0, w02, ending)));
    // One instruction where a maximum needs several; what is no number stays none.
    v128.store(c, f32x4.pmax(sum, floor));
    c += cColumn;
    ending = multiplyAdd(x2, w21, multiplyAdd(x1, w11, multiplyAdd(x0, w01, begun)));
    begun = multiplyAdd(x2, w20, multiplyAdd(x1, w10, multiplyAdd(x0, w00, start)));
  }
}

export function depthwise(
  a: usize,
  aRow: i32,
  aColumn: i32,
  weights: usize,
  bias: usize,
  channels: i32,
  kernel: i32,
  tapRow: i32,
  rows: i32,
  columns: i32,
  c: usize,
  cRow: i32,
  cColumn: i32,
  accumulate: bool,
  relu: bool,
): void {
  const pixel = channels * 4;
  const zero = f32x4.splat(0);
  let done = 0;
  if (kernel == 3 && aColumn == pixel && !accumulate) {
    const floor = relu ? zero : f32x4.splat(-Infinity);
    for (let row = 0; row < rows; row++) {
      for (done = 0; done + 4 <= channels; done += 4) {
        const offset = done * 4;
        const start = bias ? v128.load(bias + offset) : zero;
        const from = a + row * aRow + offset;
        const to = c + row * cRow + offset;
        threeByThree(from, pixel, tapRow, weights + offset, start, columns, to, cColumn, floor);
      }
    }
    if (done == channels) return;
  }
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = a + row * aRow + column * aColumn;
      const to = c + row * cRow + column * cColumn;
      let channel = done;
      for (; channel + 4 <= channels; channel += 4) {
        const offset = channel * 4;
        let sum = accumulate ? v128.load(to + offset) : bias ? v128.load(bias + offset) : zero;
        let w = weights + offset;
        for (let i = 0; i < kernel; i++) {
          let x = from + i * tapRow + offset;
          for (let j = 0; j < kernel; j++) {
            sum = multiplyAdd(v128.load(x), v128.load(w), sum);
            x += pixel;
            w += pixel;
          }
        }
        v128.store(to + offset, relu ? f32x4.max(sum, zero) : sum);
      }
      for (; channel < channels; channel++) {
        const offset = channel * 4;
        let sum: f32 = accumulate ? f32.load(to + offset) : bias ? f32.load(bias + offset) : 0;
        let w = weights + offset;
        for (let i = 0; i < kernel; i++) {
          let x = from + i * tapRow + offset;
          for (let j = 0; j < kernel; j++) {
            sum += f32.load(x) * f32.load(w);
            x += pixel;
            w += pixel;
          }
        }
        f32.store(to + offset, relu ? max<f32>(sum, 0) : sum);
      }
    }
  }
}

/**
 * Adds to dx (the padded input's gradient) each output gradient times the kernel: the scatter form, which
 * serves every stride.
 */
export function depthwiseInputGradient(
  d: usize,
  weights: usize,
  channels: i32,
  kernel: i32,
  rows: i32,
  columns: i32,
  dx: usize,
  dxRow: i32,
  dxColumn: i32,
  tapRow: i32,
): void {
  const pixel = channels * 4;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const to = dx + row * dxRow + column * dxColumn;
      for (let i = 0; i < kernel; i++) {
        for (let j = 0; j < kernel; j++) {
          const x = to + i * tapRow + j * pixel;
          const w = weights + (i * kernel + j) * pixel;
          let channel = 0;
          for (; channel + 4 <= channels; channel += 4) {
            const offset = channel * 4;
            v128.store(
              x + offset,
              multiplyAdd(v128.load(d + offset), v128.load(w + offset), v128.load(x + offset)),
            );
          }
          for (; channel < channels; channel++) {
            const offset = channel * 4;
            f32.store(x + offset, f32.load(x + offset) + f32.load(d + offset) * f32.load(w + offset));
          }
        }
      }
      d += pixel;
    }
  }
}

/** Adds to the weight gradient the products of one padded image with its output gradient. */
export function depthwiseWeightGradient(
  a: usize,
  aRow: i32,
  aColumn: i32,
  tapRow: i32,
  d: usize,
  channels: i32,
  kernel: i32,
  rows: i32,
  columns: i32,
  gradient: usize,
): void {
  const pixel = channels * 4;
  for (let i = 0; i < kernel; i++) {
    for (let j = 0; j < kernel; j++) {
      const w = gradient + (i * kernel + j) * pixel;
      const from = a + i * tapRow + j * pixel;
      let channel = 0;
      for (; channel + 4 <= channels; channel += 4) {
        const offset = channel * 4;
        let sum = v128.load(w + offset);
        let dy = d + offset;
        for (let row = 0; row < rows; row++) {
          let x = from + row * aRow + offset;
          for (let column = 0; column < columns; column++) {
            sum = multiplyAdd(v128.load(x), v128.load(dy), sum);
            x += aColumn;
            dy += pixel;
          }
        }
        v128.store(w + offset, sum);
      }
      for (; channel < channels; channel++) {
        const offset = channel * 4;
        let sum = f32.load(w + offset);
        let dy = d + offset;
        for (let row = 0; row < rows; row++) {
          let x = from + row * aRow + offset;
          for (let column = 0; column < columns; column++) {
            sum += f32.load(x) * f32.load(dy);
            x += aColumn;
            dy += pixel;
          }
        }
        f32.store(w + offset, sum);
      }
    }
  }
}

/** Copies (or adds) the height x rowValues middle of a padded map out of it. */
export function crop(
  source: usize,
  sourceRow: i32,
  height: i32,
  rowValues: i32,
  target: usize,
  accumulate: bool,
): void {
  for (let row = 0; row < height; row++) {
    copyOrAdd(source, rowValues, target, accumulate);
    source += sourceRow;
    target += rowValues * 4;
  }
}
