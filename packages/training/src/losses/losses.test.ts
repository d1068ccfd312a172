import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { crossEntropy } from "./cross-entropy.js";
import {
  type DistillationKind,
  type DistillationOptions,
  distillationDefaults,
  distillationLoss,
  distillationPresets,
} from "./distillation.js";
import { LossError } from "./loss-error.js";

const softmax = (values: readonly number[], temperature = 1) => {
  const largest = Math.max(...values);
  const exponentials = values.map((value) => Math.exp((value - largest) / temperature));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
};
const entropyOf = (p: readonly number[], q: readonly number[]) =>
  p.reduce((sum, value, i) => (value > 0 ? sum - value * Math.log(q[i]) : sum), 0);
const scoresOf = (values: readonly number[]) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return values.map((value) => (value - mean) / Math.sqrt(variance + 1e-4));
};

/** The formulas of one image in float64, one line each. */
function reference(
  logits: readonly number[],
  target: readonly number[],
  teachers: readonly (readonly number[])[],
  { kind, temperature: t, lambda }: DistillationOptions,
  weights?: readonly number[],
): number {
  const prepare = kind === "standardized" ? scoresOf : (values: readonly number[]) => values;
  const soft = teachers
    .map((teacher) => softmax(prepare(teacher), t))
    .reduce((a, b) => a.map((value, i) => value + b[i]))
    .map((value) => value / teachers.length);
  const hard = entropyOf(weights ? target.map((value, i) => value * weights[i]) : target, softmax(logits));
  const cross = entropyOf(soft, softmax(prepare(logits), t));
  if (kind === "paper") return (1 - lambda) * hard + lambda * cross;
  if (kind === "hinton") return (1 - lambda) * hard + lambda * t * t * cross;
  return (1 - lambda) * hard + lambda * t * t * (cross - entropyOf(soft, soft));
}

const n = 5;
const classes = 8;
const rows = (values: ArrayLike<number>) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: classes }, (_, c) => values[i * classes + c]));

function draw(name: string) {
  const random = createRandom(1, name);
  const logits = () => Float32Array.from({ length: n * classes }, () => 2 * random.normal());
  const distributions = Array.from({ length: n }, () =>
    softmax(Array.from({ length: classes }, () => 2 * random.normal())),
  );
  distributions[0] = [0, 0, 1, 0, 0, 0, 0, 0];
  return {
    logits: logits(),
    targets: Float32Array.from(distributions.flat()),
    teachers: [logits(), logits(), logits()],
    weights: Float32Array.from({ length: classes }, () => random.uniform(0.3, 3)),
  };
}

/** Derivatives of a function of the logits by central differences. */
function differences(logits: Float32Array, loss: (values: number[]) => number): number[] {
  const values = [...logits];
  return values.map((value, i) => {
    const step = 1e-5;
    values[i] = value + step;
    const above = loss(values);
    values[i] = value - step;
    const below = loss(values);
    values[i] = value;
    return (above - below) / (2 * step);
  });
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]) {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(actual[i] - value), `value ${i}`).toBeLessThan(1e-6 + 1e-5 * Math.abs(value));
  }
}

const allFinite = (values: Float32Array) => values.every(Number.isFinite);

describe("crossEntropy", () => {
  it.each([false, true])("equals the formula and its finite differences (class weights: %s)", (weighted) => {
    const { logits, targets, weights } = draw("cross-entropy");
    const used = weighted ? weights : undefined;
    const loss = (values: number[]) =>
      rows(values)
        .map((row, i) => {
          const target = rows(targets)[i].map((value, c) => value * (used ? used[c] : 1));
          return 0.25 * entropyOf(target, softmax(row));
        })
        .reduce((a, b) => a + b, 0);
    const gradient = new Float32Array(n * classes).fill(Number.NaN);
    expect(crossEntropy(logits, targets, n, classes, 0.25, gradient, used)).toBeCloseTo(loss([...logits]), 6);
    expectClose(gradient, differences(logits, loss));
  });

  it("is log(classes) for equal logits and stays finite for extreme ones", () => {
    const gradient = new Float32Array(8);
    const targets = Float32Array.of(0, 1, 0, 0, 0.5, 0.5, 0, 0);
    expect(crossEntropy(new Float32Array(8), targets, 2, 4, 1, gradient)).toBeCloseTo(2 * Math.log(4), 12);
    const extreme = Float32Array.of(1000, -1000, 1000, -1000, 1000, 1000, -1000, -1000);
    expect(crossEntropy(extreme, targets, 2, 4, 1, gradient)).toBeCloseTo(2000 + 2 * Math.log(2), 6);
    expect([...gradient]).toEqual([0.5, -1, 0.5, 0, 0, 0, 0, 0]);
  });

  it("refuses arrays that are too short", () => {
    const four = new Float32Array(4);
    expect(() => crossEntropy(four, four, 1, 5, 1, four)).toThrow(LossError);
    expect(() => crossEntropy(four, four, 1, 4, 1, four, new Float32Array(3))).toThrow("class weights");
  });
});

