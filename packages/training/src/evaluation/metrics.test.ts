import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { accuracy, argMax, classMetrics, confusionMatrix, macroF1 } from "./metrics.js";

describe("a worked example", () => {
  const truth = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2];
  const predicted = [0, 0, 1, 2, 1, 1, 0, 2, 2, 2];
  const confusion = confusionMatrix(truth, predicted, 3);

  it("counts true classes by row and predicted ones by column", () => {
    expect(confusion).toEqual([
      [2, 1, 1],
      [1, 2, 0],
      [0, 0, 3],
    ]);
  });

  it("gives the figures worked out by hand", () => {
    expect(accuracy(confusion)).toBe(0.7);
    const [first, second, third] = classMetrics(confusion);
    expect(first).toEqual({ precision: 2 / 3, recall: 1 / 2, f1: 4 / 7, support: 4 });
    expect(second).toEqual({ precision: 2 / 3, recall: 2 / 3, f1: 2 / 3, support: 3 });
    expect(third).toEqual({ precision: 3 / 4, recall: 1, f1: 6 / 7, support: 3 });
    expect(macroF1(confusion)).toBeCloseTo((4 / 7 + 2 / 3 + 6 / 7) / 3, 12);
  });
});

it("agrees with counting image by image, from the definitions", () => {
  for (let seed = 0; seed < 30; seed++) {
    const random = createRandom(seed, "metrics test");
    const classes = 2 + random.integer(7);
    const count = 1 + random.integer(60);
    const truth = Array.from({ length: count }, () => random.integer(classes));
    const predicted = truth.map((c) => (random.next() < 0.6 ? c : random.integer(classes)));
    const images = truth.map((_, i) => i);
    const confusion = confusionMatrix(truth, predicted, classes);
    expect(accuracy(confusion)).toBeCloseTo(
      images.filter((i) => truth[i] === predicted[i]).length / count,
      12,
    );
    const scores: number[] = [];
    for (const [c, metrics] of classMetrics(confusion).entries()) {
      const hits = images.filter((i) => truth[i] === c && predicted[i] === c).length;
      const precision = hits / images.filter((i) => predicted[i] === c).length || 0;
      const recall = hits / images.filter((i) => truth[i] === c).length || 0;
      const f1 = (2 * precision * recall) / (precision + recall) || 0;
      expect(metrics.precision).toBeCloseTo(precision, 12);
      expect(metrics.recall).toBeCloseTo(recall, 12);
      expect(metrics.f1).toBeCloseTo(f1, 12);
      expect(metrics.support).toBe(images.filter((i) => truth[i] === c).length);
      if (truth.includes(c)) scores.push(f1);
    }
    expect(macroF1(confusion)).toBeCloseTo(scores.reduce((a, b) => a + b) / scores.length, 12);
  }
});

it("leaves a class without images out of the macro F1 and keeps its figures at 0", () => {
  const confusion = confusionMatrix([0, 0, 1], [0, 2, 1], 4);
  expect(macroF1(confusion)).toBeCloseTo((2 / 3 + 1) / 2, 12);
  expect(classMetrics(confusion)[2]).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
  expect(classMetrics(confusion)[3]).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
});

it("takes the first of equal scores", () => {
  expect([...argMax([1, 3, 3, -2, -1, -1, 0, 0, 0, -Infinity, -Infinity, -5], 3)]).toEqual([1, 1, 0, 2]);
});

it("refuses what does not fit, in a sentence", () => {
  expect(() => argMax([1, 2, 3], 2)).toThrow("3 values cannot be split into rows of 2 classes.");
  expect(() => argMax([1, 2, Number.NaN, 2], 2)).toThrow("Row 1 of the scores holds a NaN.");
  expect(() => confusionMatrix([0, 1], [0], 2)).toThrow("2 true classes do not match 1 predicted ones.");
  expect(() => confusionMatrix([0, 2], [0, 1], 2)).toThrow("The true class of image 1 is 2");
  expect(() => confusionMatrix([0, 1], [0, -1], 2)).toThrow("The predicted class of image 1 is -1");
});
