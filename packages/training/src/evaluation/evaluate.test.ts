import { expect, it } from "vitest";
import { evaluateLogits } from "./evaluate.js";

const input = {
  logits: new Float32Array([2, 0, 0, 0, 1, 0, 3, 0, 1, 0, 0, 4]),
  truth: [0, 1, 2, 2],
  labels: ["calm", "glad", "sad"],
};

it("gathers the figures of a worked example", () => {
  const evaluation = evaluateLogits(input);
  expect(evaluation.count).toBe(4);
  expect(evaluation.accuracy).toBe(0.75);
  expect(evaluation.confusion).toEqual([
    [1, 0, 0],
    [0, 1, 0],
    [1, 0, 1],
  ]);
  expect(evaluation.macroF1).toBeCloseTo((2 / 3 + 1 + 2 / 3) / 3, 12);
  expect(evaluation.perClass[2]).toEqual({ label: "sad", precision: 1, recall: 0.5, f1: 2 / 3, support: 2 });
  // Every image lies alone in its bin, so the error is the mean distance of top probability to 1 or 0.
  const top = [2, 1].map((v) => Math.exp(v) / (Math.exp(v) + 2));
  const wrong = Math.exp(3) / (Math.exp(3) + 1 + Math.E);
  const last = Math.exp(4) / (Math.exp(4) + 2);
  expect(evaluation.ece).toBeCloseTo((1 - top[0] + 1 - top[1] + wrong + 1 - last) / 4, 6);
  expect(evaluation.reliability.reduce((sum, bin) => sum + bin.count, 0)).toBe(4);
});

it("survives JSON unchanged", () => {
  const evaluation = evaluateLogits({ ...input, temperature: 2.5 });
  expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
});

it("lets the temperature change the calibration and nothing else", () => {
  const { ece, reliability, ...rest } = evaluateLogits(input);
  const { ece: softer, reliability: bins, ...others } = evaluateLogits({ ...input, temperature: 3 });
  expect(others).toEqual(rest);
  expect(softer).not.toBeCloseTo(ece, 3);
  expect(bins).not.toEqual(reliability);
});

it("refuses an empty set and logits of other labels", () => {
  expect(() => evaluateLogits({ ...input, logits: [], truth: [] })).toThrow("no images");
  expect(() => evaluateLogits({ ...input, labels: ["calm", "glad"] })).toThrow("6 rows");
});
