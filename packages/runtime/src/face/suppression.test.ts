import { expect, it } from "vitest";
import type { Box } from "./picture.js";
import { suppress } from "./suppression.js";

const at = (box: Box, score: number) => ({ box, score });

it("merges what overlaps into the mean weighted by score", () => {
  const [face, ...others] = suppress([at([10, 0, 100, 100], 0.6), at([0, 0, 100, 100], 0.9)]);
  expect(others).toEqual([]);
  expect(face.score).toBe(0.9);
  expect(face.box[0]).toBeCloseTo((10 * 0.6 + 0 * 0.9) / 1.5, 10);
  expect(face.box.slice(1)).toEqual([0, 100, 100].map((value) => expect.closeTo(value, 10)));
});

it("keeps faces that stand apart, the surest first", () => {
  const faces = suppress([at([0, 0, 10, 10], 0.5), at([20, 0, 10, 10], 0.8), at([9, 9, 10, 10], 0.7)]);
  expect(faces.map(({ score }) => score)).toEqual([0.8, 0.7, 0.5]);
});

it("drops what lies within a surer face although it overlaps little, and merges nothing of it", () => {
  const faces = suppress([at([40, 40, 30, 30], 0.6), at([0, 0, 100, 100], 0.9)]);
  expect(faces).toEqual([at([0, 0, 100, 100].map((v) => expect.closeTo(v, 10)) as never, 0.9)]);
});
