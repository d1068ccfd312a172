import { packedLength } from "./convolution.js";
import type { TrainingKernels } from "./kernel-exports.js";
import type { Arena } from "./memory.js";
import { type PlanePlan, planPlanes } from "./plane-plan.js";
import type { ConvolutionShape } from "./shapes.js";

/** Tiles of 2 x 2 outputs worked on at once: enough to keep weights in use, few enough for the caches. */
const tilesAtOnce = 64;

/** Narrower maps than this are not worth leaving out the products of outputs past an odd edge. */
const leastColumnsToCut = 4;

/**
 * A convolution and its gradients with 9 products in place of 16, or 16 in place of 36 for kernels of 3 x 3
 * (see `kernels/planes.ts`), for shapes that `runsInPlanes` finds fit. Called as `Convolution` is.
 */
export class PlaneConvolution {
  readonly inputLength: number;
  readonly outputLength: number;
  readonly weightLength: number;
  readonly #plan: PlanePlan;
  readonly #planes: number;
  /** Values of one tap plane: lines x values x filters. */
  readonly #tapValues: number;
  readonly #packed: number;
  readonly #gradientPacked: number;
  readonly #bias: number;
  /** Images whose inputs are transformed at once, and rows of tiles (of each) whose products are made at once. */
  readonly #images: number;
  readonly #passRows: number;

