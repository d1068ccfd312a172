import { describe, expect, it } from "vitest";
import { createClassifier } from "./classifier.js";
import { Program } from "./engine/program.js";
import { run } from "./engine/reference.js";
import type { Model } from "./model-file.js";
import { analyze, type Network } from "./network.js";
import { createNetwork } from "./networks/index.js";

let state = 11;
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

function modelOf(network: Network): Model {
  const { parameters, outputShape } = analyze(network);
  const weights = parameters.map(({ name, shape, length, role }) => {
    const limit = Math.sqrt((6 * shape[shape.length - 1]) / length);
    const draw = role === "weight" ? () => (next() * 2 - 1) * limit : () => 0.5 + next();
    return [name, Float32Array.from({ length }, draw)] as const;
  });
  return {
    network,
    labels: Array.from({ length: outputShape.reduce((a, b) => a * b) }, (_, i) => `class ${i}`),
    weights: new Map(weights),
    crop: { source: "whole-image" },
    calibration: { temperature: 1 },
    provenance: {},
  };
}

/** Every kind of layer; pools that can be fused, and pools that cannot since another layer reads along. */
const everyKind: Network = {
  name: "every-kind",
  input: { height: 29, width: 23, channels: 3, scale: 1 / 64, offset: -2 },
  layers: [
    { kind: "convolution", name: "expand", filters: 12, kernel: 4, stride: 2, bias: false },
    { kind: "batchNormalization", name: "expand-norm", activation: "relu" },
    { kind: "convolution", name: "depthwise", filters: 12, kernel: 3, groups: 12 },
    { kind: "convolution", name: "grouped", filters: 12, kernel: 3, groups: 3, activation: "relu" },
    { kind: "add", name: "sum", other: "expand-norm", activation: "relu" },
    { kind: "convolution", name: "even", filters: 10, kernel: 2, activation: "relu" },
    { kind: "maxPool", name: "fused", size: 2 },
    { kind: "convolution", name: "read-twice", filters: 10, kernel: 2 },
    { kind: "maxPool", name: "not-fused", size: 2 },
    { kind: "convolution", name: "beside", filters: 10, kernel: 1, stride: 2, input: "read-twice" },
    { kind: "add", name: "second-sum", other: "not-fused" },
    { kind: "globalAveragePool", name: "squeeze" },
    { kind: "dense", name: "gates", units: 10 },
    { kind: "gate", name: "gated", other: "second-sum" },
    { kind: "batchNormalization", name: "norm" },
    { kind: "dropout", name: "dropout", rate: 0.2 },
    { kind: "convolution", name: "valid", filters: 8, kernel: 2, padding: "valid" },
    { kind: "maxPool", name: "valid-pool", size: 2, padding: "valid" },
    { kind: "globalAveragePool", name: "average" },
    { kind: "dense", name: "scores", units: 7 },
  ],
};

const networks = [
  everyKind,
  createNetwork("microexpnet-2019"),
  createNetwork("microexpnet-2017"),
  createNetwork("teacher-small"),
];

describe.each(networks)("$name in 16-bit integers", (network) => {
  const model = modelOf(network);
  const { height, width, channels } = network.input;
  const length = height * width * channels;
  const pixels = Uint8Array.from({ length: 5 * length }, () => next() * 256);
  const integers = createClassifier(model, { precision: "int16", batch: 2 });

  it("gives the reference's scores to half a percent of the largest, from one image or several", () => {
    const expected = run(network, model.weights, pixels, 5);
    const size = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const scores = integers.logits(pixels);
    for (const [i, value] of scores.entries()) {
      expect(Math.abs(value - expected[i])).toBeLessThan(5e-3 * size);
    }
    const outputs = model.labels.length;
    for (let i = 0; i < 5; i++) {
      // Each image has scales of its own, so its neighbours change nothing.
      const alone = integers.logits(pixels.subarray(i * length, (i + 1) * length));
      expect(alone).toEqual(scores.slice(i * outputs, (i + 1) * outputs));
    }
  });

  it("which in float32 are those to the rounding", () => {
    const expected = run(network, model.weights, pixels, 5);
    const size = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const scores = createClassifier(model, { precision: "float32", batch: 2 }).logits(pixels);
    for (const [i, value] of scores.entries())
      expect(Math.abs(value - expected[i])).toBeLessThan(1e-5 * size);
  });

  it("takes numbers for the nearest bytes", () => {
    const one = pixels.subarray(0, length);
    const near = Array.from(one, (byte, i) => byte + (i % 2 ? 0.4 : -0.4));
    expect(integers.logits(near)).toEqual(integers.logits(one));
    expect(integers.logits(Float64Array.from(one))).toEqual(integers.logits(one));
  });
});

it("a classifier is in float32 unless asked, and auto says what it took", () => {
  const model = modelOf(createNetwork("microexpnet-2019"));
  const pixels = new Uint8Array(84 * 84).fill(77);
  expect(createClassifier(model).precision).toBe("float32");
  const chosen = createClassifier(model, { precision: "auto" });
  expect(["float32", "int16"]).toContain(chosen.precision);
  const same = createClassifier(model, { precision: chosen.precision });
  expect(chosen.logits(pixels)).toEqual(same.logits(pixels));
});

it("an integer program takes no more memory for maps that it never writes", () => {
  const model = modelOf(createNetwork("microexpnet-2019"));
  const bytes = (precision: "float32" | "int16") =>
    new Program(model.network, (name) => model.weights.get(name)!, 1, { precision }).memoryBytes;
  expect(bytes("int16")).toBeLessThanOrEqual(bytes("float32"));
});
