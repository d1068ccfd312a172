import type { InferenceKernels, PairKernels } from "./kernel-exports.js";
import type { Arena } from "./memory.js";
import {
  blockWidth,
  type PairPlan,
  pairWeights,
  planesBytes,
  planPairs,
  requirePairScratch,
  wholeBlocks,
} from "./pair-plan.js";
import type { ConvolutionShape } from "./shapes.js";

/**
 * A convolution of floats with fewer products (see `kernels/pairs.ts`), planned for one image at a
 * time, for shapes that `planPairs` finds fit.
 */
export class PairConvolution {
  /** Values of one output map, after the pool where it is taken in. */
  readonly outputLength: number;
  readonly #plan: PairPlan;
  readonly #padded: number;
  readonly #packed: number;
  readonly #bias: number;

  constructor(
    readonly shape: ConvolutionShape,
    private readonly arena: Arena,
    readonly pooled: boolean,
  ) {
    const { channels, filters, stride } = shape;
    const plan = planPairs(shape)!;
    this.#plan = plan;
    const { rows, columns } = plan.geometry;
    this.outputLength = (pooled ? Math.ceil(rows / 2) * Math.ceil(columns / 2) : rows * columns) * filters;
    this.#padded = arena.floats(plan.paddedHeight * plan.paddedWidth * channels + 16);
    this.#packed = arena.floats(plan.side ** 2 * plan.lines * plan.values * wholeBlocks(filters));
    this.#bias = arena.floats(filters + 16);
    requirePairScratch(arena, plan, stride, 4);
  }

  /** Takes weights [kernel, kernel, channels, filters] and a bias; `memory` is the arena's. */
  setWeights(memory: ArrayBufferLike, weights: Float32Array, bias?: Float32Array): void {
    const { filters } = this.shape;
    const planes = pairWeights(this.#plan, this.shape, weights);
    const target = new Float32Array(memory, this.#packed);
    let place = 0;
    for (let first = 0; first < filters; first += blockWidth(filters - first)) {
      const width = blockWidth(filters - first);
      // What a block has too many stays zero.
      for (let row = 0; row < planes.length; row += filters, place += width) {
        target.set(planes.subarray(row + first, row + Math.min(first + width, filters)), place);
      }
    }
    new Float32Array(memory, this.#bias, filters).set(bias ?? new Float32Array(filters));
  }

  /**
   * y = convolution of the map at x with the weights set last, plus bias and the map at `residual` unless that is 0,
   * pooled where it was planned so. A residual needs a 3 x 3 kernel and filters in fours.
   */
  forward(k: InferenceKernels & PairKernels, x: number, y: number, relu: boolean, residual = 0): void {
    const { height, width, channels, filters, stride } = this.shape;
    const { geometry, paddedHeight, paddedWidth, ...plan } = this.#plan;
    const { above, left } = geometry;
    const { scratch } = this.arena;
    k.pad(
      x,
      height,
      width * channels * 4,
      this.#padded,
      above,
      paddedHeight - above - height,
      left * channels * 4,
      (paddedWidth - left - width) * channels * 4,
    );
    const rowBytes = paddedWidth * channels * 4;
    k.pairFloats(plan.side, this.#padded, rowBytes, stride, plan.segment, plan.rows, plan.columns, scratch);
    k.convolveFloatPairs(
      plan.side,
      scratch,
      stride,
      plan.segment,
      plan.rows,
      plan.columns,
      this.#packed,
      filters,
      plan.lines,
      plan.values,
      geometry.rows,
      geometry.columns,
      plan.passRows,
      scratch + planesBytes(this.#plan, stride, 4),
      this.#bias,
      residual,
      relu ? 1 : 0,
      this.pooled ? 1 : 0,
      y,
    );
  }
}
