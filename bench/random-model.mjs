import { analyze, createNetwork } from "../packages/runtime/dist/internal.js";

/**
 * A network of this name with seeded random weights that keep the maps' values near one (He et al. 2015); its
 * speed is that of a trained one.
 */
export function randomModel(name, seed = 1) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const network = createNetwork(name);
  const { parameters, outputShape } = analyze(network);
  const weights = new Map();
  for (const { name, shape, length, role } of parameters) {
    const limit = Math.sqrt((6 * shape[shape.length - 1]) / length);
    const draw = {
      weight: () => (next() * 2 - 1) * limit,
      bias: () => next() * 0.2 - 0.1,
      scale: () => 0.5 + next(),
      shift: () => next() - 0.5,
      mean: () => next() - 0.5,
      variance: () => 0.25 + next(),
    }[role];
    weights.set(name, Float32Array.from({ length }, draw));
  }
  return {
    network,
    labels: Array.from({ length: outputShape[2] }, (_, i) => `class ${i}`),
    weights,
    crop: { source: "whole-image" },
    calibration: { temperature: 1 },
    provenance: { seed },
  };
}
