import { describe, expect, it } from "vitest";
import { IntegerConvolution } from "./integer-convolution.js";
import { integerConvolution, quantiseMap } from "./integer-reference.js";
import { activationLimit, byteScale, quantiseWeights, weightLimit } from "./integer-scales.js";
import type { InferenceKernels, IntegerKernels, PairKernels } from "./kernel-exports.js";
import { Arena, instantiate } from "./memory.js";
import { planPairs, sumScale } from "./pair-plan.js";
import { inferenceKernels } from "./program.js";
import { convolution, maxPool } from "./reference.js";
import { type ConvolutionShape, windowGeometry } from "./shapes.js";

/** A linear congruential generator: the shapes and values never change. */
let state = 7;
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const integer = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
const pick = <T>(choices: readonly T[]) => choices[integer(0, choices.length - 1)];
const draw = (length: number) => Float32Array.from({ length }, () => next() * 2 - 1);

function randomShape(): ConvolutionShape {
  for (;;) {
    const kind = pick(["plain", "pairs", "pairs", "pairs", "threes", "threes", "grouped", "dense"]);
    const groups = kind === "grouped" ? integer(2, 4) : 1;
    const stride = kind === "dense" || kind === "threes" ? 1 : integer(1, 4);
    const side = kind === "dense" ? 1 : integer(1, 19);
    const shape: ConvolutionShape = {
      height: side,
      width: kind === "dense" ? 1 : integer(1, 19),
      channels: kind === "threes" ? 8 * integer(1, 4) : groups * integer(1, kind === "dense" ? 300 : 9),
      filters: groups * integer(1, 37),
      kernel: { dense: 1, pairs: stride * pick([2, 2, 4]), threes: 3 }[kind as string] ?? integer(1, 6),
      stride,
      padding: pick(["same", "valid"] as const),
      groups,
    };
    const { rows, columns } = windowGeometry(shape, shape.kernel);
    if (rows > 0 && columns > 0) return shape;
  }
}

const papers: ConvolutionShape[] = [
  { height: 84, width: 84, channels: 1, filters: 16, kernel: 8, stride: 2, padding: "same", groups: 1 },
  { height: 84, width: 84, channels: 1, filters: 16, kernel: 8, stride: 4, padding: "same", groups: 1 },
  { height: 21, width: 21, channels: 16, filters: 32, kernel: 4, stride: 2, padding: "same", groups: 1 },
];

const ours: ConvolutionShape[] = [
  { height: 12, width: 12, channels: 16, filters: 32, kernel: 3, stride: 1, padding: "same", groups: 1 },
  { height: 7, width: 9, channels: 48, filters: 20, kernel: 3, stride: 1, padding: "valid", groups: 1 },
];

/** The limit of activations and the weights that the kernels must take for this shape. */
function quantised(shape: ConvolutionShape, weights: Float32Array, bytesLimit?: number) {
  const pairs = planPairs(shape);
  const scale = pairs ? sumScale(pairs) : 1;
  const limit = bytesLimit ?? activationLimit((shape.kernel ** 2 * shape.channels) / shape.groups, scale);
  return { limit, integers: quantiseWeights(weights, shape.filters, limit, scale), scale };
}

