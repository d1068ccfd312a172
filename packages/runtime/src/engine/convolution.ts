import type { InferenceKernels, TrainingKernels } from "./kernel-exports.js";
import type { Arena } from "./memory.js";
import { type ConvolutionShape, type WindowGeometry, windowGeometry } from "./shapes.js";

const ACCUMULATE = 1;
const RELU = 2;

/** Values of packed weights: `columns` rounded up to the kernels' blocks of 16, 8 and 4, times `rows`. */
export function packedLength(rows: number, columns: number): number {
  const rest = columns % 16;
  return rows * (columns - rest + (rest > 8 ? 16 : rest > 4 ? 8 : rest > 0 ? 4 : 0));
}

/** One phase of a strided convolution's input gradient along one axis. */
interface Phase {
  /** Taps of the kernel that meet this phase, and the first of them. */
  readonly taps: number;
  readonly remainder: number;
  /** First input row of the phase, how many there are, and the output row that the first one starts from. */
  readonly start: number;
  readonly count: number;
  readonly from: number;
}

/**
 * Input row y meets kernel row k and output row (y + before - k) / stride where that is whole. The rows with
 * one remainder of (y + before) by the stride form a phase: a stride-1 convolution of the output gradient
 * with every stride-th kernel row, turned around.
 */
function phases(length: number, kernel: number, stride: number, before: number): Phase[] {
  const result: Phase[] = [];
  for (let remainder = 0; remainder < stride; remainder++) {
    const taps = Math.max(0, Math.ceil((kernel - remainder) / stride));
    const from = Math.max(0, Math.ceil((before - remainder) / stride));
    const last = Math.floor((length - 1 + before - remainder) / stride);
    if (last < from) continue;
    result.push({ taps, remainder, start: from * stride + remainder - before, count: last - from + 1, from });
  }
  return result;
}

/**
 * A convolution (or, as a 1x1 convolution of a 1x1 map, a dense layer) planned for a batch: where its packed
 * weights lie and how the kernels are called. Addresses of maps are passed in at each call.
 */
export class Convolution {
  readonly geometry: WindowGeometry;
  readonly inputLength: number;
  readonly outputLength: number;
  readonly weightLength: number;
  readonly #depthwise: boolean;
  readonly #packed: number;
  readonly #bias: number;
  /** All pixels of all images in one run: a 1x1 kernel that visits each pixel once. */
  readonly #flat: boolean;
  readonly #padded: boolean;
  readonly #paddedHeight: number;
  readonly #paddedWidth: number;
  readonly #chunk: number;
  readonly #gradientPacked: number = 0;

  constructor(
    readonly shape: ConvolutionShape,
    readonly batch: number,
    private readonly arena: Arena,
    forTraining = false,
  ) {
    const { height, width, channels, filters, kernel, stride, groups } = shape;
    const geometry = windowGeometry(shape, kernel);
    this.geometry = geometry;
    this.inputLength = height * width * channels;
    this.outputLength = geometry.rows * geometry.columns * filters;
    this.weightLength = kernel * kernel * (channels / groups) * filters;
    this.#depthwise = groups > 1 && groups === channels && groups === filters;
    const { above, below, left, right } = geometry;
    this.#padded = above + left > 0 || below > 0 || right > 0;
    this.#paddedHeight = height + above + Math.max(below, 0);
    this.#paddedWidth = width + left + Math.max(right, 0);
    this.#flat = kernel === 1 && stride === 1;
    const depth = kernel * kernel * (channels / groups);
    this.#packed = arena.floats(
      this.#depthwise ? this.weightLength : groups * packedLength(depth, filters / groups),
    );
    this.#bias = arena.floats(filters + 16);
    const outputPixels = geometry.rows * geometry.columns;
    this.#chunk = Math.min(batch, Math.max(1, Math.ceil(256 / outputPixels)));
    const paddedBytes = this.#padded ? this.#paddedHeight * this.#paddedWidth * channels * 4 : 0;
    arena.requireScratch(Math.max(paddedBytes, this.weightLength * 4));
    if (forTraining) {
      if (this.#depthwise) {
        arena.requireScratch(this.#paddedHeight * this.#paddedWidth * channels * 4);
      } else {
        arena.requireScratch(this.#chunk * paddedBytes);
        const { height: gradientHeight, width: gradientWidth } = this.#paddedGradient();
        arena.requireScratch(gradientHeight * gradientWidth * filters * 4);
        this.#gradientPacked = arena.floats(
          packedLength(kernel * kernel * (filters / groups), channels / groups) * groups +
            64 * stride * stride,
        );
      }
    }
  }

