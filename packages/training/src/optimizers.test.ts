import { describe, expect, it } from "vitest";
import {
  clipGradient,
  createOptimizer,
  OptimizerError,
  type OptimizerOptions,
  updateAverage,
} from "./optimizers.js";
import { createRandom } from "./random.js";

const count = 50;
const decays = Uint8Array.from({ length: count }, (_, i) => (i % 3 === 0 ? 0 : 1));

function gradients(step: number): Float32Array {
  const random = createRandom(2, "gradient", step);
  return Float32Array.from({ length: count }, () => random.normal());
}

const start = () => {
  const random = createRandom(3, "weights");
  return Float32Array.from({ length: count }, () => random.normal());
};

/** The published formulas for one weight, in float64. */
function reference(options: OptimizerOptions, rates: readonly number[]): number[] {
  const { kind, momentum = 0.9, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  return Array.from(start(), (initial, i) => {
    let weight = initial;
    let velocity = 0;
    let mean = 0;
    let square = 0;
    for (const [k, rate] of rates.entries()) {
      let g = gradients(k)[i];
      const decay = decays[i] ? weightDecay : 0;
      if (kind !== "adamw") g += decay * weight;
      if (kind === "sgd") {
        velocity = momentum * velocity + g;
        weight -= rate * (options.nesterov ? g + momentum * velocity : velocity);
      } else {
        if (kind === "adamw") weight *= 1 - rate * decay;
        mean = beta1 * mean + (1 - beta1) * g;
        square = beta2 * square + (1 - beta2) * g * g;
        const meanHat = mean / (1 - beta1 ** (k + 1));
        const squareHat = square / (1 - beta2 ** (k + 1));
        weight -= (rate * meanHat) / (Math.sqrt(squareHat) + epsilon);
      }
    }
    return weight;
  });
}

const cases: OptimizerOptions[] = [
  { kind: "sgd", momentum: 0 },
  { kind: "sgd", momentum: 0.8, weightDecay: 0.1 },
  { kind: "sgd", nesterov: true, weightDecay: 0.01 },
  { kind: "adam" },
  { kind: "adam", beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.3 },
  { kind: "adamw", weightDecay: 0.3 },
];
const rates = [0.1, 0.05, 0.2, 0.1, 0.01, 0.1, 0.03];

describe("createOptimizer", () => {
  it.each(cases)("follows the published formulas: %o", (options) => {
    const optimizer = createOptimizer(options, count);
    const weights = start();
    for (const [k, rate] of rates.entries()) optimizer.step(weights, gradients(k), rate, decays);
    expect(optimizer.steps).toBe(rates.length);
    for (const [i, value] of reference(options, rates).entries()) expect(weights[i]).toBeCloseTo(value, 5);
  });

  it.each(cases)("goes on bit for bit from its saved state: %o", (options) => {
    const whole = createOptimizer(options, count);
    const weights = start();
    const half = start();
    const first = createOptimizer(options, count);
    for (const [k, rate] of rates.entries()) whole.step(weights, gradients(k), rate, decays);
    for (let k = 0; k < 3; k++) first.step(half, gradients(k), rates[k], decays);
    const second = createOptimizer(options, count);
    for (const [i, saved] of first.state.entries()) second.state[i].set(saved);
    second.steps = first.steps;
    for (let k = 3; k < rates.length; k++) second.step(half, gradients(k), rates[k], decays);
    expect(half).toEqual(weights);
  });

  it("leaves values that have no gradient and no decay as they are", () => {
    for (const options of cases) {
      const weights = start();
      createOptimizer(options, count).step(weights, new Float32Array(count), 0.1, new Uint8Array(count));
      expect(weights).toEqual(start());
    }
  });

  it("refuses options outside their range and arrays that do not fit", () => {
    expect(() => createOptimizer({ kind: "sgd", momentum: 1 }, 1)).toThrow(OptimizerError);
    expect(() => createOptimizer({ kind: "adam", beta2: Number.NaN }, 1)).toThrow("beta2");
    expect(() => createOptimizer({ kind: "adamw", weightDecay: -1 }, 1)).toThrow("weight decay");
    expect(() => createOptimizer({ kind: "other" as "sgd" }, 1)).toThrow("must be one of sgd, adam, adamw");
    const three = new Float32Array(3);
    const step = () =>
      createOptimizer({ kind: "sgd" }, 3).step(three, new Float32Array(2), 1, new Uint8Array(3));
    expect(step).toThrow("3 parameters, but was given 3 weights, 2 gradients and 3 decays");
  });
});

describe("clipGradient", () => {
  it("shortens a long gradient to the maximum and keeps its direction", () => {
    const gradient = Float32Array.of(3, 0, -4);
    expect(clipGradient(gradient, 1)).toBe(5);
    expect(gradient[0]).toBeCloseTo(0.6, 6);
    expect(gradient[1]).toBe(0);
    expect(gradient[2]).toBeCloseTo(-0.8, 6);
  });

  it("leaves short gradients and those that are not finite as they are", () => {
    const short = Float32Array.of(3, 4);
    expect(clipGradient(short, 5)).toBe(5);
    expect(clipGradient(short, Number.POSITIVE_INFINITY)).toBe(5);
    expect([...short]).toEqual([3, 4]);
    const infinite = Float32Array.of(1, Number.POSITIVE_INFINITY);
    expect(clipGradient(infinite, 1)).toBe(Number.POSITIVE_INFINITY);
    expect([...infinite]).toEqual([1, Number.POSITIVE_INFINITY]);
    expect(clipGradient(Float32Array.of(1, Number.NaN), 1)).toBeNaN();
    expect(clipGradient(Float32Array.of(3e38, 3e38), 1)).toBeCloseTo(Math.SQRT2 * 3e38, -33);
    expect(() => clipGradient(short, 0)).toThrow(OptimizerError);
  });
});

describe("updateAverage", () => {
  it("forgets the first weights at once and later moves by the decay", () => {
    const average = Float32Array.of(0);
    updateAverage(average, Float32Array.of(1), 0.99, 0);
    expect(average[0]).toBeCloseTo(0.9, 6);
    updateAverage(average, Float32Array.of(2), 0.99, 1);
    expect(average[0]).toBeCloseTo(0.9 + (9 / 11) * 1.1, 6);
    const late = Float32Array.of(1);
    updateAverage(late, Float32Array.of(2), 0.99, 1_000_000);
    expect(late[0]).toBeCloseTo(1.01, 6);
    updateAverage(late, Float32Array.of(5), 0, 10);
    expect(late[0]).toBe(5);
    expect(() => updateAverage(late, new Float32Array(2), 0.9, 0)).toThrow(OptimizerError);
  });
});