/** Runs the kernels on one map; with `pool`, the 2 x 2 pool too. */
function runKernels(
  shape: ConvolutionShape,
  x: Float32Array | Uint8Array,
  weights: Float32Array,
  bias: Float32Array | undefined,
  relu: boolean,
  pool: boolean,
): Float32Array {
  const { rows, columns } = windowGeometry(shape, shape.kernel);
  const bytes = x instanceof Uint8Array ? byteScale(1 / 127.5, -1) : undefined;
  const arena = new Arena();
  const input = arena.floats(x.length);
  const plan = new IntegerConvolution(shape, arena, { pool, bytes });
  const count = (pool ? Math.ceil(rows / 2) * Math.ceil(columns / 2) : rows * columns) * shape.filters;
  const output = arena.floats(count + 4);
  const instance = instantiate<InferenceKernels & IntegerKernels & PairKernels>(
    inferenceKernels(),
    arena.finish(),
  );
  // What is not written, and what is written past the end, both show.
  instance.floats(output, count + 4).fill(Number.NaN);
  plan.setWeights(instance.memory.buffer, weights, bias);
  let unit: number;
  // Twice, so that nothing left over from the first run is seen in the second.
  for (let i = 0; i < 2; i++) {
    if (x instanceof Uint8Array) {
      instance.bytes(input, x.length).set(x);
      unit = plan.readBytes(instance.kernels, input, bytes!);
    } else {
      instance.floats(input, x.length).set(x);
      unit = plan.readFloats(instance.kernels, input);
    }
    plan.forward(instance.kernels, unit, output, relu);
  }
  expect([...instance.floats(output + count * 4, 4)]).toEqual([NaN, NaN, NaN, NaN]);
  return instance.floats(output, count).slice();
}

const pooled = (shape: ConvolutionShape, y: Float32Array): Float32Array => {
  const { rows, columns } = windowGeometry(shape, shape.kernel);
  const map = { height: rows, width: columns, channels: shape.filters };
  return maxPool({ ...map, size: 2, stride: 2, padding: "same" }, 1, y);
};

describe("the integer kernels give the reference's bits", () => {
  it("for random shapes, from floats", () => {
    const sides = { 0: 0, 3: 0, 4: 0 };
    for (const shape of [...papers, ...ours, ...Array.from({ length: 300 }, randomShape)]) {
      const depth = (shape.kernel ** 2 * shape.channels) / shape.groups;
      const x = draw(shape.height * shape.width * shape.channels).map((v) => v * 40);
      const weights = draw(depth * shape.filters);
      const bias = pick([undefined, draw(shape.filters)]);
      const relu = pick([true, false]);
      const { limit, integers } = quantised(shape, weights);
      const expected = integerConvolution(shape, quantiseMap(x, limit), integers, bias, relu);
      expect(runKernels(shape, x, weights, bias, relu, false), JSON.stringify(shape)).toEqual(expected);
      const withPool = runKernels(shape, x, weights, bias, relu, true);
      expect(withPool, `pooled ${JSON.stringify(shape)}`).toEqual(pooled(shape, expected));
      sides[planPairs(shape)?.side ?? 0]++;
    }
    for (const count of Object.values(sides)) expect(count).toBeGreaterThan(30);
  });

  it("for the paper's first layers, from bytes used as they are", () => {
    const { multiplier, zero, unit, limit } = byteScale(1 / 127.5, -1)!;
    expect({ multiplier, zero, limit }).toEqual({ multiplier: 2, zero: 255, limit: 255 });
    for (const shape of papers.slice(0, 2)) {
      const x = Uint8Array.from({ length: 84 * 84 }, () => next() * 256);
      const weights = draw(64 * 16);
      const bias = draw(16);
      const values = Int32Array.from(x, (byte) => byte * 2 - 255);
      const { integers } = quantised(shape, weights, limit);
      const expected = integerConvolution(shape, { values, unit }, integers, bias, true);
      expect(runKernels(shape, x, weights, bias, true, false)).toEqual(expected);
      expect(runKernels(shape, x, weights, bias, true, true)).toEqual(pooled(shape, expected));
    }
  });

  it("at the extremes, where every product pulls the sum the same way", () => {
    const deep = { height: 1, width: 1, channels: 4000, filters: 5, kernel: 1, stride: 1 } as const;
    const shapes = [...papers, ...ours, { ...deep, padding: "same", groups: 1 } as const];
    for (const shape of shapes) {
      const depth = shape.kernel ** 2 * shape.channels;
      for (const pattern of ["same sign", "alternating", "one large", "two channels"]) {
        const sign = (i: number) => (pattern === "alternating" && i % 2 === 1 ? -1 : 1);
        // Rows and columns alternate too, so that differences of neighbours reach four times the limit.
        const x = Float32Array.from({ length: shape.height * shape.width * shape.channels }, (_, i) => {
          const pixel = Math.floor(i / shape.channels);
          return 1e30 * sign(Math.floor(pixel / shape.width) + (pixel % shape.width));
        });
        const weights = Float32Array.from({ length: depth * shape.filters }, (_, i) => {
          const tap = Math.floor(i / shape.filters / shape.channels);
          const channel = Math.floor(i / shape.filters) % shape.channels;
          // Few weights are as large as they may be, many only as their sum allows.
          if (pattern === "one large" && i >= shape.filters) return 0;
          if (pattern === "two channels" && channel > 1) return 0;
          return 1e-30 * sign(Math.floor(tap / shape.kernel) + (tap % shape.kernel));
        });
        const { limit, integers, scale } = quantised(shape, weights);
        // The reference throws where a sum does not fit into 32 bits.
        const expected = integerConvolution(shape, quantiseMap(x, limit), integers, undefined, false, scale);
        expect(runKernels(shape, x, weights, undefined, false, false)).toEqual(expected);
      }
    }
  });
});