  /** Packs weights [kernel, kernel, channels / groups, filters] at `weights`; `bias` is an address or 0. */
  setWeights(k: InferenceKernels, floats: Float32Array, weights: number, bias: number): void {
    const { channels, filters, kernel, groups } = this.shape;
    if (this.#depthwise) {
      floats.copyWithin(this.#packed / 4, weights / 4, weights / 4 + this.weightLength);
    } else {
      const depth = kernel * kernel * (channels / groups);
      const groupFilters = filters / groups;
      for (let group = 0; group < groups; group++) {
        k.packWeights(
          weights + group * groupFilters * 4,
          1,
          0,
          1,
          0,
          depth,
          filters * 4,
          groupFilters,
          4,
          this.#packed + group * packedLength(depth, groupFilters) * 4,
        );
      }
    }
    if (bias) floats.copyWithin(this.#bias / 4, bias / 4, bias / 4 + filters);
  }

  /** y = convolution of the n maps at x with the weights set last, plus bias. */
  forward(k: InferenceKernels, x: number, y: number, n: number, relu: boolean): void {
    const { height, width, channels, filters, kernel, stride, groups } = this.shape;
    const { rows, columns } = this.geometry;
    const mode = relu ? RELU : 0;
    const groupChannels = channels / groups;
    const groupFilters = filters / groups;
    const groupPacked = packedLength(kernel * kernel * groupChannels, groupFilters) * 4;
    const flat = this.#flat;
    const rowBytes = (this.#padded ? this.#paddedWidth : width) * channels * 4;
    for (let image = 0; image < (flat && !this.#depthwise ? 1 : n); image++) {
      const a = this.#padInput(k, x + image * this.inputLength * 4, this.arena.scratch);
      const c = y + image * this.outputLength * 4;
      if (this.#depthwise) {
        k.depthwise(
          a,
          stride * rowBytes,
          stride * channels * 4,
          this.#packed,
          this.#bias,
          channels,
          kernel,
          rowBytes,
          rows,
          columns,
          c,
          columns * filters * 4,
          filters * 4,
          0,
          relu ? 1 : 0,
        );
        continue;
      }
      for (let group = 0; group < groups; group++) {
        k.convolve(
          a + group * groupChannels * 4,
          stride * rowBytes,
          stride * channels * 4,
          this.#packed + group * groupPacked,
          groups === 1 ? this.#bias : this.#bias + group * groupFilters * 4,
          groupFilters,
          kernel,
          rowBytes,
          groups === 1 ? 1 : kernel,
          channels * 4,
          groups === 1 ? kernel * channels : groupChannels,
          flat ? 1 : rows,
          flat ? n * height * width : columns,
          c + group * groupFilters * 4,
          columns * filters * 4,
          filters * 4,
          mode,
        );
      }
    }
  }

  /** dx (+)= the gradient of the input, from dy and the weights at `weights`. */
  inputGradient(
    k: TrainingKernels,
    dy: number,
    weights: number,
    dx: number,
    n: number,
    accumulate: boolean,
  ): void {
    const { height, width, channels, filters, kernel, stride, groups } = this.shape;
    const { rows, columns, above, left } = this.geometry;
    const scratch = this.arena.scratch;
    if (this.#depthwise) {
      const rowBytes = this.#paddedWidth * channels * 4;
      for (let image = 0; image < n; image++) {
        k.zero(scratch, this.#paddedHeight * this.#paddedWidth * channels);
        k.depthwiseInputGradient(
          dy + image * this.outputLength * 4,
          weights,
          channels,
          kernel,
          rows,
          columns,
          scratch,
          stride * rowBytes,
          stride * channels * 4,
          rowBytes,
        );
        k.crop(
          scratch + above * rowBytes + left * channels * 4,
          rowBytes,
          height,
          width * channels,
          dx + image * this.inputLength * 4,
          accumulate ? 1 : 0,
        );
      }
      return;
    }
    const vertical = phases(height, kernel, stride, above);
    const horizontal = phases(width, kernel, stride, left);
    const reach = Math.ceil(kernel / stride) - 1;
    const groupChannels = channels / groups;
    const groupFilters = filters / groups;
    const tap = groupChannels * filters * 4;
    const padded = this.#paddedGradient();
    const isPadded = padded.height !== rows || padded.width !== columns;
    const rowBytes = padded.width * filters * 4;
    const pairs = vertical.flatMap((v) => horizontal.map((h) => [v, h] as const));
    const packed: number[] = [];
    let address = this.#gradientPacked;
    for (const [v, h] of pairs) {
      packed.push(address);
      for (let group = 0; group < groups && v.taps * h.taps > 0; group++) {
        const lastRow = v.remainder + stride * (v.taps - 1);
        const lastColumn = h.remainder + stride * (h.taps - 1);
        k.packWeights(
          weights + (lastRow * kernel + lastColumn) * tap + group * groupFilters * 4,
          v.taps,
          -stride * kernel * tap,
          h.taps,
          -stride * tap,
          groupFilters,
          4,
          groupChannels,
          filters * 4,
          address,
        );
        address += packedLength(v.taps * h.taps * groupFilters, groupChannels) * 4;
      }
    }
    const flat = this.#flat;
    if (!accumulate && vertical.concat(horizontal).some((phase) => phase.taps === 0)) {
      k.zero(dx, n * this.inputLength);
    }
    for (let image = 0; image < (flat ? 1 : n); image++) {
      let d = dy + image * this.outputLength * 4;
      if (isPadded) {
        k.pad(
          d,
          rows,
          columns * filters * 4,
          scratch,
          reach,
          padded.height - reach - rows,
          reach * filters * 4,
          (padded.width - reach - columns) * filters * 4,
        );
        d = scratch;
      }
      for (const [index, [v, h]] of pairs.entries()) {
        if (v.taps * h.taps === 0) continue;
        const groupPacked = packedLength(v.taps * h.taps * groupFilters, groupChannels) * 4;
        const from =
          d + (v.from + reach - (v.taps - 1)) * rowBytes + (h.from + reach - (h.taps - 1)) * filters * 4;
        const to = dx + image * this.inputLength * 4 + (v.start * width + h.start) * channels * 4;
        for (let group = 0; group < groups; group++) {
          k.convolve(
            from + group * groupFilters * 4,
            rowBytes,
            filters * 4,
            packed[index] + group * groupPacked,
            0,
            groupChannels,
            v.taps,
            rowBytes,
            groups === 1 ? 1 : h.taps,
            filters * 4,
            groups === 1 ? h.taps * filters : groupFilters,
            flat ? 1 : v.count,
            flat ? n * height * width : h.count,
            to + group * groupChannels * 4,
            stride * width * channels * 4,
            stride * channels * 4,
            accumulate ? ACCUMULATE : 0,
          );
        }
      }
    }
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
    const { height, width, channels, filters, kernel, stride, groups } = this.shape;
    const { rows, columns } = this.geometry;
    const scratch = this.arena.scratch;
    if (dBias) k.sumPixels(dy, n * rows * columns, filters, 1, dBias, 1);
    const rowBytes = (this.#padded ? this.#paddedWidth : width) * channels * 4;
    if (this.#depthwise) {
      for (let image = 0; image < n; image++) {
        const a = this.#padInput(k, x + image * this.inputLength * 4, scratch);
        k.depthwiseWeightGradient(
          a,
          stride * rowBytes,
          stride * channels * 4,
          rowBytes,
          dy + image * this.outputLength * 4,
          channels,
          kernel,
          rows,
          columns,
          dWeights,
        );
      }
      return;
    }
    const groupChannels = channels / groups;
    const groupFilters = filters / groups;
    const tapWeights = groupChannels * filters * 4;
    if (this.#flat) {
      const pixels = n * height * width;
      for (let start = 0; start < pixels; start += 256) {
        for (let group = 0; group < groups; group++) {
          k.weightGradient(
            x + (start * channels + group * groupChannels) * 4,
            0,
            0,
            channels * 4,
            dy + (start * filters + group * groupFilters) * 4,
            0,
            0,
            filters * 4,
            1,
            1,
            Math.min(256, pixels - start),
            1,
            0,
            1,
            0,
            groupChannels,
            dWeights + group * groupFilters * 4,
            0,
            0,
            filters * 4,
            groupFilters,
          );
        }
      }
      return;
    }
    const imageBytes =
      (this.#padded ? this.#paddedHeight * this.#paddedWidth : height * width) * channels * 4;
    const blockRows = Math.max(1, Math.min(rows, Math.floor(256 / columns)));
    for (let first = 0; first < n; first += this.#chunk) {
      const images = Math.min(this.#chunk, n - first);
      let a = x + first * this.inputLength * 4;
      if (this.#padded) {
        for (let i = 0; i < images; i++)
          this.#padInput(k, a + i * this.inputLength * 4, scratch + i * imageBytes);
        a = scratch;
      }
      for (let row = 0; row < rows; row += blockRows) {
        for (let group = 0; group < groups; group++) {
          k.weightGradient(
            a + row * stride * rowBytes + group * groupChannels * 4,
            imageBytes,
            stride * rowBytes,
            stride * channels * 4,
            dy + ((first * rows + row) * columns * filters + group * groupFilters) * 4,
            this.outputLength * 4,
            columns * filters * 4,
            filters * 4,
            images,
            Math.min(blockRows, rows - row),
            columns,
            kernel,
            rowBytes,
            groups === 1 ? 1 : kernel,
            channels * 4,
            groups === 1 ? kernel * channels : groupChannels,
            dWeights + group * groupFilters * 4,
            kernel * tapWeights,
            tapWeights,
            filters * 4,
            groupFilters,
          );
        }
      }
    }
  }

  /** The input with its zero border, or the input itself where it needs none. */
  #padInput(k: InferenceKernels, x: number, target: number): number {
    if (!this.#padded) return x;
    const { height, width, channels } = this.shape;
    const { above, below, left, right } = this.geometry;
    k.pad(
      x,
      height,
      width * channels * 4,
      target,
      above,
      Math.max(below, 0),
      left * channels * 4,
      Math.max(right, 0) * channels * 4,
    );
    return target;
  }

  /** Size of the output gradient with the zero border that its phases reach into. */
  #paddedGradient(): { height: number; width: number } {
    const { height, width, kernel, stride } = this.shape;
    const { rows, columns, above, left } = this.geometry;
    const reach = Math.ceil(kernel / stride) - 1;
    return {
      height: reach + Math.max(rows, Math.floor((height - 1 + above) / stride) + 1),
      width: reach + Math.max(columns, Math.floor((width - 1 + left) / stride) + 1),
    };
  }
}
