import { describe, expect, it } from "vitest";
import { ClassifierError, createClassifier } from "./classifier.js";
import { analyze, type Network } from "./network.js";
import { type Reading, readingOffsets } from "./reading.js";

const labels = ["calm", "glad", "rare"];
/** The scores are the biases: ln 8, ln 1, ln 1 for every picture. */
const network: Network = {
  name: "constant",
  input: { height: 1, width: 1, channels: 1, scale: 1, offset: 0 },
  layers: [{ kind: "dense", name: "scores", units: 3 }],
};
const weights = new Map(
  analyze(network).parameters.map(({ name, length }) => [name, new Float32Array(length)]),
);
weights.get("scores.bias")!.set([2 * Math.log(8), 0, 0]);
const model = {
  network,
  labels,
  weights,
  crop: { source: "whole-image" as const },
  calibration: { temperature: 2, prior: [0.8, 0.15, 0.05] },
  provenance: {},
};
const classifier = createClassifier(model);
const read = (reading?: Reading) => [...classifier.probabilities([7], reading)];
/** Shares of their sum. */
const shares = (...values: number[]) => values.map((value) => value / values.reduce((a, b) => a + b));
const expectClose = (actual: number[], expected: number[]) => {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 6);
};

describe("a reading", () => {
  it("leaves probabilities as they are by default", () => {
    expectClose(read(), shares(8, 1, 1));
    expectClose(read({ prior: "training" }), shares(8, 1, 1));
  });

  it("answers among the classes asked for, which share the probability", () => {
    expectClose(read({ among: ["glad", "calm"] }), [8 / 9, 1 / 9, 0]);
    expectClose(read({ among: ["rare"] }), [0, 0, 1]);
  });

  it("divides by the prior where all classes are expected equally often, by Bayes' rule", () => {
    expectClose(read({ prior: "uniform" }), shares(8 / 0.8, 1 / 0.15, 1 / 0.05));
    expectClose(read({ prior: "uniform", among: ["calm", "glad"] }), [...shares(8 / 0.8, 1 / 0.15), 0]);
  });

  it("counts images of a class that may not be answered as what they would be called without it", () => {
    // Of ten images eight are calm, and without that answer five of them glad, two rare, and one nothing.
    const runnersUp = [
      [0, 0.5, 0.2],
      [0.1, 0, 0.05],
      [0.03, 0.02, 0],
    ];
    const known = createClassifier({ ...model, calibration: { ...model.calibration, runnersUp } });
    const of = (reading: Reading) => [...known.probabilities([7], reading)];
    expectClose(of({ prior: "uniform", among: ["glad", "rare"] }), [
      0,
      ...shares(1 / (0.15 + 0.5), 1 / (0.05 + 0.2)),
    ]);
    expectClose(of({ prior: "uniform", among: ["calm", "glad"] }), [
      ...shares(8 / (0.8 + 0.03), 1 / (0.15 + 0.02)),
      0,
    ]);
    // With every class to answer, or with the training's own shares, nothing changes.
    expectClose(of({ prior: "uniform" }), read({ prior: "uniform" }));
    expectClose(of({ among: ["glad", "rare"] }), read({ among: ["glad", "rare"] }));
  });

  it("is refused where it does not fit the model", () => {
    expect(() => read({ among: ["angry"] })).toThrow(ClassifierError);
    expect(() => read({ among: ["angry"] })).toThrow('labels among calm, glad, rare, not "angry"');
    expect(() => read({ among: [] })).toThrow("A reading needs labels among calm, glad, rare.");
    expect(() => readingOffsets({ labels, calibration: { temperature: 1 } }, { prior: "uniform" })).toThrow(
      "does not say how often",
    );
  });
});
