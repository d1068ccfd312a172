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
  if (!sameInput(deep, start.network)) return undefined;
  const to = analyze(deep).layers;
  const from = analyze(start.network).layers;
  /** By index in `deep`: index in `start` of the layer that gives the same values at first. */
  const origin = new Map([[-1, -1]]);
  const names = new Map<string, string>();
  let next = 0;
  for (let index = 0; index < to.length; index++) {
    const inputs = to[index].inputs.map((input) => origin.get(input) ?? input);
    const trained = from[next];
    if (trained && isSame(to[index].layer, trained.layer) && sameValues(inputs, trained.inputs)) {
      names.set(trained.layer.name, to[index].layer.name);
      origin.set(index, next++);
      continue;
    }
    if (!isResidualBlock(to, index)) return undefined;
    origin.set(index + 1, inputs[0]);
    index++;
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

const sameInput = ({ input: a }: Network, { input: b }: Network) =>
  a.height === b.height &&
  a.width === b.width &&
  a.channels === b.channels &&
  a.scale === b.scale &&
  a.offset === b.offset;

const sameValues = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((value, i) => value === b[i]);

/** Whether two layers compute the same, apart from what they read. */
function isSame(a: Layer, b: Layer): boolean {
  const [one, other] = [settingsOf(a), settingsOf(b)];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((key) => one[key] === other[key]);
}

/** A layer's settings with what it leaves out, and without names. */
function settingsOf(layer: Layer): Record<string, unknown> {
  const stride = layer.kind === "maxPool" ? layer.size : 1;
  const defaults = { stride, padding: "same", groups: 1, bias: true, activation: "none" };
  return { ...defaults, ...layer, name: "", input: "", other: "", others: "" };
}

/**
 * Whether a convolution without activation stands at an index, and after it the addition of what it reads, so that
 * with weights of zero both together change nothing.
 */
function isResidualBlock(layers: Placed, index: number): boolean {
  const convolution = layers[index];
  const sum = layers[index + 1];
  if (convolution.layer.kind !== "convolution" || sum?.layer.kind !== "add") return false;
  if ((convolution.layer.activation ?? "none") !== "none") return false;
  const [input] = convolution.inputs;
  const adds = sum.inputs.includes(index) && sum.inputs.includes(input);
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
