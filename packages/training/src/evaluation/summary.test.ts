import { expect, it } from "vitest";
import { formatSummary, summarise, summariseSeeds } from "./summary.js";

it("gives the mean and the sample deviation", () => {
  // Squares about the mean 5: 9 1 1 1 0 0 4 16, in all 32, over 7.
  const summary = summarise([2, 4, 4, 4, 5, 5, 7, 9]);
  expect(summary).toEqual({ mean: 5, deviation: Math.sqrt(32 / 7), count: 8 });
});

it("knows no deviation of a single run", () => {
  expect(summarise([0.5])).toEqual({ mean: 0.5, deviation: null, count: 1 });
  expect(formatSummary(summarise([0.5]))).toBe("50.0");
});

it("keeps the seeds apart from the folds", () => {
  const { runs, seeds } = summariseSeeds([
    [0.2, 0.8],
    [0.3, 0.9],
  ]);
  expect(runs.mean).toBeCloseTo(0.55, 12);
  expect(runs.deviation).toBeCloseTo(Math.sqrt((0.35 ** 2 + 0.25 ** 2 + 0.25 ** 2 + 0.35 ** 2) / 3), 12);
  expect(seeds.mean).toBeCloseTo(0.55, 12);
  expect(seeds.deviation).toBeCloseTo(Math.sqrt(2 * 0.05 ** 2), 12);
  expect([runs.count, seeds.count]).toEqual([4, 2]);
});

it("formats per cent with one digit, or as asked", () => {
  expect(formatSummary({ mean: 0.8532, deviation: 0.0118, count: 3 })).toBe("85.3 ± 1.2");
  expect(formatSummary({ mean: 12.345, deviation: 0.5, count: 3 }, 1, 2)).toBe("12.35 ± 0.50");
});

it("refuses no runs and figures that cannot be averaged", () => {
  expect(() => summarise([])).toThrow("no runs");
  expect(() => summarise([1, Number.NaN])).toThrow("Run 1 has the figure NaN");
});
