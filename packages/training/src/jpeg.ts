/** Quantisation steps of the luminance table in annex K of the JPEG standard (ITU T.81), row after row. */
const luminanceSteps: readonly number[] = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22,
  29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103,
  121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

const side = 8;
/** Row u holds the u-th cosine of the orthonormal discrete cosine transform. */
const cosines = Float64Array.from({ length: side * side }, (_, i) => {
  const u = Math.floor(i / side);
  return Math.sqrt((u === 0 ? 1 : 2) / side) * Math.cos(((2 * (i % side) + 1) * u * Math.PI) / (2 * side));
});
const steps = new Float64Array(side * side);
const block = new Float64Array(side * side);
const half = new Float64Array(side * side);

/** The steps at a quality of 1 to 100, scaled as libjpeg does it. */
function setSteps(quality: number): void {
  const scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  for (let i = 0; i < steps.length; i++) {
    steps[i] = Math.min(Math.max(Math.floor((luminanceSteps[i] * scale + 50) / 100), 1), 255);
  }
}

/** block = C * block * C', or C' * block * C where it goes back. */
function transform(back: boolean): void {
  const at = (u: number, x: number) => (back ? cosines[x * side + u] : cosines[u * side + x]);
  for (let u = 0; u < side; u++) {
    for (let column = 0; column < side; column++) {
      let sum = 0;
      for (let x = 0; x < side; x++) sum += at(u, x) * block[x * side + column];
      half[u * side + column] = sum;
    }
  }
  for (let u = 0; u < side; u++) {
    for (let v = 0; v < side; v++) {
      let sum = 0;
      for (let x = 0; x < side; x++) sum += at(v, x) * half[u * side + x];
      block[u * side + v] = sum;
    }
  }
}

/**
 * Replaces a grey picture by what is left of it after JPEG: 8x8 cosine transforms, quantised and turned back.
 * Blocks that reach past the right or lower edge go on with the edge's pixels.
 *
 * @param picture size * size grey bytes, changed in place
 * @param quality 1 to 100 in libjpeg's sense
 */
export function compressInPlace(picture: Uint8Array, size: number, quality: number): void {
  setSteps(quality);
  for (let top = 0; top < size; top += side) {
    for (let left = 0; left < size; left += side) {
      for (let i = 0; i < block.length; i++) {
        const row = Math.min(top + Math.floor(i / side), size - 1);
        const column = Math.min(left + (i % side), size - 1);
        block[i] = picture[row * size + column] - 128;
      }
      transform(false);
      for (let i = 0; i < block.length; i++) block[i] = Math.round(block[i] / steps[i]) * steps[i];
      transform(true);
      const bottom = Math.min(side, size - top);
      const right = Math.min(side, size - left);
      for (let row = 0; row < bottom; row++) {
        for (let column = 0; column < right; column++) {
          const value = Math.round(block[row * side + column] + 128);
          picture[(top + row) * size + left + column] = Math.min(Math.max(value, 0), 255);
        }
      }
    }
  }
}
