import {
  analyze,
  type Model,
  microExpNet,
  type Network,
  type ParameterSpec,
  type PoolingVariant,
  rawPixels,
  type SizeVariant,
  squeezeOfSize,
} from "microexpnet/internal";
import { CheckpointError } from "./checkpoint-error.js";
import type { CheckpointTensor } from "./tensorflow-checkpoint.js";

/** Classes in the order of the authors' outputs. */
export const authorsLabels: readonly string[] = [
  "neutral",
  "anger",
  "contempt",
  "disgust",
  "fear",
  "happy",
  "sadness",
  "surprise",
];

interface Candidate {
  readonly name: string;
  readonly pooling: PoolingVariant;
  readonly size: SizeVariant;
}

/** All networks by name. Of those with equal shapes, the one that the authors released stands first. */
const candidates: readonly Candidate[] = [
  { name: "microexpnet-2017", pooling: "v", size: "XXS" },
  { name: "microexpnet-2019", pooling: "p12", size: "XXS" },
  ...(["v", "p12", "p1", "p2"] as const).flatMap((pooling) =>
    (Object.keys(squeezeOfSize) as SizeVariant[]).map((size) => ({
      name: `${pooling}-${size}`,
      pooling,
      size,
    })),
  ),
];

function build({ name, pooling, size }: Candidate): Network {
  // The authors feed their networks raw pixels.
  return { ...microExpNet(pooling, size, authorsLabels.length, name), input: rawPixels };
}

const text = (shape: readonly number[]) => shape.join("x") || "one number";
const parametersOf = (candidate: Candidate) => analyze(build(candidate)).parameters;
const hiddenShape = (candidate: Candidate) =>
  text(parametersOf(candidate).find(({ name }) => name === "hidden.weight")!.shape);

/** The network that was asked for, or the first whose hidden layer has the shape of one of the tensors. */
function findCandidate(tensors: ReadonlyMap<string, CheckpointTensor>, networkName?: string): Candidate {
  if (networkName !== undefined) {
    const found = candidates.find(({ name }) => name === networkName);
    if (found) return found;
    const names = candidates.map(({ name }) => name).join(", ");
    throw new CheckpointError(`There is no authors' network "${networkName}", only ${names}.`);
  }
  const shapes = new Set([...tensors.values()].map(({ shape }) => text(shape)));
  const found = candidates.find((candidate) => shapes.has(hiddenShape(candidate)));
  if (found) return found;
  throw new CheckpointError(
    `The checkpoint is none of the authors' networks: none of its ${tensors.size} variables has the shape of their hidden layer.`,
  );
}

/** A variable's name without what says weight or bias: "wc1" and "bc1" give "c1", "fc/kernel" gives "fc". */
function stem(name: string): string {
  return name
    .toLowerCase()
    .split("/")
    .map((part) => part.replace(/^(weights?|bias(es)?|kernel|w|b)_?|_?(weights?|bias(es)?|kernel|w|b)$/g, ""))
    .filter((part) => part !== "")
    .join("/");
}

/** Order in which numbered names were made: "Variable_2" before "Variable_10". */
const inNaturalOrder = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });

/** All orders of some names, the given one first. */
function permutations(names: readonly string[]): string[][] {
  if (names.length < 2) return [[...names]];
  return names.flatMap((first) =>
    permutations(names.filter((name) => name !== first)).map((rest) => [first, ...rest]),
  );
}

/**
 * Gives each parameter of one shape its variable. Biases of equal length go to the weight whose name has the
 * same stem; where names say nothing, to the layers in the order of the names' numbers.
 */
function assignByName(
  parameters: readonly ParameterSpec[],
  names: readonly string[],
  variableOf: ReadonlyMap<string, string>,
): string[] {
  const agreement = (order: readonly string[]) =>
    parameters.filter(({ layer }, index) => {
      const weight = stem(variableOf.get(`${layer}.weight`) ?? "");
      return weight !== "" && stem(order[index]) === weight;
    }).length;
  // The first of equally good orders wins, which is the natural one.
  return permutations([...names].sort(inNaturalOrder)).reduce((best, order) =>
    agreement(order) > agreement(best) ? order : best,
  );
}

/** The variable of each parameter, found by shapes. */
function assign(
  parameters: readonly ParameterSpec[],
  tensors: ReadonlyMap<string, CheckpointTensor>,
  network: string,
): Map<string, string> {
  const unused = new Map(tensors);
  const variableOf = new Map<string, string>();
  // Weights first, each of which has a shape of its own, as their names tell the biases apart.
  const order = [...parameters].sort((a, b) => b.shape.length - a.shape.length);
  for (const shape of new Set(order.map((parameter) => text(parameter.shape)))) {
    const wanted = order.filter((parameter) => text(parameter.shape) === shape);
    const names = [...unused].filter(([, tensor]) => text(tensor.shape) === shape).map(([name]) => name);
    if (names.length !== wanted.length) {
      throw new CheckpointError(
        `The network "${network}" needs ${wanted.length} of shape ${shape} (${wanted.map(({ name }) => name).join(", ")}), but the checkpoint has ${names.length}${names.length > 0 ? ` (${names.slice(0, 8).join(", ")})` : ""}.`,
      );
    }
    for (const [index, name] of assignByName(wanted, names, variableOf).entries()) {
      variableOf.set(wanted[index].name, name);
      unused.delete(name);
    }
  }
  for (const [name, { shape }] of unused) {
    // A single number is a rate or a counter of the training, not a part of the network.
    if (shape.length === 0) continue;
    throw new CheckpointError(
      `The checkpoint has the variable "${name}" of shape ${text(shape)}, which the network "${network}" does not use.`,
    );
  }
  return variableOf;
}

/**
 * Makes a model of the variables of one of the authors' checkpoints (github.com/cuguilke/microexpnet),
 * finding each by its shape. Their layouts are ours: convolutions [row, column, input, output], dense layers
 * [inputs, units] with inputs flattened height, width, channel; the input is raw pixels 0..255.
 *
 * @param tensors the variables by name, as `readCheckpoint` gives them
 * @param networkName "microexpnet-2017", "microexpnet-2019" or a candidate such as "p1-XS". By default the
 * shapes decide; v and p1, and p2 and p12, have equal shapes, and of these v and p12 are taken.
 * @throws CheckpointError with one sentence when the variables and the network do not match.
 */
export function importAuthorsNetwork(
  tensors: ReadonlyMap<string, CheckpointTensor>,
  networkName?: string,
): Model {
  const candidate = findCandidate(tensors, networkName);
  const network = build(candidate);
  const { parameters } = analyze(network);
  const variableOf = assign(parameters, tensors, candidate.name);
  const weights = new Map<string, Float32Array>();
  for (const { name } of parameters) {
    const variable = variableOf.get(name)!;
    const { values } = tensors.get(variable)!;
    if (!values.every(Number.isFinite)) {
      throw new CheckpointError(`The checkpoint's variable "${variable}" has values that are not finite.`);
    }
    weights.set(name, values.slice());
  }
  return {
    network,
    labels: authorsLabels,
    weights,
    crop: { source: "whole-image" },
    calibration: { temperature: 1 },
    provenance: {
      source: "TensorFlow checkpoint of the authors",
      paper: "arXiv:1711.07011",
      variables: Object.fromEntries(variableOf),
    },
  };
}
