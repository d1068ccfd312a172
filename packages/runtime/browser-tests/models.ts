import {
  analyze,
  createNetwork,
  type Model,
  type Network,
  type ParameterSpec,
  reference,
} from "microexpnet/internal";

/** A linear congruential generator of numbers 0 <= x < 1: the same weights and pixels on every run. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Weights that keep the maps' values near one (He et al. 2015), statistics that normalise nothing away. */
function drawValues({ role, shape, length }: ParameterSpec, next: () => number): Float32Array {
  const limit = Math.sqrt((6 * shape[shape.length - 1]) / length);
  const draw = {
    weight: () => (next() * 2 - 1) * limit,
    bias: () => next() - 0.5,
    scale: () => 0.5 + next(),
    shift: () => next() - 0.5,
    mean: () => next() - 0.5,
    variance: () => 0.25 + next(),
  }[role];
  return Float32Array.from({ length }, draw);
}

function drawModel(network: Network, seed: number): Model {
  const next = generator(seed);
  const { parameters, outputShape } = analyze(network);
  return {
    network,
    labels: Array.from({ length: outputShape[2] }, (_, index) => `class ${index}`),
    weights: new Map(parameters.map((parameter) => [parameter.name, drawValues(parameter, next)])),
    crop: { source: "whole-image" },
    calibration: { temperature: 1.5 },
    provenance: { seed },
  };
}

/**
 * Every kind of layer that the paper's network lacks, on maps of odd sides: normalisations that are folded
 * away (`expand-norm`, `depthwise-norm`) and one that cannot be (`input-norm`), groups, two residual sums, gates.
 */
const residual: Network = {
  name: "residual",
  input: { height: 29, width: 23, channels: 3, scale: 1 / 64, offset: -2 },
  layers: [
    { kind: "batchNormalization", name: "input-norm" },
    { kind: "convolution", name: "expand", filters: 12, kernel: 3, stride: 2, bias: false },
    { kind: "batchNormalization", name: "expand-norm", activation: "relu" },
    { kind: "convolution", name: "depthwise", filters: 12, kernel: 3, groups: 12, bias: false },
    { kind: "batchNormalization", name: "depthwise-norm", activation: "relu" },
    { kind: "convolution", name: "project", filters: 12, kernel: 1 },
    { kind: "add", name: "first-sum", other: "expand-norm", activation: "relu" },
    { kind: "maxPool", name: "pool", size: 3, stride: 2 },
    { kind: "convolution", name: "grouped", filters: 12, kernel: 3, groups: 3, activation: "relu" },
    { kind: "add", name: "second-sum", other: "pool" },
    { kind: "globalAveragePool", name: "squeeze" },
    { kind: "dense", name: "gates", units: 12 },
    { kind: "gate", name: "gated", other: "second-sum" },
    { kind: "globalAveragePool", name: "average" },
    { kind: "dropout", name: "dropout", rate: 0.2 },
    { kind: "dense", name: "scores", units: 7 },
  ],
};

/** The networks that are run in the browser, with random weights. */
export const models: Readonly<Record<string, Model>> = {
  "microexpnet-2019": drawModel(createNetwork("microexpnet-2019"), 19),
  residual: drawModel(residual, 29),
};

/** Bytes 0..255 of `images` images for a model. */
export function drawPixels({ network }: Model, images: number): Uint8Array<ArrayBuffer> {
  const next = generator(images);
  const { height, width, channels } = network.input;
  return Uint8Array.from({ length: images * height * width * channels }, () => next() * 256);
}

const known = new Map<string, Float32Array>();

/** What the model of this name answers to `drawPixels`, by the plain operations, with nothing folded. */
export function expectedLogits(name: string, images: number): Float32Array {
  const key = `${name} ${images}`;
  const { network, weights } = models[name];
  const logits = known.get(key) ?? reference.run(network, weights, drawPixels(models[name], images), images);
  known.set(key, logits);
  return logits;
}
