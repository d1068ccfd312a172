// Batch normalisation (Ioffe & Szegedy 2015) over pixels x channels; pixels counts all images of the shard.
import { sumPixels } from "./pool";
import { multiplyAdd } from "./tile";

/** y = x * a[channel] + b[channel], clamped at zero where relu is asked for; x and y may be one array. */
export function scaleShift(
  x: usize,
  pixels: i32,
  channels: i32,
  a: usize,
  b: usize,
  y: usize,
  relu: bool,
): void {
  const floor = relu ? f32x4.splat(0) : f32x4.splat(-Infinity);
  for (let pixel = 0; pixel < pixels; pixel++) {
    let channel = 0;
    for (; channel + 4 <= channels; channel += 4) {
      const o = channel * 4;
      v128.store(y + o, f32x4.max(multiplyAdd(v128.load(x + o), v128.load(a + o), v128.load(b + o)), floor));
    }
    for (; channel < channels; channel++) {
      const o = channel * 4;
      const value = f32.load(x + o) * f32.load(a + o) + f32.load(b + o);
      f32.store(y + o, relu ? max<f32>(value, 0) : value);
    }
    x += channels * 4;
    y += channels * 4;
  }
}

/** Mean and (biased) variance of each channel, in two passes, since the difference of sums would cancel. */
export function moments(x: usize, pixels: i32, channels: i32, mean: usize, variance: usize): void {
  const scale = <f32>1 / <f32>pixels;
  sumPixels(x, pixels, channels, scale, mean, false);
  const step = channels * 4;
  let channel = 0;
  for (; channel + 4 <= channels; channel += 4) {
    let from = x + channel * 4;
    const centre = v128.load(mean + channel * 4);
    let total = f32x4.splat(0);
    for (let start = 0; start < pixels; start += 64) {
      let sum = f32x4.splat(0);
      for (let pixel = min(64, pixels - start); pixel > 0; pixel--) {
        const difference = f32x4.sub(v128.load(from), centre);
        sum = multiplyAdd(difference, difference, sum);
        from += step;
      }
      total = f32x4.add(total, sum);
    }
    v128.store(variance + channel * 4, f32x4.mul(total, f32x4.splat(scale)));
  }
  for (; channel < channels; channel++) {
    let from = x + channel * 4;
    const centre = f32.load(mean + channel * 4);
    let total: f32 = 0;
    for (let start = 0; start < pixels; start += 64) {
      let sum: f32 = 0;
      for (let pixel = min(64, pixels - start); pixel > 0; pixel--) {
        const difference = f32.load(from) - centre;
        sum += difference * difference;
        from += step;
      }
      total += sum;
    }
    f32.store(variance + channel * 4, total * scale);
  }
}

/** products[channel] = sum over pixels of dy * (x - mean). */
export function centredProducts(
  x: usize,
  dy: usize,
  pixels: i32,
  channels: i32,
  mean: usize,
  products: usize,
): void {
  const step = channels * 4;
  let channel = 0;
  for (; channel + 4 <= channels; channel += 4) {
    const centre = v128.load(mean + channel * 4);
    let p = x + channel * 4;
    let q = dy + channel * 4;
    let total = f32x4.splat(0);
    for (let start = 0; start < pixels; start += 64) {
      let sum = f32x4.splat(0);
      for (let pixel = min(64, pixels - start); pixel > 0; pixel--) {
        sum = multiplyAdd(f32x4.sub(v128.load(p), centre), v128.load(q), sum);
        p += step;
        q += step;
      }
      total = f32x4.add(total, sum);
    }
    v128.store(products + channel * 4, total);
  }
  for (; channel < channels; channel++) {
    const centre = f32.load(mean + channel * 4);
    let total: f32 = 0;
    for (let pixel = 0; pixel < pixels; pixel++) {
      const o = pixel * step + channel * 4;
      total += (f32.load(x + o) - centre) * f32.load(dy + o);
    }
    f32.store(products + channel * 4, total);
  }
}

/** dx (+)= dy * a + (x - mean) * b + c, with a, b, c per channel. */
export function inputGradient(
  x: usize,
  dy: usize,
  pixels: i32,
  channels: i32,
  mean: usize,
  a: usize,
  b: usize,
  c: usize,
  dx: usize,
  accumulate: bool,
): void {
  for (let pixel = 0; pixel < pixels; pixel++) {
    let channel = 0;
    for (; channel + 4 <= channels; channel += 4) {
      const o = channel * 4;
      let value = multiplyAdd(v128.load(dy + o), v128.load(a + o), v128.load(c + o));
      value = multiplyAdd(f32x4.sub(v128.load(x + o), v128.load(mean + o)), v128.load(b + o), value);
      v128.store(dx + o, accumulate ? f32x4.add(v128.load(dx + o), value) : value);
    }
    for (; channel < channels; channel++) {
      const o = channel * 4;
      const value =
        f32.load(dy + o) * f32.load(a + o) +
        (f32.load(x + o) - f32.load(mean + o)) * f32.load(b + o) +
        f32.load(c + o);
      f32.store(dx + o, accumulate ? f32.load(dx + o) + value : value);
    }
    x += channels * 4;
    dy += channels * 4;
    dx += channels * 4;
  }
}
