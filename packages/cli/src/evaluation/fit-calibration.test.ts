import type { Dataset } from "@microexpnet/training";
import { expect, it } from "vitest";
import { priorOf } from "./fit-calibration.js";

const images: Dataset = {
  name: "drawn",
  labels: ["calm", "glad", "rare"],
  count: 4,
  size: 1,
  pixels: new Uint8Array(4),
  classes: Uint8Array.of(0, 0, 1, 2),
  votes: Float32Array.of(...[0.5, 0, 0.5], ...[0.75, 0.25, 0], ...[0.25, 0.75, 0], ...[0, 0, 1]),
};

it("gives the shares and runners-up in a model's own order of classes", () => {
  expect(priorOf(images)).toEqual({
    prior: [0.5, 0.25, 0.25],
    runnersUp: [
      [0, 0.25, 0.25],
      [0.25, 0, 0],
      [0, 0, 0],
    ],
  });
  // The model's rare, calm, glad are the data's classes 2, 0, 1.
  expect(priorOf(images, [2, 0, 1])).toEqual({
    prior: [0.25, 0.5, 0.25],
    runnersUp: [
      [0, 0, 0],
      [0.25, 0, 0.25],
      [0, 0.25, 0],
    ],
  });
});

it("gives the shares alone without votes, and nothing where a class never occurs", () => {
  const { votes: _, ...labelled } = images;
  expect(priorOf(labelled)).toEqual({ prior: [0.5, 0.25, 0.25] });
  expect(priorOf({ ...images, classes: Uint8Array.of(0, 0, 0, 2) })).toEqual({});
});
