/**
 * A network is data: a list of layers as plain objects. Everything else (the engine, the trainer, the
 * exporter, the report) reads this one description.
 *
 * Feature maps are height x width x channels, channels last ("HWC"), as in TensorFlow.
 */

/** Thrown when a network description is malformed or its layers do not fit together. */
export class NetworkError extends Error {
  override name = "NetworkError";
}

/** Added to the variance under the root, where a layer states no epsilon of its own. */
export const batchNormalizationEpsilon = 1e-3;

export type Activation = "none" | "relu";
export type Padding = "same" | "valid";
/** [height, width, channels] of a feature map; a vector of n values is [1, 1, n]. */
export type Shape = readonly [height: number, width: number, channels: number];

interface LayerBase {
  /** Unique among the layers; parameters are named after it, for example "conv1.weight". */
  readonly name: string;
  /** The layer whose output this one reads; the previous layer (or the network's input) by default. */
  readonly input?: string;
}

/** Two-dimensional convolution; `groups` equal to the channels makes it depthwise. */
export interface ConvolutionLayer extends LayerBase {
  readonly kind: "convolution";
  /** Output channels. */
  readonly filters: number;
  /** Side of the square kernel in pixels. */
  readonly kernel: number;
  readonly stride?: number;
  /** TensorFlow's SAME (default) pads the odd row and column at the bottom and right. */
  readonly padding?: Padding;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly activation?: Activation;
}

/** Fully connected layer over all values of its input, flattened height, width, channel. */
export interface DenseLayer extends LayerBase {
  readonly kind: "dense";
  readonly units: number;
  readonly bias?: boolean;
  readonly activation?: Activation;
}

/** Batch normalisation per channel (Ioffe & Szegedy 2015); folded into its convolution to run. */
export interface BatchNormalizationLayer extends LayerBase {
  readonly kind: "batchNormalization";
  readonly epsilon?: number;
  readonly activation?: Activation;
}

export interface MaxPoolLayer extends LayerBase {
  readonly kind: "maxPool";
  readonly size: number;
  readonly stride?: number;
  readonly padding?: Padding;
}

export interface GlobalAveragePoolLayer extends LayerBase {
  readonly kind: "globalAveragePool";
}

/**
 * Residual addition of two feature maps of one height and width. Where one has fewer channels, those that it
 * lacks at its end count as zero (the parameter-free shortcut A of He et al. 2015).
 */
export interface AddLayer extends LayerBase {
  readonly kind: "add";
  /** The second operand; the first is `input`. */
  readonly other: string;
  readonly activation?: Activation;
}

/**
 * Each channel of a map times the sigmoid of its gate: the excitation of "Squeeze-and-Excitation Networks" (Hu et al.
 * 2018), whose squeeze is a global average pool and dense layers.
 */
export interface GateLayer extends LayerBase {
  readonly kind: "gate";
  /** The map; `input` is the vector of gates before the sigmoid, one a channel. */
  readonly other: string;
}

/**
 * All values of several maps, one map after another, as one vector; for networks with several outputs, to run
 * only: the trainer has no gradient for it.
 */
export interface ConcatenateLayer extends LayerBase {
  readonly kind: "concatenate";
  /** The maps after the first, which is `input`. */
  readonly others: readonly string[];
}

/** Inverted dropout in training; nothing when the network runs. */
export interface DropoutLayer extends LayerBase {
  readonly kind: "dropout";
  /** Share of the values set to zero, 0 <= rate < 1. */
  readonly rate: number;
}

export type Layer =
  | ConvolutionLayer
  | DenseLayer
  | BatchNormalizationLayer
  | MaxPoolLayer
  | GlobalAveragePoolLayer
  | AddLayer
  | GateLayer
  | ConcatenateLayer
  | DropoutLayer;

/** What the network reads: pixels 0..255 become `pixel * scale + offset` before the first layer. */
export interface NetworkInput {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly scale: number;
  readonly offset: number;
}

export interface Network {
  readonly name: string;
  readonly input: NetworkInput;
  readonly layers: readonly Layer[];
}

/** One array of weights: convolution [kernel, kernel, channels / groups, filters], dense [inputs, units]. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Number of values: the product of `shape`. */
  readonly length: number;
  readonly layer: string;
  readonly role: "weight" | "bias" | "scale" | "shift" | "mean" | "variance";
  /** False for the running mean and variance of batch normalisation, which are counted, not learned. */
  readonly trainable: boolean;
}

/** A layer with everything that follows from its place in the network. */
export interface PlacedLayer<L extends Layer = Layer> {
  readonly layer: L;
  readonly index: number;
  /** Indices of the layers it reads; -1 is the network's input. */
  readonly inputs: readonly number[];
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly parameters: readonly ParameterSpec[];
  /** Multiply-accumulates for one image. */
  readonly multiplyAccumulates: number;
}

