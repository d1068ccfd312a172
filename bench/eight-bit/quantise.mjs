// Eight bits on one side of a product and seven on the other, scaled as the engine's 16-bit path does: weights by
// filter, activations by the largest of their map.

/** Bytes of pixels that stand for -1 to 1 become 0 to 127 about a zero of 64. */
export const pixelZero = 64;
export const pixelUnit = 2 / 127.5;

/** @returns whole number 0 to 127 of a byte */
export const quantisePixel = (byte) => Math.min((byte + 1) >> 1, 127);

/** Whether a network's pixels are the ones that `quantisePixel` is made for. */
export const readsUsualPixels = ({ input }) =>
  Math.abs(input.scale - pixelUnit / 2) < 1e-9 && input.offset === -1;

/**
 * @param weights [depth, filters]
 * @returns whole numbers -127 to 127, and the real value of 1 by filter
 */
export function quantiseWeights(weights, filters) {
  const units = new Float32Array(filters);
  for (let i = 0; i < weights.length; i++) {
    units[i % filters] = Math.max(units[i % filters], Math.abs(weights[i]) / 127);
  }
  return {
    values: Int8Array.from(weights, (weight, i) => Math.round(weight / (units[i % filters] || 1))),
    units,
  };
}

/** Activations behind a ReLU rounded to the nearest 127th of their largest, in place. */
export function roundActivations(map) {
  const unit = map.reduce((a, b) => Math.max(a, b), 0) / 127;
  if (unit > 0) for (let i = 0; i < map.length; i++) map[i] = Math.round(map[i] / unit) * unit;
}
