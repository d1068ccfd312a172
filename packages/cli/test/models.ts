import { initialize, layoutParameters, namedParameters } from "@microexpnet/training";
import { createNetwork, type Model, writeModelFile } from "microexpnet/internal";
import { put } from "./pictures.js";

/** A model with random weights and the given labels. */
export function randomModel(labels: readonly string[], seed = 1): Model {
  const network = createNetwork("microexpnet-2019", labels.length);
  const layout = layoutParameters(network);
  const { weights, statistics } = initialize(network, layout, seed);
  return {
    network,
    labels,
    weights: namedParameters(layout, weights, statistics),
    crop: { source: "whole-image" },
    calibration: { temperature: 1 },
    provenance: {},
  };
}

/**
 * A model that answers by a picture's mean brightness alone, and always the same for black: label 0 for dark
 * pictures and label 1 for bright ones. All weights are positive and equal, so what it says can be foreseen.
 */
export function brightnessModel(labels: readonly string[]): Model {
  const model = randomModel(labels);
  const weights = new Map<string, Float32Array>();
  for (const [name, values] of model.weights) {
    const isWeight = name.endsWith(".weight");
    weights.set(name, new Float32Array(values.length).fill(isWeight ? 2 / Math.sqrt(values.length) : 0));
  }
  const last = model.network.layers[model.network.layers.length - 1].name;
  weights.get(`${last}.weight`)!.forEach((_, i, all) => {
    all[i] = i % labels.length === 1 ? 1 : 0;
  });
  // Black gives this score to class 0 and none to the others; bright pictures give class 1 a larger one.
  weights.get(`${last}.bias`)![0] = 1e-3;
  return { ...model, network: { ...model.network, input: { ...model.network.input, offset: 0 } }, weights };
}

export const putModel = (path: string, model: Model): Promise<string> => put(path, writeModelFile(model));