  constructor(
    readonly shape: ConvolutionShape,
    readonly batch: number,
    private readonly arena: Arena,
    needsInputGradient = true,
  ) {
    const { height, width, channels, filters, kernel } = shape;
    const planned = planPlanes(shape)!;
    this.#plan = planned;
    const { side, groups, tileRows, tileColumns, lines, values, geometry } = planned;
    this.inputLength = height * width * channels;
    this.outputLength = geometry.rows * geometry.columns * filters;
    this.weightLength = kernel * kernel * channels * filters;
    this.#planes = side * side;
    this.#tapValues = lines * values * filters;
    const tiles = tileRows * tileColumns;
    this.#images = groups > 1 ? 1 : Math.min(batch, Math.max(1, Math.floor(tilesAtOnce / tiles)));
    this.#passRows =
      this.#images > 1 ? tileRows : Math.min(tileRows, Math.max(1, Math.round(tilesAtOnce / tileColumns)));
    this.#packed = arena.floats(this.#planes * packedLength(lines * values, filters));
    this.#gradientPacked = needsInputGradient
      ? arena.floats(this.#planes * lines * packedLength(filters, values))
      : 0;
    this.#bias = arena.floats(filters + 16);
    arena.requireScratch(this.#scratch().end);
  }

  /** Where things lie in the scratch memory, in bytes from its start; and where planes end. */
  #scratch() {
    const { filters, channels } = this.shape;
    const { paddedHeight, paddedWidth, rows, columns, segment, tileColumns } = this.#plan;
    const { stride } = this.shape;
    let end = 0;
    const place = (values: number) => {
      const at = end;
      end += Math.ceil((values * 4 + 64) / 64) * 64;
      return at;
    };
    const inputPlane = this.#images * rows * stride * columns * segment;
    const outputPlane = this.#images * this.#passRows * tileColumns * filters;
    const padded = place(paddedHeight * paddedWidth * channels);
    const inputs = place(this.#planes * inputPlane);
    const outputs = place(this.#planes * outputPlane);
    const taps = place(this.#planes * this.#tapValues);
    return { padded, inputs, inputPlane, outputs, outputPlane, taps, end };
  }

  /** Packs weights [kernel, kernel, channels, filters] at `weights`; `bias` is an address or 0. */
  setWeights(k: TrainingKernels, floats: Float32Array, weights: number, bias: number): void {
    const { filters } = this.shape;
    const { lines, values } = this.#plan;
    const planes = this.arena.scratch + this.#scratch().taps;
    this.#eachTaps((offset, planeOffset, row, column, count) => {
      const transform = this.#plan.side === 3 ? k.pairTaps : k.threeTaps;
      transform(weights + offset, row, column, count, planes + planeOffset, this.#tapValues * 4);
    });
    const depth = lines * values;
    for (let plane = 0; plane < this.#planes; plane++) {
      const from = planes + plane * this.#tapValues * 4;
      const to = this.#packed + plane * packedLength(depth, filters) * 4;
      k.packWeights(from, 1, 0, 1, 0, depth, filters * 4, filters, 4, to);
      for (let line = 0; line < lines && this.#gradientPacked; line++) {
        const columns = from + line * values * filters * 4;
        const target = this.#gradientPacked + (plane * lines + line) * packedLength(filters, values) * 4;
        k.packWeights(columns, 1, 0, 1, 0, filters, 4, values, filters * 4, target);
      }
    }
    if (bias) floats.copyWithin(this.#bias / 4, bias / 4, bias / 4 + filters);
  }

  /**
   * Calls with each run of taps that lie together: bytes into the weights and into a plane, bytes from tap to
   * neighbouring tap down and across, and values.
   */
  #eachTaps(
    call: (offset: number, planeOffset: number, row: number, column: number, count: number) => void,
  ): void {
    const { channels, filters, kernel, stride } = this.shape;
    const { groups, lines, segment, values } = this.#plan;
    const rowBytes = kernel * channels * filters * 4;
    const count = segment * filters;
    for (let line = 0; line < lines; line++) {
      const first = 2 * stride * Math.floor(line / stride) + (line % stride);
      for (let group = 0; group < groups; group++) {
        const offset = first * rowBytes + 2 * group * count * 4;
        call(offset, (line * values * filters + group * count) * 4, stride * rowBytes, count * 4, count);
      }
    }
  }

  /** Calls with the images [first, first + images) that are worked on together. */
  #eachGroup(n: number, call: (first: number, images: number) => void): void {
    for (let first = 0; first < n; first += this.#images) call(first, Math.min(this.#images, n - first));
  }

  /** Transforms the inputs of some images; returns the address of the planes. */
  #inputs(k: TrainingKernels, x: number, images: number): number {
    const { height, width, channels, stride } = this.shape;
    const { geometry, paddedHeight, paddedWidth, rows, columns, segment } = this.#plan;
    const { above, left } = geometry;
    const scratch = this.#scratch();
    const padded = this.arena.scratch + scratch.padded;
    const inputs = this.arena.scratch + scratch.inputs;
    const imageBytes = rows * stride * columns * segment * 4;
    const rowBytes = paddedWidth * channels * 4;
    for (let image = 0; image < images; image++) {
      k.pad(
        x + image * this.inputLength * 4,
        height,
        width * channels * 4,
        padded,
        above,
        paddedHeight - above - height,
        left * channels * 4,
        (paddedWidth - left - width) * channels * 4,
      );
      const to = inputs + image * imageBytes;
      if (this.#plan.side === 3) {
        k.pairInputs(padded, rowBytes, stride, segment, rows, columns, to, scratch.inputPlane * 4);
      } else {
        k.threeInputs(padded, rowBytes, channels, rows, columns, to, scratch.inputPlane * 4);
      }
    }
    return inputs;
  }

  /** Transforms the gradients of some images' outputs, rows of tiles [row, row + count). */
  #outputGradients(k: TrainingKernels, dy: number, images: number, row: number, count: number): number {
    const { filters } = this.shape;
    const { side, geometry, tileColumns } = this.#plan;
    const scratch = this.#scratch();
    const gradients = this.arena.scratch + scratch.outputs;
    const transform = side === 3 ? k.pairOutputGradients : k.threeOutputGradients;
    for (let image = 0; image < images; image++) {
      transform(
        dy + (image * this.outputLength + 2 * row * geometry.columns * filters) * 4,
        Math.min(2 * count, geometry.rows - 2 * row),
        geometry.columns,
        filters,
        gradients + image * count * tileColumns * filters * 4,
        scratch.outputPlane * 4,
      );
    }
    return gradients;
  }

  /** y = convolution of the n maps at x with the weights set last, plus bias. */
  forward(k: TrainingKernels, x: number, y: number, n: number, relu: boolean): void {
    const { filters, stride } = this.shape;
    const { side, geometry, tileRows, tileColumns, columns, segment, lines, values } = this.#plan;
    const scratch = this.#scratch();
    const products = this.arena.scratch + scratch.outputs;
    const packedBytes = packedLength(lines * values, filters) * 4;
    const lineBytes = columns * segment * 4;
    const pixel = filters * 4;
    const transform = side === 3 ? k.pairOutputs : k.threeOutputs;
    this.#eachGroup(n, (first, images) => {
      const inputs = this.#inputs(k, x + first * this.inputLength * 4, images);
      for (let row = 0; row < tileRows; row += this.#passRows) {
        const count = Math.min(this.#passRows, tileRows - row);
        const flat = side === 4 && images > 1;
        for (let plane = 0; plane < this.#planes; plane++) {
          const [cutRows, cutColumns] = this.#cuts(plane, row + count);
          k.convolve(
            inputs + plane * scratch.inputPlane * 4 + row * stride * lineBytes,
            stride * lineBytes,
            segment * 4,
            this.#packed + plane * packedBytes,
            0,
            filters,
            lines,
            lineBytes,
            1,
            0,
            values,
            flat ? 1 : images * count - (images > 1 ? 0 : cutRows),
            flat ? images * count * tileColumns : tileColumns - cutColumns,
            products + plane * scratch.outputPlane * 4,
            tileColumns * pixel,
            pixel,
            0,
          );
        }
        for (let image = 0; image < images; image++) {
          transform(
            products + image * count * tileColumns * pixel,
            scratch.outputPlane * 4,
            filters,
            Math.min(2 * count, geometry.rows - 2 * row),
            geometry.columns,
            this.#bias,
            relu ? 1 : 0,
            y + ((first + image) * this.outputLength + 2 * row * geometry.columns * filters) * 4,
          );
        }
      }
    });
  }

