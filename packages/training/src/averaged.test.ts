import { createNetwork, type Model, Program } from "microexpnet/internal";
import { describe, expect, it } from "vitest";
import { averageModels } from "./averaged.js";
import { initialize, layoutParameters, namedParameters } from "./engine/parameters.js";

const labels = ["a", "b", "c", "d", "e", "f", "g", "h"];

function model(name: string, seed: number): Model {
  const network = createNetwork(name, labels.length);
  const layout = layoutParameters(network);
  const { weights, statistics } = initialize(network, layout, seed);
  return {
    network,
    labels,
    weights: namedParameters(layout, weights, statistics),
    crop: { source: "whole-image" },
    calibration: { temperature: 1 },
    provenance: { seed, teachers: ["t"], ...(seed === 3 && { epochs: 9 }) },
  };
}

const logitsOf = ({ network, weights }: Model, pixels: Uint8Array) => [
  ...new Program(network, (name) => weights.get(name)!, 1).run(pixels, 1),
];

describe("averageModels", () => {
  it("takes the mean of every weight, and remembers where each came from", () => {
    const models = [1, 2, 3].map((seed) => model("p2-XXS", seed));
    const mean = averageModels(models);
    expect(mean.provenance).toEqual({
      teachers: ["t"],
      averaged: [{ seed: 1 }, { seed: 2 }, { seed: 3, epochs: 9 }],
    });
    expect([...mean.weights.keys()]).toEqual([...models[0].weights.keys()]);
    for (const [name, values] of mean.weights) {
      const [a, b, c] = models.map(({ weights }) => weights.get(name)!);
      for (const [i, value] of values.entries()) expect(value).toBe(Math.fround((a[i] + b[i] + c[i]) / 3));
    }
  });

  it("answers as the models do that lie at either side", () => {
    const middle = model("p2-XXS", 4);
    const [up, down] = [1, -1].map((side) => {
      const weights = new Map(middle.weights);
      const last = [...weights.keys()].at(-1)!;
      weights.set(
        last,
        weights.get(last)!.map((value, i) => value + (side * ((i % 5) + 1)) / 64),
      );
      return { ...middle, weights };
    });
    const { height, width } = middle.network.input;
    const pixels = Uint8Array.from({ length: height * width }, (_, i) => (i * 37) % 256);
    const expected = logitsOf(middle, pixels);
    for (const [c, value] of logitsOf(averageModels([up, down]), pixels).entries()) {
      expect(value).toBeCloseTo(expected[c], 4);
    }
    expect(logitsOf(up, pixels)).not.toEqual(expected);
  });

  it("refuses other networks, other labels and nothing at all", () => {
    const first = model("p2-XXS", 1);
    expect(() => averageModels([first, model("p2-XS", 1)])).toThrow(/one network/);
    expect(() => averageModels([first, { ...first, labels: labels.toReversed() }])).toThrow(/same labels/);
    expect(() => averageModels([])).toThrow("no model");
  });
});
