import { expect, it } from "vitest";
import { accuracyByAgreement } from "./agreement.js";

const images = {
  count: 5,
  labels: ["calm", "glad"],
  classes: Uint8Array.of(0, 0, 1, 1, 0),
  votes: Float32Array.of(...[0.5, 0.5], ...[0.7, 0.3], ...[0, 1], ...[0.05, 0.95], ...[0.6, 0.4]),
};

it("counts right answers by the share of annotators who said an image's class", () => {
  expect(accuracyByAgreement(images, (image) => image < 3)).toEqual([
    { from: 0, to: 0.5, count: 1, accuracy: 1 },
    // Seven tenths in float32 are still seven tenths.
    { from: 0.5, to: 0.7, count: 2, accuracy: 1 / 2 },
    { from: 0.7, to: 0.9, count: 0, accuracy: 0 },
    { from: 0.9, to: 1, count: 2, accuracy: 1 / 2 },
  ]);
});

it("says nothing about images without votes", () => {
  expect(accuracyByAgreement({ ...images, votes: undefined }, () => true)).toBeUndefined();
});
