import {
  type Activation,
  analyze,
  batchNormalizationEpsilon,
  type Layer,
  type Network,
  type PlacedLayer,
  type Shape,
} from "../network.js";
import { placeBuffers } from "./buffers.js";
import { Convolution } from "./convolution.js";
import { type Fusion, fusions } from "./fusion.js";
import * as embedded from "./generated/inference.js";
import { IntegerConvolution } from "./integer-convolution.js";
import { type ByteScale, byteScale } from "./integer-scales.js";
import type { InferenceKernels, IntegerKernels, PairKernels } from "./kernel-exports.js";
import { Arena, compiledOnce, EngineError, instantiate, type KernelInstance } from "./memory.js";
import { PairConvolution } from "./pair-convolution.js";
import { planPairs, runsInPairs } from "./pair-plan.js";
import { type ConvolutionShape, convolutionShape, poolShape, windowGeometry } from "./shapes.js";

/** Gives the values of a parameter by name, for example "conv1.weight". */
export type ParameterSource = (name: string) => Float32Array;

/** What products are made of: floats, or 16-bit integers with 32-bit sums (see `integer-scales.ts`). */
export type Precision = "float32" | "int16";

export interface ProgramOptions {
  /** "float32" by default. In "int16" depthwise convolutions, and all that is no product, stay in float32. */
  readonly precision?: Precision;
}

interface Step {
  /** Packs the layer's weights; `scratch` is the address of room for them. */
  setWeights?(parameters: ParameterSource, scratch: number): void;
  run(n: number): void;
}

/** The kernels, compiled once for all programs. */
export const inferenceKernels = compiledOnce(embedded);

/**
 * A network compiled for batches of up to `batch` images: weights packed once, one block of memory laid out
 * once; running it allocates nothing.
 */
export class Program {
  readonly inputLength: number;
  readonly outputLength: number;
  /** Bytes of the program's whole memory. */
  readonly memoryBytes: number;
  readonly #instance: KernelInstance<InferenceKernels & IntegerKernels & PairKernels>;
  readonly #steps: Step[] = [];
  readonly #bytes: Uint8ClampedArray;
  readonly #floats: Float32Array;
  readonly #output: Float32Array;
  readonly #arena = new Arena();
  readonly #inputBytes: number;
  readonly #input: number;
  /** Whether any layer reads the input as floats; the integer path reads its bytes. */
  readonly #readsFloats: boolean;
  readonly #byteScale?: ByteScale;
  /** Additions and pools that run within a convolution, by the convolution's index. */
  readonly #fusions: ReadonlyMap<number, Fusion>;

