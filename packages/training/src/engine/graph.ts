import {
  type Activation,
  Arena,
  analyze,
  batchNormalizationEpsilon,
  Convolution,
  convolutionShape,
  instantiate,
  type KernelInstance,
  type Network,
  NetworkError,
  type PlacedLayer,
  PlaneConvolution,
  poolShape,
  runsInPlanes,
  type TrainingKernels,
  windowGeometry,
} from "microexpnet/internal";
import { trainingKernels } from "microexpnet/training-kernels";
import { createRandom } from "../random.js";
import { layoutParameters, type ParameterLayout } from "./parameters.js";

interface Step {
  readonly name: string;
  /** `packed`: the weights are those of the last call, packed already. */
  forward(n: number, packed: boolean): void;
  /** Reads the gradient of its output, adds to those of its parameters, writes or adds to its inputs'. */
  backward(n: number): void;
}

/** One image's place in its epoch, from which dropout draws its masks. */
export interface DropoutSeed {
  readonly seed: number;
  readonly step: number;
  readonly shard: number;
}

/**
 * A network compiled for training on shards of up to `batch` images: forward with batch statistics, backward,
 * gradients in one flat array in the order of `layoutParameters`.
 */
export class TrainingGraph {
  readonly inputLength: number;
  readonly classes: number;
  readonly layout: ParameterLayout;
  /** Flat trainable values; set them before `forward`. */
  readonly weights: Float32Array;
  /** Gradient of the loss by each of `weights`, after `backward`. */
  readonly gradient: Float32Array;
  /** Batch mean and variance of each batch normalisation, after `forward`, laid out as the statistics. */
  readonly statistics: Float32Array;
  /** Pixels 0..255 of the shard, to be written before `forward`. */
  readonly pixels: Uint8Array;
  /** Gradient of the loss by the logits, to be written before `backward`. */
  readonly logitGradient: Float32Array;
  readonly #logits: Float32Array;
  readonly #instance: KernelInstance<TrainingKernels>;
  readonly #steps: Step[] = [];
  readonly #arena = new Arena();
  readonly #floats: Float32Array;
  readonly #pixelsAt: number;
  readonly #inputAt: number;
  readonly #outputAt: number[];
  readonly #gradientAt: number[];
  readonly #weightsAt: number;
  readonly #weightGradientAt: number;
  readonly #statisticsAt: number;
  #dropout: DropoutSeed = { seed: 0, step: 0, shard: 0 };

  /**
   * @throws NetworkError where the network does not fit together
   * @throws EngineError where the memory cannot be had
   */
  constructor(
    readonly network: Network,
    readonly batch: number,
    relaxed?: boolean,
  ) {
    const { layers, inputShape, outputShape } = analyze(network);
    const length = (shape: readonly number[]) => shape[0] * shape[1] * shape[2];
    for (const { layer, inputs, outputShape: shape } of layers) {
      if (layer.kind !== "add") continue;
      if (
        inputs.every((index) => length(index < 0 ? inputShape : layers[index].outputShape) === length(shape))
      )
        continue;
      throw new NetworkError(
        `Layer "${layer.name}" adds maps of different channels, which cannot be trained.`,
      );
    }
    this.inputLength = length(inputShape);
    this.classes = length(outputShape);
    this.layout = layoutParameters(network);
    const arena = this.#arena;
    this.#pixelsAt = arena.allocate(batch * this.inputLength);
    this.#inputAt = arena.floats(batch * this.inputLength);
    this.#outputAt = layers.map((placed) => arena.floats(batch * length(placed.outputShape)));
    this.#gradientAt = layers.map((placed) => arena.floats(batch * length(placed.outputShape)));
    this.#weightsAt = arena.floats(this.layout.weightCount);
    this.#weightGradientAt = arena.floats(this.layout.weightCount);
    this.#statisticsAt = arena.floats(this.layout.statisticCount);

    // Going backward, the first layer to reach a value writes its gradient and the others add to it.
    const written = new Set<number>([layers.length - 1]);
    const accumulates = new Map<number, boolean[]>();
    const reached = new Set<number>();
    for (let index = layers.length - 1; index >= 0; index--) {
      if (!written.has(index)) continue;
      reached.add(index);
      const flags: boolean[] = [];
      for (const input of layers[index].inputs) {
        flags.push(written.has(input));
        written.add(input);
      }
      accumulates.set(index, flags);
    }
    for (const placed of layers) {
      // A layer that the output does not depend on is neither run nor trained.
      if (reached.has(placed.index)) this.#steps.push(this.#plan(placed, accumulates.get(placed.index)!));
    }
    this.#instance = instantiate<TrainingKernels>(trainingKernels(relaxed), arena.finish());
    this.#floats = new Float32Array(this.#instance.memory.buffer);
    this.pixels = this.#instance.bytes(this.#pixelsAt, batch * this.inputLength);
    this.weights = this.#instance.floats(this.#weightsAt, this.layout.weightCount);
    this.gradient = this.#instance.floats(this.#weightGradientAt, this.layout.weightCount);
    this.statistics = this.#instance.floats(this.#statisticsAt, this.layout.statisticCount);
    const last = layers.length - 1;
    this.#logits = this.#instance.floats(this.#outputAt[last], batch * this.classes);
    this.logitGradient = this.#instance.floats(this.#gradientAt[last], batch * this.classes);
  }

