import { analyze, type Model, type Network } from "microexpnet/internal";
import { matchLabels } from "./data/labels.js";
import type { WeightedNetwork } from "./trainer/job.js";

/** Thrown when a model's classes cannot be brought into a data set's order. */
export class AlignmentError extends Error {
  override name = "AlignmentError";
}

/**
 * A model with its class scores in the order of other labels, matched by meaning; scores of classes that are
 * not among them are dropped.
 *
 * @throws AlignmentError where the model lacks one of the labels or does not end in a dense layer
 */
export function alignLabels(model: Model, labels: readonly string[]): WeightedNetwork {
  const { toModel, missingInModel } = matchLabels(model.labels, labels);
  if (missingInModel.length > 0) {
    throw new AlignmentError(
      `The model "${model.network.name}" does not know the class ${missingInModel.join(", ")} of the data.`,
    );
  }
  const { network } = model;
  const last = network.layers[network.layers.length - 1];
  if (last.kind !== "dense") {
    throw new AlignmentError(`The model "${network.name}" does not end in a dense layer.`);
  }
  const aligned: Network = {
    ...network,
    layers: [...network.layers.slice(0, -1), { ...last, units: labels.length }],
  };
  const weights = new Map(model.weights);
  for (const { name, layer } of analyze(network).parameters) {
    if (layer !== last.name) continue;
    const values = model.weights.get(name)!;
    const rows = values.length / model.labels.length;
    const chosen = new Float32Array(rows * labels.length);
    for (let row = 0; row < rows; row++) {
      for (const [to, from] of toModel.entries()) {
        chosen[row * labels.length + to] = values[row * model.labels.length + from];
      }
    }
    weights.set(name, chosen);
  }
  return { network: aligned, weights };
}
