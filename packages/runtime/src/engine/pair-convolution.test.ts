import { expect, it } from "vitest";
import type { InferenceKernels, PairKernels } from "./kernel-exports.js";
import { Arena, instantiate } from "./memory.js";
import { PairConvolution } from "./pair-convolution.js";
import { runsInPairs } from "./pair-plan.js";
import { inferenceKernels } from "./program.js";
import { convolution, maxPool } from "./reference.js";
import { hasRelaxedSimd } from "./relaxed-simd.js";
import { type ConvolutionShape, windowGeometry } from "./shapes.js";

let state = 5;
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const integer = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
const draw = (length: number) => Float32Array.from({ length }, () => next() * 2 - 1);

function randomShape(): ConvolutionShape {
  for (;;) {
    const threes = next() < 0.4;
    const stride = threes ? 1 : integer(1, 4);
    const shape: ConvolutionShape = {
      height: integer(2, 19),
      width: integer(2, 19),
      channels: threes ? 8 * integer(2, 4) : integer(1, 9),
      filters: integer(1, 37),
      kernel: threes ? 3 : stride * [2, 2, 4][integer(0, 2)],
      stride,
      padding: next() < 0.5 ? "same" : "valid",
      groups: 1,
    };
    const { rows, columns } = windowGeometry(shape, shape.kernel);
    if (rows > 0 && columns > 0 && runsInPairs(shape)) return shape;
  }
}

const forms = [
  { form: "plain multiply-adds", fused: false },
  { form: "fused multiply-adds", fused: true },
].filter(({ fused }) => !fused || hasRelaxedSimd());

it.each(forms)("with $form floats in pairs agree with the reference, pooled and not", ({ fused }) => {
  for (let i = 0; i < 200; i++) {
    const shape = randomShape();
    const { rows, columns } = windowGeometry(shape, shape.kernel);
    const x = draw(shape.height * shape.width * shape.channels);
    const weights = draw(shape.kernel ** 2 * shape.channels * shape.filters);
    const bias = next() < 0.5 ? undefined : draw(shape.filters);
    const relu = next() < 0.5;
    const plain = convolution(shape, 1, x, weights, bias, relu);
    const map = { height: rows, width: columns, channels: shape.filters };
    const half = maxPool({ ...map, size: 2, stride: 2, padding: "same" }, 1, plain);
    for (const pooled of [false, true]) {
      const expected = pooled ? half : plain;
      const arena = new Arena();
      const input = arena.floats(x.length);
      const plan = new PairConvolution(shape, arena, pooled);
      const output = arena.floats(expected.length + 4);
      const instance = instantiate<InferenceKernels & PairKernels>(inferenceKernels(fused), arena.finish());
      instance.floats(output, expected.length + 4).fill(Number.NaN);
      instance.floats(input, x.length).set(x);
      plan.setWeights(instance.memory.buffer, weights, bias);
      // Twice, so that nothing left over from the first run is seen in the second.
      for (let run = 0; run < 2; run++) plan.forward(instance.kernels, input, output, relu);
      const actual = instance.floats(output, expected.length);
      const size = plain.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
      const furthest = actual.reduce((a, b, at) => Math.max(a, Math.abs(b - expected[at])), 0);
      expect(furthest / size, JSON.stringify({ shape, pooled })).toBeLessThan(1e-5);
      expect([...instance.floats(output + expected.length * 4, 4)]).toEqual([NaN, NaN, NaN, NaN]);
    }
  }
});

it("is only for shapes whose kernel is an even number of strides, or 3 x 3", () => {
  const shape = { ...randomShape(), height: 20, width: 20, channels: 4, padding: "same" as const };
  expect(runsInPairs({ ...shape, kernel: 3, stride: 1, channels: 16 })).toBe(true);
  expect(runsInPairs({ ...shape, kernel: 3, stride: 1, channels: 20 })).toBe(false);
  expect(runsInPairs({ ...shape, kernel: 3, stride: 2, channels: 16 })).toBe(false);
  expect(runsInPairs({ ...shape, kernel: 8, stride: 2 })).toBe(true);
  expect(runsInPairs({ ...shape, kernel: 3, stride: 1 })).toBe(false);
  expect(runsInPairs({ ...shape, kernel: 6, stride: 2 })).toBe(false);
  expect(runsInPairs({ ...shape, kernel: 4, stride: 2, channels: 3 })).toBe(false);
  expect(runsInPairs({ ...shape, kernel: 4, stride: 2, groups: 4 })).toBe(false);
});
