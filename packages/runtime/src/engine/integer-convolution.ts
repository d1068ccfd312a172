import {
  activationLimit,
  activationScale,
  type ByteScale,
  type IntegerWeights,
  quantiseWeights,
} from "./integer-scales.js";
import type { IntegerKernels, PairKernels } from "./kernel-exports.js";
import type { Arena } from "./memory.js";
import {
  blockWidth,
  type PairPlan,
  pairWeights,
  planesBytes,
  planPairs,
  requirePairScratch,
  sumScale,
  wholeBlocks,
} from "./pair-plan.js";
import { type ConvolutionShape, type WindowGeometry, windowGeometry } from "./shapes.js";

/** Values of a run rounded up to pairs; the weight of a value too many is zero. */
const wholePairs = (values: number): number => Math.ceil(values / 2) * 2;

/** Values of packed weights of one plane. */
const packedValues = (depth: number, filters: number): number => depth * wholeBlocks(filters);

/**
 * A convolution or dense layer on 16-bit integers, planned for one image at a time: floats or bytes in,
 * floats out. See `integer-scales.ts` for how it stays exact and `kernels/pairs.ts` for its fast way.
 */
export class IntegerConvolution {
  readonly limit: number;
  /** Values of one output map, after the pool where it is taken in. */
  readonly outputLength: number;
  readonly #geometry: WindowGeometry;
  readonly #pairs?: PairPlan;
  /** The factor of its sums (see `integer-scales.ts`). */
  readonly #scale: 1 | 4;
  /** Values of one run of neighbouring inputs, rounded up to pairs. */
  readonly #run: number;
  readonly #input: number;
  readonly #packed: number;
  readonly #units: number;
  readonly #bias: number;
  readonly #rowBytes: number;

