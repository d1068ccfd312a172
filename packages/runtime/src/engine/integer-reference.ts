/**
 * The integer path in plain TypeScript, product by product: the truth that its kernels must match to the last
 * bit. Sums of integers are exact in float64 below 2^53; where float32 is meant, each step is rounded.
 */
import { activationScale, type IntegerWeights } from "./integer-scales.js";
import { forEachProduct } from "./reference.js";
import { type ConvolutionShape, windowGeometry } from "./shapes.js";

/** Nearest whole number, ties to the even one. */
function nearestEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

/** A map as integers of at most `limit`, and the real value of 1. */
export function quantiseMap(x: Float32Array, limit: number): { values: Int32Array; unit: number } {
  const largest = x.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const { factor, unit } = activationScale(largest, limit);
  return { values: Int32Array.from(x, (value) => nearestEven(Math.fround(value * factor))), unit };
}

/**
 * Convolution of one map of integers, with floats as its output.
 *
 * @throws RangeError where a sum, times `scale`, does not fit into 32 bits
 */
export function integerConvolution(
  shape: ConvolutionShape,
  x: { values: Int32Array; unit: number },
  weights: IntegerWeights,
  bias?: Float32Array,
  relu = false,
  scale = 1,
): Float32Array {
  const { rows, columns } = windowGeometry(shape, shape.kernel);
  const sums = new Float64Array(rows * columns * shape.filters);
  forEachProduct(shape, 1, (xi, wi, yi) => (sums[yi] += x.values[xi] * weights.values[wi]));
  return Float32Array.from(sums, (sum, index) => {
    if (Math.abs(sum) * scale >= 2 ** 31) throw new RangeError(`The sum ${sum} does not fit into 32 bits.`);
    const filter = index % shape.filters;
    const unit = Math.fround(weights.units[filter] * x.unit);
    const value = Math.fround(Math.fround(Math.fround(sum) * unit) + (bias?.[filter] ?? 0));
    return relu ? Math.max(value, 0) : value;
  });
}
