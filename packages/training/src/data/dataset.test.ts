import { expect, it } from "vitest";
import { classShares, type Dataset, runnerUpShares } from "./dataset.js";

const images = (votes?: number[][]): Dataset => ({
  name: "drawn",
  labels: ["calm", "glad", "rare"],
  count: 4,
  size: 1,
  pixels: new Uint8Array(4),
  classes: Uint8Array.of(0, 0, 0, 2),
  ...(votes && { votes: Float32Array.from(votes.flat()) }),
});

it("counts the shares of the classes", () => {
  expect(classShares(images())).toEqual([0.75, 0, 0.25]);
});

it("counts what images would be called without their class, ties in equal parts, the unanimous not at all", () => {
  const votes = [
    [1, 0, 0],
    [0.5, 0.25, 0.25],
    [0.5, 0.125, 0.375],
    [0.25, 0, 0.75],
  ];
  expect(runnerUpShares(images(votes))).toEqual([
    [0, 1 / 8, 1 / 8 + 1 / 4],
    [0, 0, 0],
    [1 / 4, 0, 0],
  ]);
});

it("cannot say what images without votes would be called", () => {
  expect(runnerUpShares(images())).toBeUndefined();
});