  /**
   * @throws NetworkError where the network does not fit together
   * @throws EngineError where the memory cannot be had
   */
  constructor(
    readonly network: Network,
    parameters: ParameterSource,
    readonly batch = 1,
    readonly options: ProgramOptions = {},
  ) {
    if (!Number.isInteger(batch) || batch < 1)
      throw new EngineError(`A batch of ${batch} images cannot be run.`);
    const { layers, inputShape, outputShape } = analyze(network);
    const length = (shape: readonly number[]) => shape[0] * shape[1] * shape[2];
    this.inputLength = length(inputShape);
    this.outputLength = length(outputShape);
    const arena = this.#arena;
    if (options.precision === "int16") {
      this.#byteScale = byteScale(network.input.scale, network.input.offset);
    }
    this.#fusions = fusions(layers, (placed) => {
      const { layer } = placed;
      if (layer.kind !== "convolution") return { add: false, pool: false };
      const pairs = planPairs(convolutionShape({ ...placed, layer }));
      return {
        add: pairs?.side === 4 && layer.filters % 4 === 0,
        pool: pairs !== undefined || this.#integerShape(placed) !== undefined,
      };
    });
    this.#readsFloats = layers.some(
      (placed) => placed.inputs.includes(-1) && !(this.#byteScale && this.#integerShape(placed)),
    );
    /** By the last layer that a convolution has taken in: the convolution, which writes its output. */
    const writer = new Map([...this.#fusions].map(([convolution, { last }]) => [last, convolution]));
    const takenIn = new Set([...this.#fusions.values()].flatMap(({ takenIn }) => takenIn));
    const isWritten = (index: number) =>
      writer.has(index) || !(takenIn.has(index) || this.#fusions.has(index));
    this.#inputBytes = arena.allocate(batch * this.inputLength);

    // Value 0 is the network's input, value i + 1 the output of layer i. Dropout passes its input on.
    const valueIndex = (index: number): number =>
      index >= 0 && layers[index].layer.kind === "dropout" ? valueIndex(layers[index].inputs[0]) : index + 1;
    const lastUse = new Array<number>(layers.length + 1).fill(0);
    for (const [index, placed] of layers.entries()) {
      for (const input of placed.inputs)
        lastUse[valueIndex(input)] = Math.max(lastUse[valueIndex(input)], index);
    }
    const outputValue = valueIndex(layers.length - 1);
    lastUse[outputValue] = layers.length;
    const aligned = (count: number) => Math.ceil(count / 16) * 16;
    const lengths = [this.inputLength, ...layers.map((placed) => length(placed.outputShape))];
    const plan = placeBuffers(
      lengths.map((count, value) => ({
        length: isWritten(value - 1) ? aligned(count * batch) : 0,
        from: writer.get(value - 1) ?? value - 1,
        to: Math.max(value - 1, lastUse[value]),
      })),
    );
    const base = arena.floats(plan.total);
    const shapeOf = (index: number) => (index < 0 ? inputShape : layers[index].outputShape);
    const address = (index: number) => base + plan.offsets[valueIndex(index)] * 4;
    this.#input = address(-1);

    for (const placed of layers) {
      if (!takenIn.has(placed.index)) this.#steps.push(this.#plan(placed, address, shapeOf));
    }
    this.#instance = instantiate(inferenceKernels(), arena.finish());
    const buffer = this.#instance.memory.buffer;
    this.memoryBytes = buffer.byteLength;
    this.#bytes = new Uint8ClampedArray(buffer, this.#inputBytes, batch * this.inputLength);
    this.#floats = new Float32Array(buffer);
    this.#output = new Float32Array(buffer, base + plan.offsets[outputValue] * 4, batch * this.outputLength);
    this.setWeights(parameters);
  }

  /** Takes new weights for the same network. */
  setWeights(parameters: ParameterSource): void {
    for (const step of this.#steps) step.setWeights?.(parameters, this.#arena.scratch);
  }

  /**
   * Runs n images.
   *
   * @param pixels n * inputLength values 0..255, height by width by channels
   * @returns n * outputLength values: a view that the next run overwrites
   * @throws EngineError where the length of `pixels` is not that of n images or n exceeds the batch
   */
  run(pixels: ArrayLike<number>, n = pixels.length / this.inputLength): Float32Array {
    if (!Number.isInteger(n) || n < 1 || n > this.batch || pixels.length < n * this.inputLength) {
      throw new EngineError(
        `${pixels.length} values are not 1 to ${this.batch} images of ${this.inputLength} values each.`,
      );
    }
    const { scale, offset } = this.network.input;
    const { kernels } = this.#instance;
    const count = n * this.inputLength;
    if (pixels instanceof Uint8Array || pixels instanceof Uint8ClampedArray) {
      this.#bytes.set(pixels.length === count ? pixels : pixels.subarray(0, count));
      if (this.#readsFloats) kernels.convertBytes(this.#inputBytes, count, scale, offset, this.#input);
    } else {
      // Into clamped bytes goes the nearest of 0 to 255.
      if (this.#byteScale) for (let i = 0; i < count; i++) this.#bytes[i] = pixels[i];
      const start = this.#input / 4;
      for (let i = 0; i < count; i++) this.#floats[start + i] = pixels[i];
      kernels.convertFloats(this.#input, count, scale, offset, this.#input);
    }
    for (const step of this.#steps) step.run(n);
    return this.#output.subarray(0, n * this.outputLength);
  }

  /** The shape of a layer that runs in integers: products, except depthwise, which waits for memory anyway. */
  #integerShape({ layer, ...placed }: PlacedLayer): ConvolutionShape | undefined {
    if (this.options.precision !== "int16") return undefined;
    if (layer.kind !== "convolution" && layer.kind !== "dense") return undefined;
    const shape = convolutionShape({ ...placed, layer });
    return shape.groups > 1 && shape.groups === shape.channels ? undefined : shape;
  }

  #planIntegers(placed: PlacedLayer, shape: ConvolutionShape, address: (index: number) => number): Step {
    const { layer, inputs, index } = placed;
    const fusion = this.#fusions.get(index);
    const bytes = inputs[0] < 0 ? this.#byteScale : undefined;
    const convolution = new IntegerConvolution(shape, this.#arena, { pool: fusion?.pool, bytes });
    const x = bytes ? this.#inputBytes : address(inputs[0]);
    const y = address(fusion?.last ?? index);
    const residual = residualAt(fusion, placed.outputShape, address);
    const inputBytes = shape.height * shape.width * shape.channels * (bytes ? 1 : 4);
    const outputBytes = convolution.outputLength * 4;
    const relu = fusion?.relu ?? isRelu(layer);
    return {
      setWeights: (parameters) => convolution.setWeights(this.#floats.buffer, ...values(layer, parameters)),
      run: (n) => {
        const { kernels } = this.#instance;
        for (let i = 0; i < n; i++) {
          const from = x + i * inputBytes;
          const unit = bytes
            ? convolution.readBytes(kernels, from, bytes)
            : convolution.readFloats(kernels, from);
          convolution.forward(kernels, unit, y + i * outputBytes, relu, residual(i));
        }
      },
    };
  }

  #planInPairs(placed: PlacedLayer, shape: ConvolutionShape, address: (index: number) => number): Step {
    const { layer, inputs, index } = placed;
    const fusion = this.#fusions.get(index);
    const convolution = new PairConvolution(shape, this.#arena, fusion?.pool ?? false);
    const x = address(inputs[0]);
    const y = address(fusion?.last ?? index);
    const residual = residualAt(fusion, placed.outputShape, address);
    const inputBytes = shape.height * shape.width * shape.channels * 4;
    const outputBytes = convolution.outputLength * 4;
    const relu = fusion?.relu ?? isRelu(layer);
    return {
      setWeights: (parameters) => convolution.setWeights(this.#floats.buffer, ...values(layer, parameters)),
      run: (n) => {
        const { kernels } = this.#instance;
        for (let i = 0; i < n; i++) {
          convolution.forward(kernels, x + i * inputBytes, y + i * outputBytes, relu, residual(i));
        }
      },
    };
  }

  #plan(placed: PlacedLayer, address: (index: number) => number, shapeOf: (index: number) => Shape): Step {
    const { layer, inputShape } = placed;
    const x = address(placed.inputs[0]);
    const y = address(placed.index);
    const [height, width, channels] = inputShape;
    const pixels = height * width;
    const relu = isRelu(layer) ? 1 : 0;
    switch (layer.kind) {
      case "convolution":
      case "dense": {
        const integerShape = this.#integerShape(placed);
        if (integerShape) return this.#planIntegers(placed, integerShape, address);
        const shape = convolutionShape({ ...placed, layer });
        if (runsInPairs(shape)) return this.#planInPairs(placed, shape, address);
        const convolution = new Convolution(shape, this.batch, this.#arena);
        this.#arena.requireScratch((convolution.weightLength + convolution.shape.filters) * 4);
        const hasBias = layer.bias ?? true;
        return {
          setWeights: (parameters, scratch) => {
            const biasAt = scratch + convolution.weightLength * 4;
            this.#floats.set(parameters(`${layer.name}.weight`), scratch / 4);
            if (hasBias) this.#floats.set(parameters(`${layer.name}.bias`), biasAt / 4);
            convolution.setWeights(this.#instance.kernels, this.#floats, scratch, hasBias ? biasAt : 0);
          },
          run: (n) => convolution.forward(this.#instance.kernels, x, y, n, relu === 1),
        };
      }
      case "batchNormalization": {
        const a = this.#arena.floats(channels);
        const b = this.#arena.floats(channels);
        const epsilon = layer.epsilon ?? batchNormalizationEpsilon;
        return {
          setWeights: (parameters) => {
            const [scale, shift, mean, variance] = ["scale", "shift", "mean", "variance"].map((role) =>
              parameters(`${layer.name}.${role}`),
            );
            for (let channel = 0; channel < channels; channel++) {
              const factor = scale[channel] / Math.sqrt(variance[channel] + epsilon);
              this.#floats[a / 4 + channel] = factor;
              this.#floats[b / 4 + channel] = shift[channel] - mean[channel] * factor;
            }
          },
          run: (n) => this.#instance.kernels.scaleShift(x, n * pixels, channels, a, b, y, relu),
        };
      }
      case "maxPool": {
        const { size, stride } = poolShape({ ...placed, layer });
        const { rows, columns, above, left } = windowGeometry(poolShape({ ...placed, layer }), size);
        const inputBytes = pixels * channels * 4;
        const outputBytes = rows * columns * channels * 4;
        return {
          run: (n) => {
            for (let i = 0; i < n; i++) {
              this.#instance.kernels.maxPool(
                x + i * inputBytes,
                height,
                width,
                channels,
                size,
                stride,
                above,
                left,
                y + i * outputBytes,
                rows,
                columns,
              );
            }
          },
        };
      }
      case "globalAveragePool":
        return {
          run: (n) => {
            for (let i = 0; i < n; i++) {
              const from = x + i * pixels * channels * 4;
              this.#instance.kernels.sumPixels(from, pixels, channels, 1 / pixels, y + i * channels * 4, 0);
            }
          },
        };
      case "add": {
        const other = address(placed.inputs[1]);
        const otherChannels = shapeOf(placed.inputs[1])[2];
        if (otherChannels === channels) {
          return { run: (n) => this.#instance.kernels.add(x, other, n * pixels * channels, y, relu) };
        }
        const [narrow, narrowChannels, wide, wideChannels] =
          channels < otherChannels
            ? [x, channels, other, otherChannels]
            : [other, otherChannels, x, channels];
        return {
          run: (n) =>
            this.#instance.kernels.addNarrow(narrow, narrowChannels, wide, wideChannels, n * pixels, y, relu),
        };
      }
      case "gate": {
        const map = address(placed.inputs[1]);
        const area = placed.outputShape[0] * placed.outputShape[1];
        const factors = this.#arena.floats(channels);
        const zeros = this.#arena.floats(channels);
        return {
          run: (n) => {
            const f = this.#floats;
            for (let i = 0; i < n; i++) {
              for (let c = 0; c < channels; c++) {
                f[factors / 4 + c] = 1 / (1 + Math.exp(-f[x / 4 + i * channels + c]));
              }
              const at = i * area * channels * 4;
              this.#instance.kernels.scaleShift(map + at, area, channels, factors, zeros, y + at, 0);
            }
          },
        };
      }
      case "concatenate": {
        const total = placed.outputShape[2];
        const parts = placed.inputs.map((input) => ({
          from: address(input) / 4,
          length: shapeOf(input).reduce((a, b) => a * b, 1),
        }));
        return {
          run: (n) => {
            for (let i = 0; i < n; i++) {
              let to = y / 4 + i * total;
              for (const { from, length } of parts) {
                this.#floats.copyWithin(to, from + i * length, from + (i + 1) * length);
                to += length;
              }
            }
          },
        };
      }
      case "dropout":
        return { run: () => undefined };
    }
  }
}

/** Address of what is added to the output of image i, 0 where nothing is. */
function residualAt(
  fusion: Fusion | undefined,
  [height, width, channels]: Shape,
  address: (index: number) => number,
): (i: number) => number {
  const other = fusion?.other;
  if (other === undefined) return () => 0;
  const [start, bytes] = [address(other), height * width * channels * 4];
  return (i) => start + i * bytes;
}

const isRelu = (layer: object): boolean => (layer as { activation?: Activation }).activation === "relu";

/** A layer's weights and, where it has one, its bias. */
function values(layer: Layer, parameters: ParameterSource): [Float32Array, Float32Array?] {
  const hasBias = (layer as { bias?: boolean }).bias ?? true;
  const weights = parameters(`${layer.name}.weight`);
  return hasBias ? [weights, parameters(`${layer.name}.bias`)] : [weights];
}