export interface NetworkAnalysis {
  readonly network: Network;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly layers: readonly PlacedLayer[];
  readonly parameters: readonly ParameterSpec[];
  /** Number of trainable values. */
  readonly parameterCount: number;
  /** Multiply-accumulates for one image: convolutions and dense layers. */
  readonly multiplyAccumulates: number;
}

/** Padding and output length along one axis, as TensorFlow counts them. */
export function paddedExtent(
  length: number,
  kernel: number,
  stride: number,
  padding: Padding,
): { output: number; before: number; after: number } {
  if (padding === "valid") {
    return { output: Math.floor((length - kernel) / stride) + 1, before: 0, after: 0 };
  }
  const output = Math.ceil(length / stride);
  const total = Math.max((output - 1) * stride + kernel - length, 0);
  const before = Math.floor(total / 2);
  return { output, before, after: total - before };
}

const product = (values: readonly number[]) => values.reduce((a, b) => a * b, 1);
const text = (shape: Shape) => shape.join("x");

function requireInteger(value: unknown, minimum: number, what: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < minimum || value > 1 << 20) {
    throw new NetworkError(
      `${what} must be a whole number from ${minimum} to ${1 << 20}, not ${JSON.stringify(value)}.`,
    );
  }
  return value;
}

function requireChoice(value: unknown, choices: readonly string[], what: string): void {
  if (!choices.includes(value as string)) {
    throw new NetworkError(`${what} must be one of ${choices.join(", ")}, not ${JSON.stringify(value)}.`);
  }
}

const parameter = (
  layer: Layer,
  role: ParameterSpec["role"],
  shape: readonly number[],
  trainable = true,
): ParameterSpec => ({
  name: `${layer.name}.${role}`,
  shape,
  length: product(shape),
  layer: layer.name,
  role,
  trainable,
});

/**
 * Checks a network and infers every shape, parameter and cost.
 *
 * @throws NetworkError with one sentence that names the layer that does not fit.
 */
export function analyze(network: Network): NetworkAnalysis {
  const { input } = network;
  if (!input || typeof input !== "object") throw new NetworkError("The network has no input description.");
  const inputShape: Shape = [
    requireInteger(input.height, 1, "The input's height"),
    requireInteger(input.width, 1, "The input's width"),
    requireInteger(input.channels, 1, "The input's number of channels"),
  ];
  if (!Number.isFinite(input.scale) || !Number.isFinite(input.offset)) {
    throw new NetworkError("The input's scale and offset must be finite numbers.");
  }
  if (!Array.isArray(network.layers) || network.layers.length === 0) {
    throw new NetworkError("The network has no layers.");
  }
  if (network.layers.length > 1000) throw new NetworkError("The network has more than 1000 layers.");
  const indexOf = new Map<string, number>();
  const layers: PlacedLayer[] = [];
  const shapeOf = (index: number) => (index < 0 ? inputShape : layers[index].outputShape);
  for (const [index, layer] of network.layers.entries()) {
    if (!layer || typeof layer !== "object" || typeof layer.name !== "string" || layer.name === "") {
      throw new NetworkError(`Layer ${index + 1} has no name.`);
    }
    if (layer.name === "input")
      throw new NetworkError('A layer cannot be named "input", which means the network\'s input.');
    if (indexOf.has(layer.name)) throw new NetworkError(`Two layers have the name "${layer.name}".`);
    const find = (name: string) => {
      if (name === "input") return -1;
      const found = indexOf.get(name);
      if (found === undefined) {
        throw new NetworkError(`Layer "${layer.name}" reads "${name}", which is not a layer before it.`);
      }
      return found;
    };
    const inputs = [layer.input === undefined ? index - 1 : find(layer.input)];
    if (layer.kind === "add" || layer.kind === "gate") inputs.push(find(layer.other));
    if (layer.kind === "concatenate") {
      if (!Array.isArray(layer.others)) {
        throw new NetworkError(`Layer "${layer.name}" has no list of the others that it reads.`);
      }
      inputs.push(...layer.others.map(find));
    }
    layers.push(place(layer, index, inputs, inputs.map(shapeOf)));
    indexOf.set(layer.name, index);
  }
  const parameters = layers.flatMap((placed) => placed.parameters);
  return {
    network,
    inputShape,
    outputShape: layers[layers.length - 1].outputShape,
    layers,
    parameters,
    parameterCount: parameters.filter((p) => p.trainable).reduce((sum, p) => sum + p.length, 0),
    multiplyAccumulates: layers.reduce((sum, placed) => sum + placed.multiplyAccumulates, 0),
  };
}

