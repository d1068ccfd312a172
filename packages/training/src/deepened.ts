import { analyze, foldBatchNormalization, type Layer, type Network } from "microexpnet/internal";
import type { WeightedNetwork } from "./trainer/job.js";

/**
 * A trained network's weights in a deeper one of the same layers in the same order, whatever their names, with
 * residual blocks of one convolution between them. The convolutions that `start` lacks begin at zero, so that the
 * deeper network first answers as it does (the identity initialisation of "Net2Net", Chen et al. 2016, for
 * residual blocks). Batch normalisation and dropout of `network` are taken out, as they are from a trained one.
 *
 * @returns undefined where `network` is not `start` with such blocks, or as many of them as it has
 * @throws NetworkError when one of the two is malformed
 */
export function deepened(network: Network, start: WeightedNetwork): WeightedNetwork | undefined {
  const deep = foldBatchNormalization({ network, weights: zeros(network) }).network;
  if (!isSame(deep.input, start.network.input)) return undefined;
  const to = analyze(deep).layers;
  const from = analyze(start.network).layers;
  /** By index in `deep`: index in `start` of the layer that gives the same values at first, if there is one. */
  const origin = new Map([[-1, -1]]);
  const names = new Map<string, string>();
  let next = 0;
  for (let index = 0; index < to.length; index++) {
    const inputs = to[index].inputs.map((input) => origin.get(input));
    const trained = from[next];
    if (
      trained &&
      isSame(settingsOf(to[index].layer), settingsOf(trained.layer)) &&
      isSame(inputs, trained.inputs)
    ) {
      names.set(trained.layer.name, to[index].layer.name);
      origin.set(index, next++);
      continue;
    }
    if (inputs[0] === undefined || !isResidualBlock(to, index)) return undefined;
    origin.set(++index, inputs[0]);
  }
  if (next < from.length) return undefined;
  const weights = zeros(deep);
  for (const { name, layer, role } of analyze(start.network).parameters) {
    weights.set(`${names.get(layer)}.${role}`, start.weights.get(name)!);
  }
  return { network: deep, weights };
}

type Placed = ReturnType<typeof analyze>["layers"];

const zeros = (network: Network) =>
  new Map<string, Float32Array>(
    analyze(network).parameters.map(({ name, length }) => [name, new Float32Array(length)]),
  );

/** Whether two objects or arrays have the same simple values. */
function isSame(a: object, b: object): boolean {
  const [one, other] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return [...one.keys(), ...other.keys()].every((key) => one.get(key) === other.get(key));
}

/** What a layer computes, apart from what it reads: its settings with those that it leaves out, without names. */
function settingsOf(layer: Layer): Record<string, unknown> {
  const stride = layer.kind === "maxPool" ? layer.size : 1;
  const defaults = { stride, padding: "same", groups: 1, bias: true, activation: "none" };
  return { ...defaults, ...layer, name: "", input: "", other: "", others: "" };
}

/**
 * Whether a convolution without activation stands at an index, and after it the addition of what it reads, so that
 * with weights of zero both together change nothing, not even the number of channels.
 */
function isResidualBlock(layers: Placed, index: number): boolean {
  const convolution = layers[index];
  const sum = layers[index + 1];
  if (convolution.layer.kind !== "convolution" || sum?.layer.kind !== "add") return false;
  if ((convolution.layer.activation ?? "none") !== "none") return false;
  const [input] = convolution.inputs;
  const adds = sum.inputs.includes(index) && sum.inputs.includes(input);
  if (sum.outputShape[2] !== convolution.inputShape[2]) return false;
  return adds && ((sum.layer.activation ?? "none") === "none" || isNeverNegative(layers, input));
}

/** Whether a layer's values are those of a ReLU, perhaps pooled. */
function isNeverNegative(layers: Placed, index: number): boolean {
  if (index < 0) return false;
  const { layer, inputs } = layers[index];
  if (layer.kind === "maxPool" || layer.kind === "globalAveragePool")
    return isNeverNegative(layers, inputs[0]);
  return "activation" in layer && layer.activation === "relu";
}