  /**
   * Runs the first n images of `pixels`; returns their n * classes logits, a view.
   *
   * @param sameWeights `weights` have not changed since the last call, which saves preparing them again
   */
  forward(n: number, dropout: DropoutSeed, sameWeights = false): Float32Array {
    this.#dropout = dropout;
    const { scale, offset } = this.network.input;
    this.#instance.kernels.convertBytes(this.#pixelsAt, n * this.inputLength, scale, offset, this.#inputAt);
    for (const step of this.#steps) step.forward(n, sameWeights);
    return this.#logits.subarray(0, n * this.classes);
  }

  /** Fills `gradient` from the first n images of `logitGradient`. */
  backward(n: number): void {
    this.gradient.fill(0);
    for (let i = this.#steps.length - 1; i >= 0; i--) this.#steps[i].backward(n);
  }

  /** The first layer whose output for n images is not finite, after `forward`. */
  firstNonFiniteLayer(n: number): string | undefined {
    const { layers } = analyze(this.network);
    return layers.find((placed, index) => {
      const count = n * placed.outputShape[0] * placed.outputShape[1] * placed.outputShape[2];
      return !this.#instance.floats(this.#outputAt[index], count).every(Number.isFinite);
    })?.layer.name;
  }

  #address(layer: string, role: string, gradient = false): number {
    const placed = this.layout.weights.find((p) => p.layer === layer && p.role === role);
    if (!placed) return 0;
    return (gradient ? this.#weightGradientAt : this.#weightsAt) + placed.offset * 4;
  }

  #plan(placed: PlacedLayer, accumulates: readonly boolean[]): Step {
    const { layer, index, inputs, inputShape, outputShape } = placed;
    const { name } = layer;
    const x = inputs[0] < 0 ? this.#inputAt : this.#outputAt[inputs[0]];
    // 0 where nothing before the layer is trained: the input itself.
    const dx = inputs[0] < 0 ? 0 : this.#gradientAt[inputs[0]];
    const y = this.#outputAt[index];
    const dy = this.#gradientAt[index];
    const add = accumulates[0];
    const relu = (layer as { activation?: Activation }).activation === "relu";
    const outputLength = outputShape[0] * outputShape[1] * outputShape[2];
    const [height, width, channels] = inputShape;
    const pixels = height * width;
    const kernels = () => this.#instance.kernels;
    const throughRelu = (n: number) => {
      if (relu) kernels().reluGradient(y, dy, n * outputLength);
    };
    switch (layer.kind) {
      case "convolution":
      case "dense": {
        const shape = convolutionShape({ ...placed, layer });
        const convolution = runsInPlanes(shape, dx > 0)
          ? new PlaneConvolution(shape, this.batch, this.#arena, dx > 0)
          : new Convolution(shape, this.batch, this.#arena, true);
        const weight = this.#address(name, "weight");
        const bias = this.#address(name, "bias");
        const dWeight = this.#address(name, "weight", true);
        const dBias = this.#address(name, "bias", true);
        return {
          name,
          forward: (n, packed) => {
            if (!packed) convolution.setWeights(kernels(), this.#floats, weight, bias);
            convolution.forward(kernels(), x, y, n, relu);
          },
          backward: (n) => {
            throughRelu(n);
            convolution.weightGradient(kernels(), x, dy, dWeight, dBias, n);
            if (dx) convolution.inputGradient(kernels(), dy, weight, dx, n, add);
          },
        };
      }
      case "batchNormalization":
        return this.#planBatchNormalization(
          name,
          { x, dx, y, dy, pixels, channels, relu, add },
          layer.epsilon ?? batchNormalizationEpsilon,
          throughRelu,
        );
      case "maxPool": {
        const { size, stride } = poolShape({ ...placed, layer });
        const { rows, columns, above, left } = windowGeometry(poolShape({ ...placed, layer }), size);
        const inputBytes = pixels * channels * 4;
        const outputBytes = outputLength * 4;
        return {
          name,
          forward: (n) => {
            for (let i = 0; i < n; i++) {
              const [from, to] = [x + i * inputBytes, y + i * outputBytes];
              kernels().maxPool(from, height, width, channels, size, stride, above, left, to, rows, columns);
            }
          },
          backward: (n) => {
            if (!dx) return;
            if (!add) kernels().zero(dx, n * pixels * channels);
            for (let i = 0; i < n; i++) {
              const [from, to] = [i * inputBytes, i * outputBytes];
              kernels().maxPoolGradient(
                ...([x + from, y + to, dy + to, height, width, channels, size, stride] as const),
                ...([above, left, dx + from, rows, columns] as const),
              );
            }
          },
        };
      }
      case "globalAveragePool":
        return {
          name,
          forward: (n) => {
            for (let i = 0; i < n; i++) {
              const from = x + i * pixels * channels * 4;
              kernels().sumPixels(from, pixels, channels, 1 / pixels, y + i * channels * 4, 0);
            }
          },
          backward: (n) => {
            for (let i = 0; i < n && dx; i++) {
              const to = dx + i * pixels * channels * 4;
              kernels().spreadPixels(dy + i * channels * 4, pixels, channels, 1 / pixels, to, add ? 1 : 0);
            }
          },
        };
      case "concatenate":
        throw new NetworkError(`Layer "${name}" concatenates maps, which cannot be trained.`);
      case "add": {
        const other = inputs[1] < 0 ? this.#inputAt : this.#outputAt[inputs[1]];
        const dOther = inputs[1] < 0 ? 0 : this.#gradientAt[inputs[1]];
        return {
          name,
          forward: (n) => kernels().add(x, other, n * outputLength, y, relu ? 1 : 0),
          backward: (n) => {
            throughRelu(n);
            if (dx) kernels().copyOrAdd(dy, n * outputLength, dx, add ? 1 : 0);
            if (dOther) kernels().copyOrAdd(dy, n * outputLength, dOther, accumulates[1] ? 1 : 0);
          },
        };
      }
      case "gate":
        return this.#planGate(name, placed, accumulates);
      case "dropout": {
        const mask = this.#arena.floats(this.batch * outputLength);
        const kept = 1 / (1 - layer.rate);
        return {
          name,
          forward: (n) => {
            const { seed, step, shard } = this.#dropout;
            const random = createRandom(seed, "dropout", name, step, shard);
            for (let i = 0; i < n * outputLength; i++) {
              this.#floats[mask / 4 + i] = random.next() < layer.rate ? 0 : kept;
            }
            kernels().multiply(x, mask, n * outputLength, y, 0);
          },
          backward: (n) => {
            if (dx) kernels().multiply(dy, mask, n * outputLength, dx, add ? 1 : 0);
          },
        };
      }
    }
  }

  /** With s = sigmoid(gate): y = x s; dx = dy s, and the gate's gradient is s (1 - s) times the sum of dy x. */
  #planGate(
    name: string,
    { inputs, index, outputShape: [height, width, channels] }: PlacedLayer,
    accumulates: readonly boolean[],
  ): Step {
    const area = height * width;
    const bytes = area * channels * 4;
    const [gates, x] = inputs.map((input) => (input < 0 ? this.#inputAt : this.#outputAt[input]));
    const [dGates, dx] = inputs.map((input) => (input < 0 ? 0 : this.#gradientAt[input]));
    const [y, dy] = [this.#outputAt[index], this.#gradientAt[index]];
    const sigmoids = this.#arena.floats(this.batch * channels);
    const [zeros, sums] = [0, 1].map(() => this.#arena.floats(channels));
    const scaled = this.#arena.floats(area * channels);
    const kernels = () => this.#instance.kernels;
    return {
      name,
      forward: (n) => {
        const f = this.#floats;
        for (let i = 0; i < n * channels; i++) f[sigmoids / 4 + i] = 1 / (1 + Math.exp(-f[gates / 4 + i]));
        for (let i = 0; i < n; i++) {
          const s = sigmoids + i * channels * 4;
          kernels().scaleShift(x + i * bytes, area, channels, s, zeros, y + i * bytes, 0);
        }
      },
      backward: (n) => {
        const f = this.#floats;
        for (let i = 0; i < n; i++) {
          const at = i * bytes;
          const s = sigmoids + i * channels * 4;
          if (dx) {
            kernels().scaleShift(dy + at, area, channels, s, zeros, scaled, 0);
            kernels().copyOrAdd(scaled, area * channels, dx + at, accumulates[1] ? 1 : 0);
          }
          if (!dGates) continue;
          kernels().centredProducts(x + at, dy + at, area, channels, zeros, sums);
          for (let c = 0; c < channels; c++) {
            const [sigmoid, to] = [f[s / 4 + c], dGates / 4 + i * channels + c];
            f[to] = (accumulates[0] ? f[to] : 0) + sigmoid * (1 - sigmoid) * f[sums / 4 + c];
          }
        }
      },
    };
  }

  #planBatchNormalization(
    name: string,
    at: {
      x: number;
      dx: number;
      y: number;
      dy: number;
      pixels: number;
      channels: number;
      relu: boolean;
      add: boolean;
    },
    epsilon: number,
    throughRelu: (n: number) => void,
  ): Step {
    const { x, dx, y, dy, pixels, channels, relu, add } = at;
    const statistic = (role: string) =>
      this.#statisticsAt +
      this.layout.statistics.find((p) => p.layer === name && p.role === role)!.offset * 4;
    const [mean, variance] = [statistic("mean"), statistic("variance")];
    const [scale, shift] = [this.#address(name, "scale"), this.#address(name, "shift")];
    const [dScale, dShift] = [this.#address(name, "scale", true), this.#address(name, "shift", true)];
    const [a, b, c] = [0, 1, 2].map(() => this.#arena.floats(channels));
    const kernels = () => this.#instance.kernels;
    return {
      name,
      forward: (n) => {
        kernels().moments(x, n * pixels, channels, mean, variance);
        const f = this.#floats;
        for (let i = 0; i < channels; i++) {
          const factor = f[scale / 4 + i] / Math.sqrt(f[variance / 4 + i] + epsilon);
          f[a / 4 + i] = factor;
          f[b / 4 + i] = f[shift / 4 + i] - f[mean / 4 + i] * factor;
        }
        kernels().scaleShift(x, n * pixels, channels, a, b, y, relu ? 1 : 0);
      },
      backward: (n) => {
        throughRelu(n);
        const count = n * pixels;
        kernels().sumPixels(dy, count, channels, 1, dShift, 0);
        kernels().centredProducts(x, dy, count, channels, mean, dScale);
        // With r = 1 / sqrt(variance + epsilon) and u = x - mean:
        // dx = scale * r * (dy - sum(dy) / count - u * r^2 * sum(dy * u) / count), dScale = r * sum(dy * u).
        const f = this.#floats;
        for (let i = 0; i < channels; i++) {
          const r = 1 / Math.sqrt(f[variance / 4 + i] + epsilon);
          const factor = f[scale / 4 + i] * r;
          const products = f[dScale / 4 + i];
          f[a / 4 + i] = factor;
          f[b / 4 + i] = (-factor * r * r * products) / count;
          f[c / 4 + i] = (-factor * f[dShift / 4 + i]) / count;
          f[dScale / 4 + i] = products * r;
        }
        if (dx) kernels().inputGradient(x, dy, count, channels, mean, a, b, c, dx, add ? 1 : 0);
      },
    };
  }
}