/** Output shape of a sliding window, refused when it does not fit into the map. */
function slide(layer: ConvolutionLayer | MaxPoolLayer, shape: Shape, size: number, channels: number): Shape {
  const stride = layer.stride ?? (layer.kind === "maxPool" ? layer.size : 1);
  const padding = layer.padding ?? "same";
  const height = paddedExtent(shape[0], size, stride, padding).output;
  const width = paddedExtent(shape[1], size, stride, padding).output;
  if (height < 1 || width < 1) {
    throw new NetworkError(
      `Layer "${layer.name}" has a ${size}x${size} window that does not fit into its ${text(shape)} input.`,
    );
  }
  return [height, width, channels];
}

function place(
  layer: Layer,
  index: number,
  inputs: readonly number[],
  inputShapes: readonly Shape[],
): PlacedLayer {
  const inputShape = inputShapes[0];
  const [height, width, channels] = inputShape;
  const what = (property: string) => `Layer "${layer.name}": ${property}`;
  const placed = (outputShape: Shape, parameters: ParameterSpec[] = [], multiplyAccumulates = 0) => ({
    layer,
    index,
    inputs,
    inputShape,
    outputShape,
    parameters,
    multiplyAccumulates,
  });
  if ("activation" in layer && layer.activation !== undefined) {
    requireChoice(layer.activation, ["none", "relu"], what("activation"));
  }
  if ("padding" in layer && layer.padding !== undefined) {
    requireChoice(layer.padding, ["same", "valid"], what("padding"));
  }
  if ("stride" in layer && layer.stride !== undefined) requireInteger(layer.stride, 1, what("stride"));
  switch (layer.kind) {
    case "convolution": {
      const kernel = requireInteger(layer.kernel, 1, what("kernel"));
      const filters = requireInteger(layer.filters, 1, what("filters"));
      const groups = requireInteger(layer.groups ?? 1, 1, what("groups"));
      if (channels % groups !== 0 || filters % groups !== 0) {
        throw new NetworkError(
          `Layer "${layer.name}" cannot split ${channels} channels and ${filters} filters into ${groups} groups.`,
        );
      }
      const output = slide(layer, inputShape, kernel, filters);
      const weight = parameter(layer, "weight", [kernel, kernel, channels / groups, filters]);
      const parameters = [weight];
      if (layer.bias ?? true) parameters.push(parameter(layer, "bias", [filters]));
      return placed(output, parameters, output[0] * output[1] * weight.length);
    }
    case "dense": {
      const units = requireInteger(layer.units, 1, what("units"));
      const weight = parameter(layer, "weight", [height * width * channels, units]);
      const parameters = [weight];
      if (layer.bias ?? true) parameters.push(parameter(layer, "bias", [units]));
      return placed([1, 1, units], parameters, weight.length);
    }
    case "batchNormalization": {
      if (layer.epsilon !== undefined && !(layer.epsilon > 0 && layer.epsilon < 1)) {
        throw new NetworkError(what("epsilon must lie between 0 and 1."));
      }
      return placed(inputShape, [
        parameter(layer, "scale", [channels]),
        parameter(layer, "shift", [channels]),
        parameter(layer, "mean", [channels], false),
        parameter(layer, "variance", [channels], false),
      ]);
    }
    case "maxPool":
      requireInteger(layer.size, 1, what("size"));
      return placed(slide(layer, inputShape, layer.size, channels));
    case "globalAveragePool":
      return placed([1, 1, channels]);
    case "add":
      if (height !== inputShapes[1][0] || width !== inputShapes[1][1]) {
        throw new NetworkError(
          `Layer "${layer.name}" adds maps of different shapes, ${text(inputShapes[0])} and ${text(inputShapes[1])}.`,
        );
      }
      return placed([height, width, Math.max(channels, inputShapes[1][2])]);
    case "gate":
      if (height * width !== 1 || channels !== inputShapes[1][2]) {
        throw new NetworkError(
          `Layer "${layer.name}" gates a ${text(inputShapes[1])} map with ${text(inputShape)} values, not one a channel.`,
        );
      }
      return placed(inputShapes[1]);
    case "concatenate":
      return placed([1, 1, inputShapes.reduce((sum, shape) => sum + product(shape), 0)]);
    case "dropout":
      if (!(layer.rate >= 0 && layer.rate < 1)) {
        throw new NetworkError(
          what(`rate must be at least 0 and below 1, not ${JSON.stringify(layer.rate)}.`),
        );
      }
      return placed(inputShape);
    default:
      throw new NetworkError(
        `Layer "${(layer as Layer).name}" is of the unknown kind ${JSON.stringify((layer as { kind?: unknown }).kind)}.`,
      );
  }
}