  constructor(
    readonly shape: ConvolutionShape,
    private readonly arena: Arena,
    /** pool: take in the 2 x 2 pool that follows, so that the convolution's own output is never written. */
    private readonly options: { pool?: boolean; bytes?: ByteScale } = {},
  ) {
    const { pool, bytes } = options;
    const { height, width, channels, filters, kernel, stride, groups } = shape;
    const geometry = windowGeometry(shape, kernel);
    this.#geometry = geometry;
    this.#pairs = planPairs(shape);
    this.#scale = this.#pairs ? sumScale(this.#pairs) : 1;
    this.limit = bytes?.limit ?? activationLimit((kernel * kernel * channels) / groups, this.#scale);
    const { rows, columns } = geometry;
    this.outputLength = (pool ? Math.ceil(rows / 2) * Math.ceil(columns / 2) : rows * columns) * filters;
    const pairs = this.#pairs;
    const paddedHeight = pairs?.paddedHeight ?? height + geometry.above + Math.max(geometry.below, 0);
    const paddedWidth = pairs?.paddedWidth ?? width + geometry.left + Math.max(geometry.right, 0);
    this.#rowBytes = paddedWidth * channels * 2;
    // The border is never written, so it stays zero. The last pair of an odd run reads past it.
    this.#input = arena.allocate(paddedHeight * this.#rowBytes + 64);
    const groupFilters = filters / groups;
    if (pairs) {
      this.#run = wholePairs(pairs.values);
      this.#packed = arena.allocate(pairs.side ** 2 * packedValues(pairs.lines * this.#run, filters) * 2);
      requirePairScratch(arena, pairs, stride, 2);
    } else {
      const values = groups === 1 ? kernel * channels : channels / groups;
      this.#run = wholePairs(values);
      const runs = groups === 1 ? kernel : kernel * kernel;
      this.#packed = arena.allocate(groups * packedValues(runs * this.#run, groupFilters) * 2);
      arena.requireScratch((pool ? 2 : 1) * columns * wholeBlocks(groupFilters) * 4 + 64);
    }
    this.#units = arena.floats(filters + 16);
    this.#bias = arena.floats(filters + 16);
  }

  /** Takes weights [kernel, kernel, channels / groups, filters] and a bias; `memory` is the arena's. */
  setWeights(memory: ArrayBufferLike, weights: Float32Array, bias?: Float32Array): void {
    const { filters } = this.shape;
    const integers = quantiseWeights(weights, filters, this.limit, this.#scale);
    new Float32Array(memory, this.#units, filters).set(integers.units.map((unit) => unit / this.#scale));
    new Float32Array(memory, this.#bias, filters).set(bias ?? new Float32Array(filters));
    if (this.#pairs) this.#packPairs(memory, integers);
    else this.#packRuns(memory, integers);
  }

  /** Reads the map of float32 values at x. */
  readFloats(k: IntegerKernels, x: number): number {
    const { height, width, channels } = this.shape;
    const { factor, unit } = activationScale(k.largest(x, height * width * channels), this.limit);
    k.quantise(x, height, width * channels, factor, this.#inside(), this.#rowBytes);
    return unit;
  }

  /** Reads the map of bytes at x. */
  readBytes(k: IntegerKernels, x: number, { multiplier, zero, unit }: ByteScale): number {
    const { height, width, channels } = this.shape;
    k.centre(x, height, width * channels, multiplier, zero, this.#inside(), this.#rowBytes);
    return unit;
  }

  /**
   * Writes the output of the map read last to y; `unit` is what reading it returned. residual: a map as large as the
   * convolution's, added before the ReLU; 0 is none, and the only one but where `planPairs` has a side of 4.
   */
  forward(k: IntegerKernels & PairKernels, unit: number, y: number, relu: boolean, residual = 0): void {
    const { channels, filters, kernel, stride, groups } = this.shape;
    const { rows, columns } = this.#geometry;
    const { scratch } = this.arena;
    const pool = this.options.pool ? 1 : 0;
    const pairs = this.#pairs;
    if (pairs) {
      k.pairIntegers(
        pairs.side,
        this.#input,
        this.#rowBytes,
        stride,
        pairs.segment,
        pairs.rows,
        pairs.columns,
        scratch,
      );
      k.convolveIntegerPairs(
        pairs.side,
        scratch,
        stride,
        pairs.segment,
        pairs.rows,
        pairs.columns,
        this.#packed,
        filters,
        pairs.lines,
        this.#run,
        rows,
        columns,
        pairs.passRows,
        scratch + planesBytes(pairs, stride, 2),
        this.#units,
        unit,
        this.#bias,
        residual,
        relu ? 1 : 0,
        pool,
        y,
      );
      return;
    }
    const groupFilters = filters / groups;
    const groupChannels = channels / groups;
    const runs = groups === 1 ? kernel : kernel * kernel;
    const groupPacked = packedValues(runs * this.#run, groupFilters) * 2;
    for (let group = 0; group < groups; group++) {
      k.convolveIntegers(
        this.#input + group * groupChannels * 2,
        stride * this.#rowBytes,
        stride * channels * 2,
        this.#packed + group * groupPacked,
        groupFilters,
        kernel,
        this.#rowBytes,
        groups === 1 ? 1 : kernel,
        channels * 2,
        this.#run / 2,
        rows,
        columns,
        scratch,
        this.#units + group * groupFilters * 4,
        unit,
        this.#bias + group * groupFilters * 4,
        relu ? 1 : 0,
        pool,
        y + group * groupFilters * 4,
        (pool ? Math.ceil(columns / 2) : columns) * filters * 4,
        filters * 4,
      );
    }
  }

  /** Address of the first pixel inside the border. */
  #inside(): number {
    return (
      this.#input + this.#geometry.above * this.#rowBytes + this.#geometry.left * this.shape.channels * 2
    );
  }

  /** Blocks of filters, each [runs, pairs of values, filters of the block, 2], group after group. */
  #packRuns(memory: ArrayBufferLike, { values }: IntegerWeights): void {
    const { channels, filters, kernel, groups } = this.shape;
    const groupFilters = filters / groups;
    const length = groups === 1 ? kernel * channels : channels / groups;
    const runs = groups === 1 ? kernel : kernel * kernel;
    const at = (run: number, value: number, filter: number) =>
      value < length ? values[(run * length + value) * filters + filter] : 0;
    const target = new Int16Array(memory, this.#packed);
    let next = 0;
    for (let group = 0; group < groups; group++) {
      next = packBlocks(target, next, groupFilters, runs, this.#run, (run, value, filter) =>
        at(run, value, group * groupFilters + filter),
      );
    }
  }

  /** Blocks of filters, each [planes * lines, pairs of values, filters of the block, 2]. */
  #packPairs(memory: ArrayBufferLike, { values }: IntegerWeights): void {
    const { filters } = this.shape;
    const { side, lines, ...plan } = this.#pairs!;
    const planes = pairWeights(this.#pairs!, this.shape, values);
    packBlocks(
      new Int16Array(memory, this.#packed),
      0,
      filters,
      side ** 2 * lines,
      this.#run,
      (line, value, filter) =>
        value < plan.values ? this.#scale * planes[(line * plan.values + value) * filters + filter] : 0,
    );
  }
}

/** Writes one group's blocks from place `next` on; returns the place behind them. */
function packBlocks(
  target: Int16Array,
  next: number,
  filters: number,
  runs: number,
  length: number,
  at: (run: number, value: number, filter: number) => number,
): number {
  let place = next;
  for (let first = 0; first < filters; first += blockWidth(filters - first)) {
    const width = blockWidth(filters - first);
    for (let run = 0; run < runs; run++) {
      for (let value = 0; value < length; value += 2) {
        for (let filter = first; filter < first + width; filter++) {
          target[place++] = filter < filters ? at(run, value, filter) : 0;
          target[place++] = filter < filters ? at(run, value + 1, filter) : 0;
        }
      }
    }
  }
  return place;
}
