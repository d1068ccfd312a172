import { describe, expect, it } from "vitest";
import { run } from "./engine/reference.js";
import { foldBatchNormalization, type WeightedNetwork } from "./fold.js";
import { analyze, type Layer, type Network } from "./network.js";

/** Values in [-1, 1) by a linear congruential generator, so that every run sees the same numbers. */
function createValues(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

function randomModel(layers: Layer[], seed = 1): WeightedNetwork {
  const network: Network = {
    name: "test",
    input: { height: 7, width: 6, channels: 2, scale: 1 / 127.5, offset: -1 },
    layers,
  };
  const next = createValues(seed);
  const weights = new Map<string, Float32Array>();
  for (const { name, length, role } of analyze(network).parameters) {
    weights.set(
      name,
      Float32Array.from({ length }, () => (role === "variance" ? 0.2 + Math.abs(next()) : next())),
    );
  }
  return { network, weights };
}

/** The folded model, after checking that it computes what the model computes. */
function folded(layers: Layer[]): WeightedNetwork {
  const model = randomModel(layers);
  const result = foldBatchNormalization(model);
  const next = createValues(9);
  const pixels = Array.from({ length: 2 * 7 * 6 * 2 }, () => 127.5 * (1 + next()));
  const expected = run(model.network, model.weights, pixels, 2);
  const actual = run(result.network, result.weights, pixels, 2);
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  expect(largest).toBeGreaterThan(0);
  expected.forEach((value, index) => {
    expect(Math.abs(actual[index] - value)).toBeLessThan(1e-5 * largest);
  });
  return result;
}

const kinds = (model: WeightedNetwork) => model.network.layers.map(({ kind }) => kind);
const convolution = (name: string, more = {}): Layer => ({
  kind: "convolution",
  name,
  filters: 4,
  kernel: 3,
  ...more,
});
const normalization = (name: string, more = {}): Layer => ({ kind: "batchNormalization", name, ...more });

describe("foldBatchNormalization", () => {
  it("computes (b - mean) * scale / sqrt(variance + epsilon) + shift by hand", () => {
    const network: Network = {
      name: "hand",
      input: { height: 1, width: 1, channels: 1, scale: 1, offset: 0 },
      layers: [
        { kind: "dense", name: "d", units: 1 },
        { kind: "batchNormalization", name: "n", epsilon: 0.25, activation: "relu" },
      ],
    };
    const values = { "d.weight": 6, "d.bias": 5, "n.scale": 3, "n.shift": 7, "n.mean": 1, "n.variance": 2 };
    const weights = new Map(Object.entries(values).map(([name, value]) => [name, Float32Array.of(value)]));
    const result = foldBatchNormalization({ network, weights });
    // scale / sqrt(variance + epsilon) = 3 / 1.5 = 2
    expect([...result.weights]).toEqual([
      ["d.weight", Float32Array.of(12)],
      ["d.bias", Float32Array.of(15)],
    ]);
    expect(result.network.layers).toEqual([
      { kind: "dense", name: "d", units: 1, bias: true, activation: "relu" },
    ]);
  });

  it("folds through a residual network with grouped, depthwise and dense layers, and drops dropout", () => {
    const result = folded([
      convolution("a", { bias: false }),
      normalization("an", { activation: "relu" }),
      convolution("b", { groups: 2, stride: 1 }),
      { kind: "dropout", name: "drop1", rate: 0.3 },
      normalization("bn"),
      { kind: "add", name: "sum", input: "bn", other: "an", activation: "relu" },
      convolution("c", { groups: 4, stride: 2, padding: "valid" }),
      normalization("cn", { epsilon: 0.1 }),
      { kind: "dense", name: "d", units: 5 },
      normalization("dn", { activation: "relu" }),
      { kind: "dropout", name: "drop2", rate: 0.5 },
      { kind: "dense", name: "e", units: 3 },
    ]);
    expect(kinds(result)).toEqual(["convolution", "convolution", "add", "convolution", "dense", "dense"]);
    expect(result.network.layers[2]).toMatchObject({ other: "a" });
  });

  it("folds two normalisations in a row, and one at the end of the network", () => {
    expect(kinds(folded([convolution("a"), normalization("n"), normalization("m")]))).toEqual([
      "convolution",
    ]);
  });

  it("leaves a normalisation whose layer has another reader or an activation, or that reads no layer", () => {
    const shared = folded([
      convolution("a"),
      normalization("n"),
      { kind: "add", name: "sum", input: "n", other: "a" },
    ]);
    expect(kinds(shared)).toEqual(["convolution", "batchNormalization", "add"]);
    const active = folded([convolution("a", { activation: "relu" }), normalization("n")]);
    expect(kinds(active)).toEqual(["convolution", "batchNormalization"]);
    const pooled = folded([
      normalization("first"),
      { kind: "maxPool", name: "pool", size: 2 },
      normalization("n"),
    ]);
    expect(kinds(pooled)).toEqual(["batchNormalization", "maxPool", "batchNormalization"]);
  });

  it("counts a reader behind a dropout", () => {
    const result = folded([
      convolution("a"),
      { kind: "dropout", name: "drop", rate: 0.5 },
      normalization("n", { input: "a" }),
      { kind: "add", name: "sum", input: "n", other: "drop" },
    ]);
    expect(kinds(result)).toEqual(["convolution", "batchNormalization", "add"]);
    expect(result.network.layers[2]).toMatchObject({ other: "a" });
  });

  it("keeps the network's output where the last layer goes or reads an earlier one", () => {
    const ends = folded([convolution("a"), { kind: "dropout", name: "drop", rate: 0.5 }]);
    expect(kinds(ends)).toEqual(["convolution"]);
    const skips = folded([
      convolution("a"),
      convolution("unused", { filters: 1 }),
      { kind: "dropout", name: "drop", input: "a", rate: 0.5 },
    ]);
    expect(kinds(skips)).toEqual(["convolution", "convolution", "dropout"]);
    const moved = folded([
      convolution("a"),
      convolution("unused", { filters: 1, input: "input" }),
      normalization("n", { input: "a" }),
    ]);
    expect(kinds(moved)).toEqual(["convolution", "convolution"]);
    expect(kinds(folded([{ kind: "dropout", name: "only", rate: 0.5 }]))).toEqual(["dropout"]);
  });

  it("lets a layer behind a removed dropout read the network's input", () => {
    const result = folded([
      { kind: "dropout", name: "drop", rate: 0.1 },
      convolution("a", { input: "drop", filters: 2 }),
      { kind: "add", name: "sum", other: "drop" },
    ]);
    expect(result.network.layers[1]).toMatchObject({ other: "input" });
  });

  it("leaves the model it was given as it was, and its other members with the result", () => {
    const model = { ...randomModel([convolution("a"), normalization("n")]), labels: ["x"] };
    const before = new Map([...model.weights].map(([name, values]) => [name, values.slice()]));
    const result = foldBatchNormalization(model);
    expect(model.weights).toEqual(before);
    expect(result.labels).toEqual(["x"]);
    expect([...result.weights.keys()]).toEqual(["a.weight", "a.bias"]);
  });

  it("does not fold what would leave float32", () => {
    const model = randomModel([convolution("a"), normalization("n", { epsilon: 1e-30 })]);
    model.weights.get("n.variance")!.fill(0);
    model.weights.get("n.scale")!.fill(1e30);
    expect(kinds(foldBatchNormalization(model))).toEqual(["convolution", "batchNormalization"]);
  });
});
