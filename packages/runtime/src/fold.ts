import {
  analyze,
  batchNormalizationEpsilon,
  type ConvolutionLayer,
  type DenseLayer,
  type Layer,
  type Network,
} from "./network.js";

/** Whatever has a network and its weights; a `Model` is one. */
export interface WeightedNetwork {
  readonly network: Network;
  /** Values by parameter name, in the shapes of `analyze(network).parameters`. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** A layer and what it reads: indices into the list of nodes, -1 for the network's input. */
interface Node {
  readonly layer: Layer;
  readonly inputs: readonly number[];
}
type Nodes = (Node | undefined)[];

/** Removes dropout, which does nothing when a network runs, and lets its readers read what it read. */
function removeDropout(nodes: Nodes): void {
  const source = nodes.map((_, index) => index);
  const resolve = (index: number) => (index < 0 ? index : source[index]);
  for (const [index, node] of nodes.entries()) {
    const inputs = node!.inputs.map(resolve);
    nodes[index] = { layer: node!.layer, inputs };
    if (node!.layer.kind !== "dropout") continue;
    // The last layer is the network's output: it goes only if what it read becomes the last layer.
    const before = nodes.findLastIndex((other, i) => i < index && other !== undefined);
    if (index === nodes.length - 1 && (before < 0 || before !== inputs[0])) continue;
    source[index] = inputs[0];
    nodes[index] = undefined;
  }
}

/**
 * Weights and bias that do what a layer and the batch normalisation after it do. With factor = scale /
 * sqrt(variance + epsilon) per channel: weight * factor and (bias - mean) * factor + shift.
 *
 * @returns undefined when they do not fit into float32.
 */
function foldedValues(
  weights: ReadonlyMap<string, Float32Array>,
  layer: string,
  normalization: string,
  epsilon: number,
): { weight: Float32Array; bias: Float32Array } | undefined {
  const oldBias = weights.get(`${layer}.bias`);
  const [scale, shift, mean, variance] = ["scale", "shift", "mean", "variance"].map(
    (role) => weights.get(`${normalization}.${role}`)!,
  );
  const channels = scale.length;
  const factor = Float64Array.from(scale, (value, c) => value / Math.sqrt(variance[c] + epsilon));
  // Output channels are the last axis of both convolution and dense weights.
  const weight = weights.get(`${layer}.weight`)!.map((value, index) => value * factor[index % channels]);
  const bias = shift.map((value, c) => ((oldBias?.[c] ?? 0) - mean[c]) * factor[c] + value);
  return weight.every(Number.isFinite) && bias.every(Number.isFinite) ? { weight, bias } : undefined;
}

/** The convolution or dense layer which a batch normalisation can be folded into, if there is one. */
function foldTarget(node: Node | undefined): ConvolutionLayer | DenseLayer | undefined {
  const layer = node?.layer;
  if (layer?.kind !== "convolution" && layer?.kind !== "dense") return undefined;
  return (layer.activation ?? "none") === "none" ? layer : undefined;
}

/** The nodes that are left as a list of layers that name what they read where it is not the layer before. */
function toLayers(nodes: Nodes): Layer[] {
  const nameOf = (index: number) => (index < 0 ? "input" : nodes[index]!.layer.name);
  const layers: Layer[] = [];
  let previous = -1;
  for (const [index, node] of nodes.entries()) {
    if (!node) continue;
    const { input: _, ...layer } = node.layer;
    layers.push({
      ...layer,
      ...(node.inputs[0] !== previous && { input: nameOf(node.inputs[0]) }),
      ...("other" in node.layer && { other: nameOf(node.inputs[1]) }),
      ...(node.layer.kind === "concatenate" && { others: node.inputs.slice(1).map(nameOf) }),
    } as Layer);
    previous = index;
  }
  return layers;
}

/**
 * Makes a trained network ready to run: removes dropout, and folds each batch normalisation (Ioffe & Szegedy
 * 2015) into the convolution or dense layer it reads, when nothing else reads that layer and it has no
 * activation of its own. The layer keeps its name and takes over the normalisation's activation. What cannot
 * be folded stays. The outputs differ only by the rounding of float32.
 *
 * @throws NetworkError when the network is malformed.
 */
export function foldBatchNormalization<M extends WeightedNetwork>(model: M): M {
  const nodes: Nodes = analyze(model.network).layers.map(({ layer, inputs }) => ({ layer, inputs }));
  const weights = new Map(model.weights);
  removeDropout(nodes);
  const readers = new Map<number, number>();
  for (const index of nodes.flatMap((node) => node?.inputs ?? [])) {
    readers.set(index, (readers.get(index) ?? 0) + 1);
  }
  for (const [index, node] of nodes.entries()) {
    if (node?.layer.kind !== "batchNormalization") continue;
    const source = node.inputs[0];
    const target = foldTarget(nodes[source]);
    if (!target || readers.get(source) !== 1) continue;
    const epsilon = node.layer.epsilon ?? batchNormalizationEpsilon;
    const folded = foldedValues(weights, target.name, node.layer.name, epsilon);
    if (!folded) continue;
    weights.set(`${target.name}.weight`, folded.weight);
    weights.set(`${target.name}.bias`, folded.bias);
    // It takes the normalisation's place in the list, so that the last layer remains the output.
    const layer = { ...target, bias: true, activation: node.layer.activation ?? "none" };
    nodes[index] = { layer, inputs: nodes[source]!.inputs };
    nodes[source] = undefined;
  }
  const network = { ...model.network, layers: toLayers(nodes) };
  const kept = analyze(network).parameters.map(({ name }) => [name, weights.get(name)!] as const);
  return { ...model, network, weights: new Map(kept) };
}