describe("distillationLoss", () => {
  const kinds: DistillationKind[] = ["paper", "hinton", "standardized"];
  it.each(
    kinds.flatMap((kind) => [
      { kind, temperature: 1, lambda: 0.3, count: 1, weighted: false },
      { kind, temperature: 2.5, lambda: 0.9, count: 3, weighted: true },
      { kind, temperature: 8, lambda: 1, count: 2, weighted: true },
      { kind, temperature: 4, lambda: 0, count: 1, weighted: false },
    ]),
  )("equals the formula and its finite differences: %o", ({ count, weighted, ...options }) => {
    const { logits, targets, teachers, weights } = draw(options.kind);
    const used = teachers.slice(0, count);
    const classWeights = weighted ? weights : undefined;
    const scale = 1 / 64;
    const loss = (values: number[]) =>
      rows(values)
        .map((row, i) =>
          reference(
            row,
            rows(targets)[i],
            used.map((teacher) => rows(teacher)[i]),
            options,
            classWeights && [...classWeights],
          ),
        )
        .reduce((sum, value) => sum + scale * value, 0);
    const gradient = new Float32Array(n * classes).fill(Number.NaN);
    expect(
      distillationLoss(logits, targets, used, n, classes, scale, gradient, options, classWeights),
    ).toBeCloseTo(loss([...logits]), 6);
    expectClose(gradient, differences(logits, loss));
  });

  it("keeps the soft gradient's size at every temperature with T squared, and loses it without", () => {
    const { logits, targets, teachers } = draw("temperature");
    const size = (kind: DistillationKind, temperature: number) => {
      const gradient = new Float32Array(n * classes);
      distillationLoss(logits, targets, teachers, n, classes, 1, gradient, { kind, temperature, lambda: 1 });
      return Math.hypot(...gradient);
    };
    expect(size("hinton", 40) / size("hinton", 20)).toBeGreaterThan(0.9);
    expect(size("hinton", 40) / size("hinton", 20)).toBeLessThan(1.1);
    expect(size("paper", 40) / size("paper", 20)).toBeLessThan(0.28);
  });

  it("does not see the size and offset of the teacher's logits once they are standardised", () => {
    const { logits, targets, teachers } = draw("offset");
    const run = (teacher: Float32Array, kind: DistillationKind) => {
      const options = { ...distillationDefaults, kind };
      return distillationLoss(logits, targets, [teacher], n, classes, 1, new Float32Array(40), options);
    };
    const moved = teachers[0].map((value) => 5 * value + 30);
    expect(run(moved, "standardized")).toBeCloseTo(run(teachers[0], "standardized"), 3);
    expect(Math.abs(run(moved, "hinton") - run(teachers[0], "hinton"))).toBeGreaterThan(0.1);
    const gradient = new Float32Array(40);
    const own = logits.map((value) => 3 * value - 2);
    const options: DistillationOptions = { kind: "standardized", temperature: 1, lambda: 1 };
    expect(distillationLoss(logits, targets, [own], n, classes, 1, gradient, options)).toBeLessThan(1e-6);
    expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-3);
  });

  it.each(kinds)("stays finite for extreme and for equal logits (%s)", (kind) => {
    const extreme = Float32Array.from({ length: classes }, (_, c) => (c % 2 === 0 ? 1000 : -1000));
    const equal = new Float32Array(classes).fill(7);
    const targets = Float32Array.of(0, 1, 0, 0, 0, 0, 0, 0);
    for (const logits of [extreme, extreme.map((value) => -value), equal]) {
      for (const teacher of [extreme, equal]) {
        for (const temperature of [0.5, 1, 20]) {
          const gradient = new Float32Array(classes);
          const options = { kind, temperature, lambda: 0.5 };
          const loss = distillationLoss(logits, targets, [teacher], 1, classes, 1, gradient, options);
          expect(Number.isFinite(loss)).toBe(true);
          expect(allFinite(gradient)).toBe(true);
          expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(2000);
        }
      }
    }
  });

  it("works with more classes than its scratch was made for", () => {
    const logits = Float32Array.from({ length: 100 }, (_, c) => Math.sin(c));
    const targets = new Float32Array(100);
    targets[3] = 1;
    const gradient = new Float32Array(100);
    const loss = distillationLoss(logits, targets, [logits], 1, 100, 1, gradient, distillationDefaults);
    expect(loss).toBeCloseTo(reference([...logits], [...targets], [[...logits]], distillationDefaults), 6);
  });

  it("refuses options outside their range", () => {
    const four = new Float32Array(4);
    const run = (options: object, teachers = [four]) =>
      distillationLoss(four, four, teachers, 1, 4, 1, new Float32Array(4), {
        ...distillationPresets.paper,
        ...options,
      });
    expect(() => run({ temperature: 0 })).toThrow(LossError);
    expect(() => run({ temperature: Number.NaN })).toThrow("temperature");
    expect(() => run({ lambda: 1.1 })).toThrow("lambda");
    expect(() => run({ kind: "other" })).toThrow("must be one of paper, hinton, standardized");
    expect(() => run({}, [])).toThrow("at least one teacher");
    expect(() => run({}, [new Float32Array(3)])).toThrow("A teacher's logits must hold at least 4 values");
  });
});
