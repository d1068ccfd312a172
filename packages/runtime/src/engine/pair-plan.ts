import type { Arena } from "./memory.js";
import { type ConvolutionShape, type WindowGeometry, windowGeometry } from "./shapes.js";

/** Bytes of products that are made at once: they are read back while the first cache holds them. */
const productBytes = 24 * 1024;

/** Fewer channels of three taps than this make runs too short to gain, measured. */
const leastChannels = 16;

const widestBlock = 16;

/** Filters in the kernels' next block: 16, 8 or 4, the last one partly empty. */
export const blockWidth = (filters: number): number => (filters > 8 ? widestBlock : filters > 4 ? 8 : 4);

/** Filters rounded up to whole blocks. */
export function wholeBlocks(filters: number): number {
  const rest = filters % 16;
  return filters - rest + (rest > 0 ? blockWidth(rest) : 0);
}

/** The sizes that `kernels/pairs.ts` is called with. */
export interface PairPlan {
  readonly geometry: WindowGeometry;
  /** Planes along one axis: 3 for an even number of taps, 4 for three. */
  readonly side: 3 | 4;
  /** Size of the padded input, in pixels. */
  readonly paddedHeight: number;
  readonly paddedWidth: number;
  /** Pairs of blocks of stride x stride pixels. */
  readonly rows: number;
  readonly columns: number;
  /** Values of one line of a block. */
  readonly segment: number;
  /** Lines of a plane's run, and values of each. */
  readonly lines: number;
  readonly values: number;
  readonly passRows: number;
  /** Products made at once. */
  readonly products: number;
}

/** Plans a convolution in pairs, or tells by undefined that its shape does not allow it or does not gain. */
export function planPairs(shape: ConvolutionShape): PairPlan | undefined {
  const { height, width, channels, kernel, stride } = shape;
  const geometry = windowGeometry(shape, kernel);
  const segment = stride * channels;
  const threes = kernel === 3 && stride === 1;
  // Groups of neighbouring taps along one axis.
  const groups = threes ? 1 : kernel / stride / 2;
  if (shape.groups > 1 || !Number.isInteger(groups)) return undefined;
  if (geometry.rows < 2 || geometry.columns < 2) return undefined;
  if (threes ? channels % 8 !== 0 || channels < leastChannels : segment !== 2 && segment % 4 !== 0) {
    return undefined;
  }
  const side = threes ? 4 : 3;
  const tileRows = Math.ceil(geometry.rows / 2);
  const tileColumns = Math.ceil(geometry.columns / 2);
  const rows = tileRows + groups - 1;
  const columns = tileColumns + groups - 1;
  const productRow = side * side * tileColumns * widestBlock;
  const passRows = Math.min(tileRows, Math.max(1, Math.floor(productBytes / 4 / productRow)));
  const edge = side - 2;
  return {
    geometry,
    side,
    paddedHeight: Math.max(height + geometry.above + Math.max(geometry.below, 0), (2 * rows + edge) * stride),
    paddedWidth: Math.max(width + geometry.left + Math.max(geometry.right, 0), (2 * columns + edge) * stride),
    rows,
    columns,
    segment,
    lines: groups * stride,
    values: groups * segment,
    passRows,
    products: passRows * productRow,
  };
}

/** Whether a convolution of this shape runs in pairs; it can then take in a 2 x 2 pool. */
export const runsInPairs = (shape: ConvolutionShape): boolean => planPairs(shape) !== undefined;

/** Bytes of the planes of inputs of `bytes` bytes each, in whole cache lines. */
export function planesBytes(plan: PairPlan, stride: number, bytes: number): number {
  const { side, rows, columns, segment } = plan;
  return Math.ceil((side * side * (rows * stride * columns * segment * bytes + 16)) / 64) * 64;
}

/** Asks for the scratch memory of the planes and of the products behind them. */
export function requirePairScratch(arena: Arena, plan: PairPlan, stride: number, bytes: number): void {
  arena.requireScratch(planesBytes(plan, stride, bytes) + plan.products * 4 + 64);
}

/** The `scale` of sums of integers (see `integer-scales.ts`): the halves of three taps' weights are no whole numbers. */
export const sumScale = ({ side }: PairPlan): 1 | 4 => (side === 4 ? 4 : 1);

/** The combinations of neighbouring taps: e, r and o of two, and e, r, s and o of three. */
const combinations = {
  3: [
    [1, 0],
    [1, 1],
    [0, 1],
  ],
  4: [
    [1, 0, 0],
    [0.5, 0.5, 0.5],
    [0.5, -0.5, 0.5],
    [0, 0, 1],
  ],
} as const;

/** Weights of the planes [side * side, lines, values, filters] from weights [kernel, kernel, channels, filters]. */
export function pairWeights(
  { side, segment, lines, values }: PairPlan,
  { channels, filters, kernel, stride }: ConvolutionShape,
  weights: ArrayLike<number>,
): Float64Array {
  const result = new Float64Array(side * side * lines * values * filters);
  // Weights of a tap of one line of a block lie together.
  const run = segment * filters;
  let place = 0;
  for (const down of combinations[side]) {
    for (const across of combinations[side]) {
      for (let line = 0; line < lines; line++) {
        for (let value = 0; value < values; value += segment) {
          const row = 2 * stride * Math.floor(line / stride) + (line % stride);
          for (const [i, rowFactor] of down.entries()) {
            for (const [j, columnFactor] of across.entries()) {
              const factor = rowFactor * columnFactor;
              if (factor === 0) continue;
              const first = ((row + i * stride) * kernel * channels + 2 * value + j * segment) * filters;
              addRun(result, place, weights, first, run, factor);
            }
          }
          place += run;
        }
      }
    }
  }
  return result;
}

/** A function of its own, as the compiler then has it ready after the first few runs. */
function addRun(
  sums: Float64Array,
  place: number,
  weights: ArrayLike<number>,
  first: number,
  count: number,
  factor: number,
): void {
  for (let k = 0; k < count; k++) sums[place + k] += factor * weights[first + k];
}