  /** Rows and columns of tiles that a plane need not make, since it serves only outputs past an odd edge. */
  #cuts(plane: number, lastRow: number): [rows: number, columns: number] {
    const { side, geometry, tileRows, tileColumns } = this.#plan;
    const last = side - 1;
    const cutsRow = lastRow === tileRows && geometry.rows % 2 === 1 && Math.floor(plane / side) === last;
    const cutsColumn = geometry.columns % 2 === 1 && plane % side === last;
    return [cutsRow ? 1 : 0, cutsColumn && tileColumns >= leastColumnsToCut ? 1 : 0];
  }

  /** Adds the gradients of the weights and, where `dBias` is not 0, of the bias, from x and dy. */
  weightGradient(
    k: TrainingKernels,
    x: number,
    dy: number,
    dWeights: number,
    dBias: number,
    n: number,
  ): void {
    const { filters, stride } = this.shape;
    const { side, geometry, tileRows, tileColumns, columns, rows, segment, lines, values } = this.#plan;
    if (dBias) k.sumPixels(dy, n * geometry.rows * geometry.columns, filters, 1, dBias, 1);
    const scratch = this.#scratch();
    const taps = this.arena.scratch + scratch.taps;
    k.zero(taps, this.#planes * this.#tapValues);
    const lineBytes = columns * segment * 4;
    const pixel = filters * 4;
    this.#eachGroup(n, (first, images) => {
      const inputs = this.#inputs(k, x + first * this.inputLength * 4, images);
      for (let row = 0; row < tileRows; row += this.#passRows) {
        const count = Math.min(this.#passRows, tileRows - row);
        const from = dy + first * this.outputLength * 4;
        const gradients = this.#outputGradients(k, from, images, row, count);
        const flat = side === 4 && images > 1;
        for (let plane = 0; plane < this.#planes; plane++) {
          const [cutRows, cutColumns] = flat ? [0, 0] : this.#cuts(plane, row + count);
          k.weightGradient(
            inputs + plane * scratch.inputPlane * 4 + row * stride * lineBytes,
            rows * stride * lineBytes,
            stride * lineBytes,
            segment * 4,
            gradients + plane * scratch.outputPlane * 4,
            count * tileColumns * pixel,
            tileColumns * pixel,
            pixel,
            flat ? 1 : images,
            flat ? 1 : count - cutRows,
            flat ? images * count * tileColumns : tileColumns - cutColumns,
            lines,
            lineBytes,
            1,
            0,
            values,
            taps + plane * this.#tapValues * 4,
            values * pixel,
            0,
            pixel,
            filters,
          );
        }
      }
    });
    const transform = side === 3 ? k.pairTapGradients : k.threeTapGradients;
    this.#eachTaps((offset, planeOffset, row, column, count) => {
      transform(taps + planeOffset, this.#tapValues * 4, count, dWeights + offset, row, column);
    });
  }

  /** dx (+)= the gradient of the input, from dy and the weights set last. */
  inputGradient(
    k: TrainingKernels,
    dy: number,
    _weights: number,
    dx: number,
    n: number,
    accumulate: boolean,
  ): void {
    const { height, width, channels, filters, stride } = this.shape;
    const { side, geometry, tileRows, tileColumns, segment, lines, values, ...planned } = this.#plan;
    const { above, left } = geometry;
    const scratch = this.#scratch();
    const padded = this.arena.scratch + scratch.padded;
    const inputs = this.arena.scratch + scratch.inputs;
    const packedBytes = packedLength(filters, values) * 4;
    const lineBytes = tileColumns * segment * 4;
    const pixel = filters * 4;
    const rowBytes = planned.paddedWidth * channels * 4;
    const transform = side === 3 ? k.pairInputGradients : k.threeInputGradients;
    this.#eachGroup(n, (first, images) => {
      const from = dy + first * this.outputLength * 4;
      if (images === 1) k.zero(padded, planned.paddedHeight * planned.paddedWidth * channels);
      for (let row = 0; row < tileRows; row += this.#passRows) {
        const count = Math.min(this.#passRows, tileRows - row);
        const gradients = this.#outputGradients(k, from, images, row, count);
        const flat = side === 4;
        for (let plane = 0; plane < this.#planes; plane++) {
          for (let line = 0; line < lines; line++) {
            k.convolve(
              gradients + plane * scratch.outputPlane * 4,
              tileColumns * pixel,
              pixel,
              this.#gradientPacked + (plane * lines + line) * packedBytes,
              0,
              values,
              1,
              0,
              1,
              0,
              filters,
              flat ? 1 : images * count,
              flat ? images * count * tileColumns : tileColumns,
              inputs + plane * scratch.inputPlane * 4 + line * lineBytes,
              stride * lineBytes,
              segment * 4,
              0,
            );
          }
        }
        for (let image = 0; image < images; image++) {
          if (images > 1) k.zero(padded, planned.paddedHeight * planned.paddedWidth * channels);
          transform(
            inputs + image * count * stride * lineBytes,
            scratch.inputPlane * 4,
            stride,
            segment,
            count,
            tileColumns,
            padded + 2 * row * stride * rowBytes,
            rowBytes,
          );
          if (row + count < tileRows) continue;
          k.crop(
            padded + above * rowBytes + left * channels * 4,
            rowBytes,
            height,
            width * channels,
            dx + (first + image) * this.inputLength * 4,
            accumulate ? 1 : 0,
          );
        }
      }
    });
  }
}
