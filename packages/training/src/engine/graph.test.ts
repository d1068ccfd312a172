import { type Network, reference } from "microexpnet/internal";
import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { TrainingGraph } from "./graph.js";
import { initialize, namedParameters } from "./parameters.js";

/** A small network with every kind of layer and a residual connection; one channel count is odd. */
const network: Network = {
  name: "everything",
  input: { height: 9, width: 8, channels: 1, scale: 1 / 100, offset: -1 },
  layers: [
    { kind: "convolution", name: "first", filters: 6, kernel: 3, stride: 2, bias: false },
    { kind: "batchNormalization", name: "normalized", activation: "relu" },
    { kind: "convolution", name: "depthwise", filters: 6, kernel: 3, groups: 6 },
    { kind: "convolution", name: "grouped", filters: 6, kernel: 3, groups: 2, activation: "relu" },
    { kind: "add", name: "sum", other: "normalized", activation: "relu" },
    { kind: "globalAveragePool", name: "squeeze" },
    { kind: "dense", name: "gates", units: 6 },
    { kind: "gate", name: "gated", other: "sum" },
    { kind: "add", name: "gated-or-not", other: "sum" },
    { kind: "maxPool", name: "pool", size: 2 },
    { kind: "convolution", name: "pointwise", filters: 7, kernel: 1, activation: "relu" },
    { kind: "globalAveragePool", name: "average" },
    { kind: "dense", name: "hidden", units: 5, activation: "relu", input: "pool" },
    { kind: "dense", name: "scores", units: 7 },
    { kind: "add", name: "both", other: "average" },
    { kind: "dropout", name: "dropped", rate: 0.3 },
  ],
};

/** Convolutions that run with fewer products, on maps with odd edges, one of them with two gradients to add. */
const inPlanes: Network = {
  name: "in planes",
  input: { height: 18, width: 13, channels: 1, scale: 1 / 100, offset: -1 },
  layers: [
    { kind: "convolution", name: "wide", filters: 4, kernel: 8, stride: 2, activation: "relu" },
    { kind: "convolution", name: "threes", filters: 4, kernel: 3, bias: false },
    { kind: "batchNormalization", name: "normalized" },
    { kind: "add", name: "sum", other: "wide", activation: "relu" },
    { kind: "convolution", name: "strided", filters: 8, kernel: 4, stride: 2, activation: "relu" },
    { kind: "dense", name: "scores", units: 7 },
  ],
};

const n = 5;
const noDropout = { seed: 1, step: 0, shard: 0 };

const withoutDropout: Network = { ...network, layers: network.layers.slice(0, -1) };

function prepared(used = network) {
  const graph = new TrainingGraph(used, n);
  const random = createRandom("graph test");
  const { weights } = initialize(used, graph.layout, 3);
  // No value stays at the corner that zero biases and unit scales are.
  graph.weights.set(weights.map((value) => value + 0.1 * random.normal()));
  for (let i = 0; i < graph.pixels.length; i++) graph.pixels[i] = random.integer(256);
  const direction = Float32Array.from({ length: n * 7 }, () => random.normal());
  return { graph, direction };
}

describe("a training graph", () => {
  it("has gradients that agree with finite differences, for every parameter", () => {
    for (const used of [withoutDropout, network, inPlanes]) {
      const { graph, direction } = prepared(used);
      const loss = () => graph.forward(n, noDropout).reduce((sum, value, i) => sum + value * direction[i], 0);
      loss();
      graph.logitGradient.set(direction);
      graph.backward(n);
      const gradient = graph.gradient.slice();
      const largest = gradient.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      let checked = 0;
      for (let i = 0; i < gradient.length; i++) {
        const value = graph.weights[i];
        const slopes = [1e-3, 3e-3].map((step) => {
          graph.weights[i] = value + step;
          const up = loss();
          graph.weights[i] = value - step;
          const down = loss();
          graph.weights[i] = value;
          return (up - down) / (2 * step);
        });
        // Where two step sizes disagree a ReLU or a pool has switched in between: no derivative to compare.
        if (Math.abs(slopes[0] - slopes[1]) > 0.004 * largest) continue;
        checked++;
        expect(Math.abs(slopes[0] - gradient[i]) / largest, `parameter ${i}`).toBeLessThan(0.02);
      }
      expect(checked).toBeGreaterThan(0.8 * gradient.length);
    }
  });

  it("runs forward as the readable reference does, given the batch's own statistics", () => {
    for (const used of [withoutDropout, inPlanes]) {
      const { graph } = prepared(used);
      const logits = graph.forward(n, noDropout).slice();
      const named = namedParameters(graph.layout, graph.weights, graph.statistics);
      const expected = reference.run(used, named, graph.pixels, n);
      for (let i = 0; i < logits.length; i++) expect(logits[i]).toBeCloseTo(expected[i], 3);
    }
  });

  it("gives the same bits when told that the weights are the same, also after a backward run", () => {
    const { graph, direction } = prepared(inPlanes);
    const logits = graph.forward(n, noDropout).slice();
    graph.logitGradient.set(direction);
    graph.backward(n);
    const gradient = graph.gradient.slice();
    expect(graph.forward(n, noDropout, true)).toEqual(logits);
    graph.logitGradient.set(direction);
    graph.backward(n);
    expect(graph.gradient).toEqual(gradient);
  });

  it("names the first layer that is not finite", () => {
    const { graph } = prepared();
    const hidden = graph.layout.weights.find((p) => p.name === "hidden.weight")!;
    graph.weights[hidden.offset] = Number.NaN;
    graph.forward(n, noDropout);
    expect(graph.firstNonFiniteLayer(n)).toBe("hidden");
  });
});
