// Max pooling and global average pooling. Maps height x width x channels; windows that hang over the edge
// are clipped to the map, which is what TensorFlow's SAME padding does for a maximum.

export function maxPool(
  x: usize,
  height: i32,
  width: i32,
  channels: i32,
  size: i32,
  stride: i32,
  above: i32,
  left: i32,
  y: usize,
  rows: i32,
  columns: i32,
): void {
  const pixel = channels * 4;
  for (let row = 0; row < rows; row++) {
    const top = max(row * stride - above, 0);
    const bottom = min(row * stride - above + size, height);
    for (let column = 0; column < columns; column++) {
      const first = max(column * stride - left, 0);
      const last = min(column * stride - left + size, width);
      let channel = 0;
      for (; channel + 4 <= channels; channel += 4) {
        let best = f32x4.splat(-Infinity);
        for (let i = top; i < bottom; i++) {
          for (let j = first; j < last; j++) {
            best = f32x4.max(best, v128.load(x + (i * width + j) * pixel + channel * 4));
          }
        }
        v128.store(y + channel * 4, best);
      }
      for (; channel < channels; channel++) {
        let best: f32 = -Infinity;
        for (let i = top; i < bottom; i++) {
          for (let j = first; j < last; j++)
            best = max(best, f32.load(x + (i * width + j) * pixel + channel * 4));
        }
        f32.store(y + channel * 4, best);
      }
      y += pixel;
    }
  }
}

/** Adds each output gradient to dx at the first of the window's largest values. */
export function maxPoolGradient(
  x: usize,
  y: usize,
  dy: usize,
  height: i32,
  width: i32,
  channels: i32,
  size: i32,
  stride: i32,
  above: i32,
  left: i32,
  dx: usize,
  rows: i32,
  columns: i32,
): void {
  const pixel = channels * 4;
  for (let row = 0; row < rows; row++) {
    const top = max(row * stride - above, 0);
    const bottom = min(row * stride - above + size, height);
    for (let column = 0; column < columns; column++) {
      const first = max(column * stride - left, 0);
      const last = min(column * stride - left + size, width);
      let channel = 0;
      for (; channel + 4 <= channels; channel += 4) {
        const offset = channel * 4;
        const best = v128.load(y + offset);
        let open = v128.load(dy + offset);
        for (let i = top; i < bottom; i++) {
          for (let j = first; j < last; j++) {
            const at = (i * width + j) * pixel + offset;
            const hit = f32x4.eq(v128.load(x + at), best);
            v128.store(dx + at, f32x4.add(v128.load(dx + at), v128.and(open, hit)));
            open = v128.andnot(open, hit);
          }
        }
      }
      for (; channel < channels; channel++) {
        const offset = channel * 4;
        const best = f32.load(y + offset);
        let open = true;
        for (let i = top; i < bottom && open; i++) {
          for (let j = first; j < last && open; j++) {
            const at = (i * width + j) * pixel + offset;
            if (f32.load(x + at) == best) {
              f32.store(dx + at, f32.load(dx + at) + f32.load(dy + offset));
              open = false;
            }
          }
        }
      }
      y += pixel;
      dy += pixel;
    }
  }
}

/** y[channel] = scale * sum over pixels of x[pixel, channel]. */
export function sumPixels(
  x: usize,
  pixels: i32,
  channels: i32,
  scale: f32,
  y: usize,
  accumulate: bool,
): void {
  const step = channels * 4;
  let channel = 0;
  for (; channel + 4 <= channels; channel += 4) {
    let from = x + channel * 4;
    let total = f32x4.splat(0);
    // Partial sums over runs of 64 pixels keep the rounding error of long sums small.
    for (let start = 0; start < pixels; start += 64) {
      let sum = f32x4.splat(0);
      for (let pixel = min(64, pixels - start); pixel > 0; pixel--) {
        sum = f32x4.add(sum, v128.load(from));
        from += step;
      }
      total = f32x4.add(total, sum);
    }
    total = f32x4.mul(total, f32x4.splat(scale));
    const to = y + channel * 4;
    v128.store(to, accumulate ? f32x4.add(v128.load(to), total) : total);
  }
  for (; channel < channels; channel++) {
    let from = x + channel * 4;
    let total: f32 = 0;
    for (let start = 0; start < pixels; start += 64) {
      let sum: f32 = 0;
      for (let pixel = min(64, pixels - start); pixel > 0; pixel--) {
        sum += f32.load(from);
        from += step;
      }
      total += sum;
    }
    const to = y + channel * 4;
    f32.store(to, (accumulate ? f32.load(to) : 0) + total * scale);
  }
}

/** dx[pixel, channel] (+)= scale * dy[channel]. */
export function spreadPixels(
  dy: usize,
  pixels: i32,
  channels: i32,
  scale: f32,
  dx: usize,
  accumulate: bool,
): void {
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      const value = f32.load(dy + channel * 4) * scale;
      f32.store(dx, accumulate ? f32.load(dx) + value : value);
      dx += 4;
    }
  }
}
