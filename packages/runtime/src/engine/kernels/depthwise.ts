// Depthwise convolution: one kernel per channel. Maps height x width x channels, weights [kernel, kernel,
// channels]. `a` is the padded input; strides in bytes.
import { copyOrAdd } from "./elementwise";
import { multiplyAdd } from "./tile";

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
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = a + row * aRow + column * aColumn;
      const to = c + row * cRow + column * cColumn;
      let channel = 0;
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
