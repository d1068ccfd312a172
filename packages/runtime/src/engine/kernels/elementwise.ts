// Operations on flat arrays of n values.

/** Pixels to input values: y = x * scale + offset. */
export function convertBytes(x: usize, n: i32, scale: f32, offset: f32, y: usize): void {
  const factor = f32x4.splat(scale);
  const shift = f32x4.splat(offset);
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const words = v128.load8x8_u(x + i);
    const low = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(words));
    const high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(words));
    v128.store(y + i * 4, f32x4.add(f32x4.mul(low, factor), shift));
    v128.store(y + i * 4, f32x4.add(f32x4.mul(high, factor), shift), 16);
  }
  for (; i < n; i++) f32.store(y + i * 4, <f32>load<u8>(x + i) * scale + offset);
}

/** The same for pixels that are floats already; x and y may be one array. */
export function convertFloats(x: usize, n: i32, scale: f32, offset: f32, y: usize): void {
  for (let i = 0; i < n; i++) f32.store(y + i * 4, f32.load(x + i * 4) * scale + offset);
}

/** y = a + b, clamped at zero where relu is asked for. */
export function add(a: usize, b: usize, n: i32, y: usize, relu: bool): void {
  const floor = relu ? f32x4.splat(0) : f32x4.splat(-Infinity);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(y + i * 4, f32x4.max(f32x4.add(v128.load(a + i * 4), v128.load(b + i * 4)), floor));
  }
  for (; i < n; i++) {
    const sum = f32.load(a + i * 4) + f32.load(b + i * 4);
    f32.store(y + i * 4, relu ? max<f32>(sum, 0) : sum);
  }
}

/**
 * y = wide + narrow, clamped at zero where relu is asked for, for maps of `pixels` x channels values; the
 * channels that the narrow map lacks at the end of each pixel count as zero.
 */
export function addNarrow(
  narrow: usize,
  narrowChannels: i32,
  wide: usize,
  channels: i32,
  pixels: i32,
  y: usize,
  relu: bool,
): void {
  const floor = relu ? f32x4.splat(0) : f32x4.splat(-Infinity);
  for (let pixel = 0; pixel < pixels; pixel++) {
    let channel = 0;
    for (; channel + 4 <= narrowChannels; channel += 4) {
      const offset = channel * 4;
      v128.store(y + offset, f32x4.max(f32x4.add(v128.load(narrow + offset), v128.load(wide + offset)), floor));
    }
    for (; channel < channels; channel++) {
      const offset = channel * 4;
      let sum = f32.load(wide + offset);
      if (channel < narrowChannels) sum += f32.load(narrow + offset);
      f32.store(y + offset, relu ? max<f32>(sum, 0) : sum);
    }
    narrow += narrowChannels * 4;
    wide += channels * 4;
    y += channels * 4;
  }
}

/** The gradient through a ReLU, in place: dy is kept where y > 0 and becomes 0 elsewhere. */
export function reluGradient(y: usize, dy: usize, n: i32): void {
  const zero = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(dy + i * 4, v128.and(v128.load(dy + i * 4), f32x4.gt(v128.load(y + i * 4), zero)));
  }
  for (; i < n; i++) if (!(f32.load(y + i * 4) > 0)) f32.store(dy + i * 4, 0);
}

/** y (+)= x. */
export function copyOrAdd(x: usize, n: i32, y: usize, accumulate: bool): void {
  if (accumulate) add(x, y, n, y, false);
  else memory.copy(y, x, n * 4);
}

/** y (+)= x * mask. */
export function multiply(x: usize, mask: usize, n: i32, y: usize, accumulate: bool): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const value = f32x4.mul(v128.load(x + i * 4), v128.load(mask + i * 4));
    v128.store(y + i * 4, accumulate ? f32x4.add(v128.load(y + i * 4), value) : value);
  }
  for (; i < n; i++) {
    const value = f32.load(x + i * 4) * f32.load(mask + i * 4);
    f32.store(y + i * 4, accumulate ? f32.load(y + i * 4) + value : value);
  }
}

export function zero(y: usize, n: i32): void {
  memory.fill(y, 0, n * 4);
}
