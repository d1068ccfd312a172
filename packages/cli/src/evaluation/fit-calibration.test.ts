import { expect, it } from "vitest";
import { priorOf } from "./fit-calibration.js";

const labels = ["calm", "glad", "rare"];
/** Logits whose softmax at a temperature of 2 is this. */
const logits = Float32Array.from([0.5, 0.25, 0.25, 0.75, 0.125, 0.125], (p) => 2 * Math.log(p));

it("gives the mean probabilities at the temperature, and those without each class", () => {
  const { prior, runnersUp } = priorOf(logits, 2, { labels, classes: Uint8Array.of(0, 1, 2) });
  expect(prior!.map((share) => +share.toFixed(6))).toEqual([0.625, 0.1875, 0.1875]);
  expect(runnersUp![0]).toEqual([0, 0.3125, 0.3125]);
});

it("gives nothing where a class never occurs", () => {
  expect(priorOf(logits, 2, { labels, classes: Uint8Array.of(0, 0, 2) })).toEqual({});
});

it("gives nothing where a model has collapsed and never expects a class", () => {
  const collapsed = Float32Array.of(900, 0, 0, 900, 0, 0, 900, 0, 0);
  expect(priorOf(collapsed, 1, { labels, classes: Uint8Array.of(0, 1, 2) })).toEqual({});
});
