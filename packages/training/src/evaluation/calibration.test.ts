import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import {
  confidenceThreshold,
  expectedCalibrationError,
  fitTemperature,
  posteriorShares,
  reliabilityBins,
  softmax,
} from "./calibration.js";

/** Logits, and classes drawn from exactly the probabilities that their softmax at temperature 1 gives. */
function calibrated(seed: number, count: number, classes: number) {
  const random = createRandom(seed, "calibration test");
  const logits = Float32Array.from({ length: count * classes }, () => 2 * random.normal());
  const truth = Int32Array.from({ length: count }, (_, i) => {
    const weights = Array.from(logits.subarray(i * classes, (i + 1) * classes), Math.exp);
    let rest = random.next() * weights.reduce((a, b) => a + b);
    for (let c = 0; c < classes; c++) {
      rest -= weights[c];
      if (rest < 0) return c;
    }
    return classes - 1;
  });
  return { logits, truth };
}

function likelihoodLoss(logits: ArrayLike<number>, truth: ArrayLike<number>, classes: number, t: number) {
  let sum = 0;
  for (let i = 0; i < truth.length; i++) {
    let total = 0;
    for (let c = 0; c < classes; c++) {
      total += Math.exp((logits[i * classes + c] - logits[i * classes + truth[i]]) / t);
    }
    sum += Math.log(total);
  }
  return sum;
}

describe("softmax", () => {
  it("is the exponential share, and follows the temperature", () => {
    const expected = [1, Math.E, Math.E ** 2].map((value) => value / (1 + Math.E + Math.E ** 2));
    for (const [c, value] of softmax([0, 1, 2], 3).entries()) expect(value).toBeCloseTo(expected[c], 6);
    for (const [c, value] of softmax([0, 4, 8], 3, 4).entries()) expect(value).toBeCloseTo(expected[c], 6);
  });

  it("does not overflow", () => {
    expect([...softmax([10_000, 0, -10_000, -10_000], 2)]).toEqual([1, 0, 0.5, 0.5]);
  });

  it("refuses temperatures and logits without a result", () => {
    expect(() => softmax([0, 1], 2, 0)).toThrow("The temperature must be a number above 0, not 0.");
    expect(() => softmax([0, 1, Number.NaN, 1], 2)).toThrow("Row 1 of the logits");
    expect(() => softmax([Infinity, 1], 2)).toThrow("Row 0 of the logits");
  });
});

describe("confidenceThreshold", () => {
  it("is where nine of ten answers above are right, by counting", () => {
    const { logits, truth } = calibrated(5, 3000, 6);
    const probabilities = softmax(logits, 6);
    const threshold = confidenceThreshold(probabilities, truth, 6, 0.9);
    const rows = Array.from(truth, (label, i) => {
      const row = [...probabilities.subarray(6 * i, 6 * i + 6)];
      const top = Math.max(...row);
      return { top, right: row.indexOf(top) === label };
    });
    const rightAbove = (limit: number) => {
      const above = rows.filter(({ top }) => top >= limit);
      return above.filter(({ right }) => right).length / above.length;
    };
    expect(threshold).toBeGreaterThan(0.5);
    expect(threshold).toBeLessThan(0.9);
    expect(rightAbove(threshold)).toBeGreaterThanOrEqual(0.9);
    const next = Math.max(...rows.filter(({ top }) => top < threshold).map(({ top }) => top));
    expect(rightAbove(next)).toBeLessThan(0.9);
  });

  it("is 0-like where all answers are right and 1 where the surest are not", () => {
    const probabilities = Array.from({ length: 40 }, (_, i) => [0.6 + i / 400, 0.4 - i / 400]).flat();
    expect(confidenceThreshold(probabilities, new Uint8Array(40), 2, 0.9)).toBe(0.6);
    expect(confidenceThreshold(probabilities, new Uint8Array(40).fill(1), 2, 0.9)).toBe(1);
  });
});

describe("fitTemperature", () => {
  it.each([0.2, 1, 3, 500])("recovers a known temperature of %d", (temperature) => {
    const { logits, truth } = calibrated(1, 4000, 7);
    const scaled = logits.map((value) => value * temperature);
    expect(fitTemperature(scaled, truth, 7) / temperature).toBeCloseTo(1, 1);
  });

  it("scales with the logits", () => {
    const { logits, truth } = calibrated(2, 300, 5);
    const fitted = fitTemperature(Float64Array.from(logits), truth, 5);
    const scaled = fitTemperature(
      Float64Array.from(logits, (value) => value * 37),
      truth,
      5,
    );
    expect(scaled / fitted).toBeCloseTo(37, 6);
  });

  it("finds the lowest loss of a dense scan", () => {
    for (let seed = 0; seed < 5; seed++) {
      const { logits, truth } = calibrated(seed, 60, 4);
      const fitted = fitTemperature(logits, truth, 4);
      const loss = likelihoodLoss(logits, truth, 4, fitted);
      for (let t = 0.1; t < 10; t *= 1.05) {
        expect(loss).toBeLessThanOrEqual(likelihoodLoss(logits, truth, 4, t) + 1e-9);
      }
    }
  });

  it("leaves the temperature at 1 where no best one exists", () => {
    expect(fitTemperature(new Float32Array([3, 0, 0, 1]), [0, 1], 2)).toBe(1);
    expect(fitTemperature(new Float32Array([2, 2, 5, 5]), [0, 1], 2)).toBe(1);
  });

  it("softens to uniform what is worse than chance", () => {
    const logits = new Float32Array([3, 0, 0, 1]);
    for (const p of softmax(logits, 2, fitTemperature(logits, [1, 0], 2))) expect(p).toBeCloseTo(0.5, 2);
  });

  it("refuses what it cannot fit", () => {
    expect(() => fitTemperature(new Float32Array(0), [], 2)).toThrow("There are no images to evaluate.");
    expect(() => fitTemperature(new Float32Array(4), [0], 2)).toThrow("2 rows of logits do not match 1");
    expect(() => fitTemperature(new Float32Array([Number.NaN, 0]), [0], 2)).toThrow("not a finite number");
  });
});

