// Shrinking pictures: rows of bytes are added up, weighted or not, and the sums then narrowed to fewer columns.

/** sums += weight * bytes, or = where `start`; n rounded up to whole sixteens is read and written. */
export function addRow(bytes: usize, n: i32, weight: f32, sums: usize, start: bool): void {
  const factor = f32x4.splat(weight);
  for (let i = 0; i < n; i += 16) {
    const x = v128.load(bytes + i);
    const low = i16x8.extend_low_i8x16_u(x);
    const high = i16x8.extend_high_i8x16_u(x);
    let y0 = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(low)), factor);
    let y1 = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(low)), factor);
    let y2 = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(high)), factor);
    let y3 = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(high)), factor);
    const to = sums + i * 4;
    if (!start) {
      y0 = f32x4.add(y0, v128.load(to));
      y1 = f32x4.add(y1, v128.load(to, 16));
      y2 = f32x4.add(y2, v128.load(to, 32));
      y3 = f32x4.add(y3, v128.load(to, 48));
    }
    v128.store(to, y0);
    v128.store(to, y1, 16);
    v128.store(to, y2, 32);
    v128.store(to, y3, 48);
  }
}

/**
 * Narrows a row of sums to `columns` pixels of three bytes. Column i is a sum of the pixels from first[i] to last[i]
 * (whole numbers), of which the ends have weights of their own (floats) and those between weigh `inner`; rounded,
 * halves up. A fourth byte is written behind the last pixel.
 */
export function narrowRow(
  sums: usize,
  channels: i32,
  first: usize,
  last: usize,
  firstWeight: usize,
  lastWeight: usize,
  inner: f32,
  columns: i32,
  y: usize,
): void {
  const share = f32x4.splat(inner);
  const half = f32x4.splat(0.5);
  const pixel = channels * 4;
  for (let i = 0; i < columns; i++) {
    const at = i * 4;
    let from = sums + load<i32>(first + at) * pixel;
    const end = sums + load<i32>(last + at) * pixel;
    let ends = f32x4.mul(v128.load(from), v128.load32_splat(firstWeight + at));
    ends = f32x4.add(ends, f32x4.mul(v128.load(end), v128.load32_splat(lastWeight + at)));
    let between = f32x4.splat(0);
    for (from += pixel; from < end; from += pixel) between = f32x4.add(between, v128.load(from));
    const mean = f32x4.add(f32x4.add(ends, f32x4.mul(between, share)), half);
    let bytes = i32x4.trunc_sat_f32x4_u(mean);
    bytes = i16x8.narrow_i32x4_s(bytes, bytes);
    bytes = i8x16.narrow_i16x8_u(bytes, bytes);
    if (channels == 1) bytes = i8x16.shuffle(bytes, bytes, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    v128.store32_lane(y + i * 3, bytes, 0);
  }
}

/** sums += bytes, or = where `start`, in whole numbers; n rounded up to whole sixteens is read and written. */
export function countRow(bytes: usize, n: i32, sums: usize, start: bool): void {
  for (let i = 0; i < n; i += 16) {
    const x = v128.load(bytes + i);
    const low = i16x8.extend_low_i8x16_u(x);
    const high = i16x8.extend_high_i8x16_u(x);
    let y0 = i32x4.extend_low_i16x8_u(low);
    let y1 = i32x4.extend_high_i16x8_u(low);
    let y2 = i32x4.extend_low_i16x8_u(high);
    let y3 = i32x4.extend_high_i16x8_u(high);
    const to = sums + i * 4;
    if (!start) {
      y0 = i32x4.add(y0, v128.load(to));
      y1 = i32x4.add(y1, v128.load(to, 16));
      y2 = i32x4.add(y2, v128.load(to, 32));
      y3 = i32x4.add(y3, v128.load(to, 48));
    }
    v128.store(to, y0);
    v128.store(to, y1, 16);
    v128.store(to, y2, 32);
    v128.store(to, y3, 48);
  }
}

/**
 * Grey bytes from a row of whole sums of `pixels` pixels: (299 R + 587 G + 114 B) * share + half over blocks of `block`
 * pixels, rounded down; the last block counts the last pixel for those that it lacks.
 */
export function greyBlocks(
  sums: usize,
  pixels: i32,
  channels: i32,
  block: i32,
  share: f64,
  half: f64,
  y: usize,
): void {
  const pixel = channels * 4;
  for (let x = 0; x < pixels; x += block) {
    const inside = min(block, pixels - x);
    let all = v128.load(sums);
    for (let i = 1; i < inside; i++) {
      sums += pixel;
      all = i32x4.add(all, v128.load(sums));
    }
    if (inside < block) all = i32x4.add(all, i32x4.mul(v128.load(sums), i32x4.splat(block - inside)));
    sums += pixel;
    const red = <f64>i32x4.extract_lane(all, 0);
    const green = channels > 1 ? <f64>i32x4.extract_lane(all, 1) : red;
    const blue = channels > 1 ? <f64>i32x4.extract_lane(all, 2) : red;
    store<u8>(y++, <i32>((299 * red + 587 * green + 114 * blue) * share + half));
  }
}
