import { describe, expect, it } from "vitest";
import { learningRateAt, ScheduleError, type ScheduleKind, type ScheduleOptions } from "./schedules.js";

const course = (options: ScheduleOptions, total: number) =>
  Array.from({ length: total }, (_, step) => learningRateAt(options, step, total));

describe("learningRateAt", () => {
  it("stays constant", () => {
    expect(course({ kind: "constant", learningRate: 0.3 }, 4)).toEqual([0.3, 0.3, 0.3, 0.3]);
  });

  it("rises in a line to the peak", () => {
    const rates = course({ kind: "constant", learningRate: 1, warmupShare: 0.4 }, 10);
    expect(rates).toEqual([0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]);
  });

  it("falls in steps at shares of the run", () => {
    const rates = course({ kind: "step", learningRate: 1, milestones: [0.2, 0.6], factor: 0.5 }, 10);
    expect(rates).toEqual([1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25]);
    expect(learningRateAt({ kind: "step", learningRate: 1 }, 99, 100)).toBeCloseTo(0.01, 12);
  });

  it("falls along half a cosine", () => {
    const options: ScheduleOptions = { kind: "cosine", learningRate: 2 };
    expect(learningRateAt(options, 0, 100)).toBe(2);
    expect(learningRateAt(options, 25, 100)).toBeCloseTo(1 + Math.SQRT1_2, 12);
    expect(learningRateAt(options, 50, 100)).toBeCloseTo(1, 12);
    expect(learningRateAt(options, 100, 100)).toBeCloseTo(0, 12);
    expect(learningRateAt({ ...options, finalShare: 0.1 }, 100, 100)).toBeCloseTo(0.2, 12);
    // After a warm-up the whole half cosine is run through in what is left.
    const warm = { ...options, warmupShare: 0.2 };
    expect(learningRateAt(warm, 19, 100)).toBe(2);
    expect(learningRateAt(warm, 20, 100)).toBe(2);
    expect(learningRateAt(warm, 60, 100)).toBeCloseTo(1, 12);
  });

  it("goes up and down once", () => {
    const options: ScheduleOptions = { kind: "one-cycle", learningRate: 1 };
    const rates = course(options, 1000);
    expect(rates[0]).toBeCloseTo(0.04, 12);
    expect(rates[150]).toBeCloseTo(0.52, 12);
    expect(rates.indexOf(Math.max(...rates))).toBe(300);
    expect(rates[300]).toBe(1);
    expect(rates[999]).toBeLessThan(2e-4);
    for (let step = 1; step < 1000; step++) {
      if (step <= 300) expect(rates[step]).toBeGreaterThan(rates[step - 1]);
      else expect(rates[step]).toBeLessThan(rates[step - 1]);
    }
  });

  it.each(["constant", "step", "cosine", "one-cycle"] as ScheduleKind[])(
    "stays above 0 and at most at the peak in runs of any length (%s)",
    (kind) => {
      for (const total of [1, 2, 3, 7, 100]) {
        for (const warmupShare of [undefined, 0, 0.1, 0.5, 1]) {
          const rates = course({ kind, learningRate: 0.7, warmupShare }, total);
          for (const rate of rates) {
            expect(rate).toBeGreaterThan(0);
            expect(rate).toBeLessThanOrEqual(0.7);
          }
        }
      }
    },
  );

  it("refuses options outside their range", () => {
    expect(() => learningRateAt({ kind: "cosine", learningRate: 0 }, 0, 1)).toThrow(ScheduleError);
    expect(() => learningRateAt({ kind: "cosine", learningRate: 1, warmupShare: 2 }, 0, 1)).toThrow(
      "warm-up",
    );
    expect(() => learningRateAt({ kind: "step", learningRate: 1, milestones: [-1] }, 0, 1)).toThrow(
      "milestone",
    );
    expect(() => learningRateAt({ kind: "cosine", learningRate: 1 }, 0, 0)).toThrow("at least 1 step");
    expect(() => learningRateAt({ kind: "other" as "step", learningRate: 1 }, 0, 1)).toThrow(
      "must be one of",
    );
  });
});
