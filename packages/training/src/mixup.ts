import type { Random } from "./random.js";

/**
 * Mixes a second picture into a first (mixup, Zhang et al., arXiv 1710.09412): a = share * a + (1 - share) * b,
 * rounded to the nearest byte. The targets of the pair must be mixed with the same share.
 *
 * @param share what is left of the first picture, 0..1
 * @throws RangeError when the pictures differ in length
 */
export function mixImages(a: Uint8Array, b: Uint8Array, share: number): void {
  if (a.length !== b.length) {
    throw new RangeError(`Pictures of ${a.length} and ${b.length} pixels cannot be mixed.`);
  }
  for (let i = 0; i < a.length; i++) a[i] = (share * a[i] + (1 - share) * b[i] + 0.5) | 0;
}

/**
 * Draws the share of the first picture from Beta(alpha, alpha): around a half where alpha is large, near 0 or 1
 * where it is small; always 1, no mixing, where alpha is 0.
 *
 * The ratio X / (X + Y) of two gamma variables, in logarithms, for a small alpha's are too small for floats.
 */
export function sampleMixup(alpha: number, random: Random): number {
  if (!(alpha > 0)) return 1;
  const x = logGammaVariable(alpha, random);
  const y = logGammaVariable(alpha, random);
  return 1 / (1 + Math.exp(y - x));
}

/**
 * Logarithm of a Gamma(shape, 1) variable (Marsaglia & Tsang 2000, "A simple method for generating gamma
 * variables"); a shape below 1 is one more, times a power of a uniform variable.
 */
function logGammaVariable(shape: number, random: Random): number {
  if (shape < 1) return logGammaVariable(shape + 1, random) + Math.log(1 - random.next()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = random.normal();
    const root = 1 + c * normal;
    if (root <= 0) continue;
    const cube = root * root * root;
    const uniform = 1 - random.next();
    if (Math.log(uniform) < 0.5 * normal * normal + d - d * cube + d * Math.log(cube)) {
      return Math.log(d * cube);
    }
  }
}
