import { initialize, layoutParameters, namedParameters } from "@microexpnet/training";
import { createNetwork, type Model, type Network, reference } from "microexpnet/internal";
import { describe, expect, it } from "vitest";
import { readOnnx, runOnnx } from "../../test/onnx.js";
import { exportOnnx } from "./export-onnx.js";

/** Weights and statistics that are all different, so that nothing mixed up goes unseen. */
function modelOf(network: Network, labels: number): Model {
  const layout = layoutParameters(network);
  const { weights, statistics } = initialize(network, layout, 3);
  const named = namedParameters(layout, weights, statistics);
  let state = 5;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (const [name, values] of named) {
    if (!name.endsWith(".weight")) values.forEach((_, i) => (values[i] = 0.2 + next()));
  }
  return {
    network,
    labels: Array.from({ length: labels }, (_, i) => `class ${i}`),
    weights: named,
    crop: { source: "whole-image" },
    calibration: { temperature: 1.25 },
    provenance: { note: "été" },
  };
}

/** Every kind of layer on a map of odd sides and three channels, with names that the graph uses itself. */
const everyKind: Network = {
  name: "every-kind",
  input: { height: 13, width: 11, channels: 3, scale: 1 / 64, offset: -2 },
  layers: [
    { kind: "batchNormalization", name: "pixels" },
    { kind: "convolution", name: "first", filters: 12, kernel: 3, stride: 2, bias: false },
    { kind: "batchNormalization", name: "first-norm", activation: "relu" },
    { kind: "convolution", name: "depthwise", filters: 12, kernel: 3, groups: 12 },
    { kind: "convolution", name: "grouped", filters: 24, kernel: 2, groups: 3, padding: "valid" },
    { kind: "convolution", name: "narrow", filters: 12, kernel: 1, stride: 2, activation: "relu" },
    { kind: "maxPool", name: "pool", size: 2 },
    { kind: "add", name: "sum", other: "pool", activation: "relu" },
    { kind: "globalAveragePool", name: "squeeze" },
    { kind: "dense", name: "gates", units: 12 },
    { kind: "gate", name: "gated", other: "sum" },
    { kind: "dense", name: "hidden", units: 10, activation: "relu" },
    { kind: "batchNormalization", name: "hidden-norm" },
    { kind: "dropout", name: "dropout", rate: 0.5 },
    { kind: "convolution", name: "on-vector", filters: 10, kernel: 1 },
    { kind: "add", name: "mixed", other: "hidden-norm" },
    { kind: "globalAveragePool", name: "average" },
    { kind: "dense", name: "logits", units: 5, bias: false },
  ],
};

/** Ends in a map, whose values are the scores in the order height, width, channel. */
const endsInMap: Network = {
  name: "ends-in-map",
  input: { height: 4, width: 6, channels: 1, scale: 1, offset: 0 },
  layers: [{ kind: "convolution", name: "only", filters: 3, kernel: 3, stride: 2 }],
};

describe("an exported network", () => {
  it.each([
    [everyKind, 5],
    [endsInMap, 18],
    [createNetwork("microexpnet-2019", 8), 8],
  ])("%o gives the same scores to another reader", (network, labels) => {
    const model = modelOf(network, labels);
    const { height, width, channels } = network.input;
    const pixels = Uint8Array.from({ length: height * width * channels }, (_, i) => (i * 97 + 13) % 256);
    const expected = reference.run(network, model.weights, pixels, 1);
    const onnx = readOnnx(exportOnnx(model));
    const area = height * width;
    const planes = Float64Array.from(pixels, (_, i) => pixels[(i % area) * channels + Math.floor(i / area)]);
    const logits = runOnnx(onnx, planes);
    const size = Math.max(...expected.map(Math.abs));
    expect(logits.length).toBe(labels);
    for (const [i, value] of logits.entries()) {
      expect(Math.abs(value - expected[i])).toBeLessThan(1e-5 * size);
    }
    expect(onnx.inputs).toEqual([{ name: "pixels", shape: ["batch", channels, height, width] }]);
    expect(onnx.outputs).toEqual([{ name: "logits", shape: ["batch", labels] }]);
  });

  it("carries labels, crop, calibration and preprocessing as JSON", () => {
    const model = modelOf(createNetwork("microexpnet-2019", 8), 8);
    const { metadata, operatorSet } = readOnnx(exportOnnx(model));
    const json = (key: string) => JSON.parse(metadata.get(key) ?? "null");
    expect(json("labels")).toEqual(model.labels);
    expect(json("crop")).toEqual(model.crop);
    expect(json("calibration")).toEqual({ temperature: 1.25 });
    expect(json("provenance")).toEqual({ note: "été" });
    expect(json("preprocessing")).toMatchObject({ height: 84, scale: 1 / 127.5, offset: -1 });
    expect(operatorSet).toBe(17);
  });

  it("folds what it can: no normalisation is left behind a convolution", () => {
    const operators = readOnnx(exportOnnx(modelOf(createNetwork("teacher-small"), 8))).nodes.map(
      ({ operator }) => operator,
    );
    expect(operators).not.toContain("BatchNormalization");
    expect(operators.filter((operator) => operator === "Conv").length).toBe(6);
  });
});
