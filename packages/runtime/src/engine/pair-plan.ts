import type { Arena } from "./memory.js";
import { type ConvolutionShape, type WindowGeometry, windowGeometry } from "./shapes.js";

/** Bytes of products that are made at once: they are read back while the first cache holds them. */
const productBytes = 24 * 1024;

/** Filters in the kernels' next block: 16, 8 or 4, the last one partly empty. */
export const blockWidth = (filters: number): number => (filters > 8 ? 16 : filters > 4 ? 8 : 4);

/** Filters rounded up to whole blocks. */
export function wholeBlocks(filters: number): number {
  const rest = filters % 16;
  return filters - rest + (rest > 0 ? blockWidth(rest) : 0);
}

/** The sizes that `kernels/pairs.ts` is called with. */
export interface PairPlan {
  readonly geometry: WindowGeometry;
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
  const { height, width, channels, filters, kernel, stride, groups } = shape;
  const geometry = windowGeometry(shape, kernel);
  const taps = kernel / stride;
  const segment = stride * channels;
  if (groups > 1 || taps % 2 !== 0 || (segment !== 2 && segment % 4 !== 0)) return undefined;
  if (geometry.rows < 2 || geometry.columns < 2) return undefined;
  const tileRows = Math.ceil(geometry.rows / 2);
  const tileColumns = Math.ceil(geometry.columns / 2);
  const rows = tileRows + taps / 2 - 1;
  const columns = tileColumns + taps / 2 - 1;
  const productRow = 9 * tileColumns * wholeBlocks(filters);
  const passRows = Math.min(tileRows, Math.max(1, Math.floor(productBytes / 4 / productRow)));
  return {
    geometry,
    paddedHeight: Math.max(height + geometry.above + Math.max(geometry.below, 0), (2 * rows + 1) * stride),
    paddedWidth: Math.max(width + geometry.left + Math.max(geometry.right, 0), (2 * columns + 1) * stride),
    rows,
    columns,
    segment,
    lines: (taps / 2) * stride,
    values: (taps / 2) * segment,
    passRows,
    products: passRows * productRow,
  };
}

/** Whether a convolution of this shape runs in pairs; it can then take in a 2 x 2 pool. */
export const runsInPairs = (shape: ConvolutionShape): boolean => planPairs(shape) !== undefined;

/** Bytes of the nine planes of inputs of `bytes` bytes each, in whole cache lines. */
export function planesBytes({ rows, columns, segment }: PairPlan, stride: number, bytes: number): number {
  return Math.ceil((9 * (rows * stride * columns * segment * bytes + 16)) / 64) * 64;
}

/** Asks for the scratch memory of the planes and of the products behind them. */
export function requirePairScratch(arena: Arena, plan: PairPlan, stride: number, bytes: number): void {
  arena.requireScratch(planesBytes(plan, stride, bytes) + plan.products * 4 + 64);
}

/** First and last of two neighbouring taps that a combination of weights adds: e, r and o. */
const combinations = [
  [0, 0],
  [0, 1],
  [1, 1],
] as const;

/** Weights of the nine planes [9, lines, values, filters] from weights [kernel, kernel, channels, filters]. */
export function pairWeights(
  { segment, lines, values }: PairPlan,
  { channels, filters, kernel, stride }: ConvolutionShape,
  weights: ArrayLike<number>,
): Float64Array {
  const result = new Float64Array(9 * lines * values * filters);
  let place = 0;
  for (const [top, bottom] of combinations) {
    for (const [left, right] of combinations) {
      for (let line = 0; line < lines; line++) {
        for (let value = 0; value < values; value++) {
          const row = 2 * Math.floor(line / stride);
          const column = 2 * Math.floor(value / segment);
          for (let i = row + top; i <= row + bottom; i++) {
            for (let j = column + left; j <= column + right; j++) {
              const tap =
                (i * stride + (line % stride)) * kernel * channels + j * segment + (value % segment);
              for (let filter = 0; filter < filters; filter++) {
                result[place + filter] += weights[tap * filters + filter];
              }
            }
          }
          place += filters;
        }
      }
    }
  }
  return result;
}
