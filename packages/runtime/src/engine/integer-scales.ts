/**
 * How the integer path turns weights and activations into 16-bit integers so that nothing can overflow.
 *
 * A real value is an integer times a unit. Weights have one unit per filter, fixed when the network is
 * loaded. Activations have one unit per map and image, found when the image runs, from the map's largest
 * magnitude: no calibration is needed, and none can be outgrown by an unusual face. Between layers values
 * are float32.
 *
 * With N products a sum, activations of at most A and weights w of at most `weightLimit`:
 *
 * - every sum fits 32 bits, because the filter's unit is chosen such that A * (|w1| + ... + |wN|) < 2^31;
 * - the combinations of `kernels/pairs.ts` fit 16 bits: those of activations, and those of two taps a side, add
 *   at most four values of at most 8191, which is 32764; those of three taps a side at most nine of at most
 *   3640, which is 32760, as they are taken four times, in whole numbers: (2 h0, h0 + h1 + h2, h0 - h1 + h2,
 *   2 h2) along each axis. A pair of products of two such is at most 2 * 32764^2 < 2^31. Sums of those may wrap
 *   around, but are added and subtracted only, which is exact modulo 2^32, and the results are the sums of the
 *   line above, of three taps four times them: there the unit is chosen such that these fit.
 *
 * This factor is the `scale` of sums here, 1 or 4. Half of its two bits are taken from the activations and half
 * from the weights.
 */

/** The largest weight where sums have this scale. */
export const weightLimit = (scale: 1 | 4): number => (scale === 4 ? 3640 : 8191);

const largestSum = 2 ** 31 - 1;

/**
 * The largest activation for sums of `depth` products: 8191, and less in deep layers, so that weights and
 * activations share the bits of the sum about equally. Activations reach their limit once in a map and are
 * an eighth of it or so in the mean, which is where the 2^34 comes from.
 */
export function activationLimit(depth: number, scale: 1 | 4 = 1): number {
  return Math.max(1, Math.min(8191, Math.floor(Math.sqrt(2 ** 34 / scale / depth))));
}

export interface IntegerWeights {
  /** [depth, filters] whole numbers of at most `weightLimit`. */
  readonly values: Int16Array;
  /** The real value of 1, by filter. */
  readonly units: Float32Array;
}

/** Weights [depth, filters] as integers, for activations of at most `limit` and sums of this scale. */
export function quantiseWeights(
  weights: Float32Array,
  filters: number,
  limit: number,
  scale: 1 | 4 = 1,
): IntegerWeights {
  const depth = weights.length / filters;
  const values = new Int16Array(weights.length);
  const units = new Float32Array(filters);
  // Rounding can add a half to each magnitude, which the sum leaves room for.
  const room = Math.floor(largestSum / scale / limit) - Math.ceil(depth / 2);
  for (let filter = 0; filter < filters; filter++) {
    let sum = 0;
    let largest = 0;
    for (let i = filter; i < weights.length; i += filters) {
      sum += Math.abs(weights[i]);
      largest = Math.max(largest, Math.abs(weights[i]));
    }
    // Rounding the unit to float32 must not make it smaller.
    const unit = Math.fround(Math.max(largest / weightLimit(scale), sum / room) * (1 + 2 ** -22));
    units[filter] = unit;
    if (unit === 0) continue;
    for (let i = filter; i < weights.length; i += filters) values[i] = Math.round(weights[i] / unit);
  }
  return { values, units };
}

/** How a map of activations with this largest magnitude is scaled: integer = nearest(value * factor). */
export function activationScale(largest: number, limit: number): { factor: number; unit: number } {
  const factor = Math.fround(limit / largest);
  // An empty map, or one so faint that its factor is no number, is all zeros.
  if (!Number.isFinite(factor)) return { factor: 0, unit: 0 };
  return { factor, unit: Math.fround(largest / limit) };
}

export interface ByteScale {
  /** A pixel is the whole number byte * multiplier - zero. */
  readonly multiplier: number;
  readonly zero: number;
  /** The real value of 1. */
  readonly unit: number;
  /** The largest magnitude of a pixel. */
  readonly limit: number;
}

/**
 * Pixels 0..255 as integers that stand for byte * scale + offset, with the border's 0 as 0: an input from
 * -1 to 1 becomes 2 * byte - 255. Exact where offset / scale is a multiple of a sixteenth.
 *
 * @returns undefined where such integers would be too large
 */
export function byteScale(scale: number, offset: number): ByteScale | undefined {
  if (!(scale > 0)) return undefined;
  const zeroOf = (multiplier: number) => (-offset / scale) * multiplier;
  let multiplier = 1;
  while (multiplier < 16 && Math.abs(zeroOf(multiplier) - Math.round(zeroOf(multiplier))) > 1e-3)
    multiplier *= 2;
  // Adding 0 makes a 0 of -0.
  const zero = Math.round(zeroOf(multiplier)) + 0;
  const limit = Math.max(Math.abs(zero), Math.abs(255 * multiplier - zero));
  if (limit > 8191) return undefined;
  return { multiplier, zero, unit: Math.fround(scale / multiplier), limit };
}