describe("the integer path's scales", () => {
  it("keep every possible sum below 2^31 and waste less than a bit of it", () => {
    for (const [depth, spread, scale] of [
      [1, 1, 1],
      [64, 3, 1],
      [256, 0.1, 1],
      [1152, 5, 1],
      [50000, 1, 1],
      [144, 3, 4],
      [576, 0.1, 4],
      [1728, 5, 4],
    ] as const) {
      const limit = activationLimit(depth, scale);
      const weights = draw(depth * 3).map((v) => Math.sign(v) * Math.abs(v) ** spread);
      const { values, units } = quantiseWeights(weights, 3, limit, scale);
      for (let filter = 0; filter < 3; filter++) {
        const magnitudes = Array.from({ length: depth }, (_, i) => Math.abs(values[i * 3 + filter]));
        const sum = magnitudes.reduce((a, b) => a + b, 0) * limit * scale;
        const largest = Math.max(...magnitudes);
        expect(sum).toBeLessThan(2 ** 31);
        expect(largest).toBeLessThanOrEqual(weightLimit(scale));
        expect(sum > 2 ** 30 || largest > weightLimit(scale) / 2).toBe(true);
        expect(units[filter]).toBeGreaterThan(0);
      }
    }
  });

  it("cost less than a thousandth of the largest output", () => {
    for (const shape of [...papers, ...ours]) {
      const x = draw(shape.height * shape.width * shape.channels).map((v) => Math.max(v, 0));
      const weights = draw(shape.kernel ** 2 * shape.channels * shape.filters);
      const exact = convolution(shape, 1, x, weights);
      const actual = runKernels(shape, x, weights, undefined, false, false);
      const size = exact.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      const error = exact.reduce((a, b, i) => Math.max(a, Math.abs(b - actual[i])), 0);
      expect(error / size).toBeLessThan(1e-3);
    }
  });

  it("take empty and faint maps for zeros, and weights of zero", () => {
    const shape = { ...papers[2], height: 5, width: 5 };
    const bias = draw(32);
    const weights = draw(16 * 16 * 32);
    for (const value of [0, 1e-45]) {
      const y = runKernels(shape, new Float32Array(5 * 5 * 16).fill(value), weights, bias, false, false);
      expect([...y.subarray(0, 32)]).toEqual([...bias]);
    }
    const y = runKernels(shape, draw(5 * 5 * 16), new Float32Array(weights.length), bias, false, false);
    expect([...y.subarray(0, 32)]).toEqual([...bias]);
  });

  it("find whole numbers for the inputs of our networks, and refuse what has none", () => {
    expect(byteScale(1, 0)).toEqual({ multiplier: 1, zero: 0, unit: 1, limit: 255 });
    expect(byteScale(1 / 64, -2)).toEqual({ multiplier: 1, zero: 128, unit: 1 / 64, limit: 128 });
    expect(byteScale(1 / 255, -0.3333)).toMatchObject({ multiplier: 16 });
    expect(byteScale(0, 1)).toBeUndefined();
    expect(byteScale(1e-3, 100)).toBeUndefined();
  });
});