describe("expected calibration error", () => {
  it("gives the figure worked out by hand", () => {
    // Two bins: (0, 0.5] holds the first image (right), (0.5, 1] holds 0.6 (wrong), 0.8 and 1 (right).
    const probabilities = [0.5, 0.5, 0.6, 0.4, 0.2, 0.8, 1, 0];
    const truth = [0, 1, 1, 0];
    const bins = reliabilityBins(probabilities, truth, 2, 2);
    expect(bins.map(({ low, high, count }) => [low, high, count])).toEqual([
      [0, 0.5, 1],
      [0.5, 1, 3],
    ]);
    expect(bins[0]).toMatchObject({ confidence: 0.5, accuracy: 1 });
    expect(bins[1].confidence).toBeCloseTo(0.8, 12);
    expect(bins[1].accuracy).toBeCloseTo(2 / 3, 12);
    const expected = 0.25 * 0.5 + 0.75 * (0.8 - 2 / 3);
    expect(expectedCalibrationError(probabilities, truth, 2, 2)).toBeCloseTo(expected, 12);
  });

  it("is small for probabilities that the classes were drawn from, and at the fitted temperature", () => {
    const { logits, truth } = calibrated(3, 20_000, 8);
    expect(expectedCalibrationError(softmax(logits, 8), truth, 8)).toBeLessThan(0.015);
    const sharp = logits.map((value) => value * 4);
    expect(expectedCalibrationError(softmax(sharp, 8), truth, 8)).toBeGreaterThan(0.1);
    const fitted = fitTemperature(sharp, truth, 8);
    expect(expectedCalibrationError(softmax(sharp, 8, fitted), truth, 8)).toBeLessThan(0.015);
  });

  it("is the gap of a classifier that is always 95 % sure and right in 70 % of the images", () => {
    const random = createRandom(4, "over-confident");
    const count = 20_000;
    const probabilities = Float32Array.from({ length: count * 2 }, (_, i) => (i % 2 === 0 ? 0.95 : 0.05));
    const truth = Array.from({ length: count }, () => (random.next() < 0.7 ? 0 : 1));
    expect(expectedCalibrationError(probabilities, truth, 2)).toBeCloseTo(0.25, 2);
  });

  it("refuses values that are no probabilities", () => {
    expect(() => expectedCalibrationError([3, -2], [0], 2)).toThrow("holds 3, which does not lie in 0..1");
    expect(() => expectedCalibrationError([0.5, 0.5], [2], 2)).toThrow("The true class of image 0 is 2");
    expect(() => reliabilityBins([0.5, 0.5], [0], 2, 0)).toThrow("number of bins");
  });
});

describe("posteriorShares", () => {
  it("are the mean probabilities, with every class and without any one of them", () => {
    const { logits } = calibrated(5, 40, 4);
    const probabilities = softmax(logits, 4);
    const { prior, runnersUp } = posteriorShares(probabilities, 4);
    const mean = (share: (row: Float32Array) => number) =>
      Array.from({ length: 40 }, (_, i) => share(probabilities.subarray(4 * i, 4 * i + 4))).reduce(
        (a, b) => a + b / 40,
        0,
      );
    for (let k = 0; k < 4; k++) {
      expect(prior[k]).toBeCloseTo(
        mean((row) => row[k]),
        6,
      );
      for (let i = 0; i < 4; i++) {
        const without = mean((row) => (k === i ? 0 : row[k] / (1 - row[i])));
        expect(k === i ? runnersUp[i][k] : prior[k] + runnersUp[i][k]).toBeCloseTo(without, 5);
      }
    }
  });

  it("leave a class that is certain where it is", () => {
    expect(posteriorShares(Float32Array.of(1, 0, 0, 1), 2)).toEqual({
      prior: [0.5, 0.5],
      runnersUp: [
        [0, 0],
        [0, 0],
      ],
    });
  });

  it("need images", () => {
    expect(() => posteriorShares(new Float32Array(0), 3)).toThrow("Without images no class has a share.");
  });
});
