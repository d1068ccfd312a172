import { describe, expect, it } from "vitest";
import { trainingKernels } from "../training-kernels.js";
import { referenceOperations, wasmOperations } from "./operations.js";
import { runsInPlanes } from "./plane-plan.js";
import { inferenceKernels } from "./program.js";
import { hasRelaxedSimd } from "./relaxed-simd.js";
import { type ConvolutionShape, type PoolShape, windowGeometry } from "./shapes.js";

/** A small linear congruential generator: the shapes and values of the suite never change. */
function generator(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    integer: (low: number, high: number) => low + Math.floor(next() * (high - low + 1)),
    values: (length: number) => Float32Array.from({ length }, () => next() * 2 - 1),
    pick: <T>(choices: readonly T[]) => choices[Math.floor(next() * choices.length)],
  };
}

function randomConvolution(random: ReturnType<typeof generator>): ConvolutionShape {
  for (;;) {
    const kind = random.pick(["plain", "plain", "grouped", "depthwise", "pointwise", "dense"]);
    const kernel = kind === "pointwise" || kind === "dense" ? 1 : random.integer(1, 8);
    const groups = kind === "grouped" ? random.integer(2, 4) : 1;
    const channels = groups * random.integer(1, 20);
    const filters = groups * random.integer(1, 37);
    const shape: ConvolutionShape = {
      height: kind === "dense" ? 1 : random.integer(1, 13),
      width: kind === "dense" ? 1 : random.integer(1, 13),
      channels,
      filters: kind === "depthwise" ? channels : filters,
      kernel,
      stride: kind === "dense" ? 1 : random.integer(1, 5),
      padding: random.pick(["same", "valid"] as const),
      groups: kind === "depthwise" ? channels : groups,
    };
    const { rows, columns } = windowGeometry(shape, kernel);
    if (rows > 0 && columns > 0) return shape;
  }
}

function randomPool(random: ReturnType<typeof generator>): PoolShape {
  for (;;) {
    const shape: PoolShape = {
      height: random.integer(1, 12),
      width: random.integer(1, 12),
      channels: random.integer(1, 19),
      size: random.integer(1, 4),
      stride: random.integer(1, 4),
      padding: random.pick(["same", "valid"] as const),
    };
    const { rows, columns } = windowGeometry(shape, shape.size);
    if (rows > 0 && columns > 0) return shape;
  }
}

function expectClose(actual: Float32Array, expected: Float32Array, what: unknown) {
  expect(actual.length, JSON.stringify(what)).toBe(expected.length);
  const size = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(actual[i] - expected[i]) <= 2e-5 * size)) {
      expect.fail(`${JSON.stringify(what)}: value ${i} is ${actual[i]}, expected ${expected[i]}`);
    }
  }
}

const fixed: ConvolutionShape[] = [
  { height: 84, width: 84, channels: 1, filters: 16, kernel: 8, stride: 2, padding: "same", groups: 1 },
  { height: 21, width: 21, channels: 16, filters: 32, kernel: 4, stride: 2, padding: "same", groups: 1 },
  { height: 84, width: 84, channels: 1, filters: 16, kernel: 8, stride: 4, padding: "same", groups: 1 },
  { height: 12, width: 12, channels: 33, filters: 48, kernel: 3, stride: 1, padding: "same", groups: 1 },
  // The depthwise kernel has a way of its own for 3 x 3 at stride 1.
  { height: 6, width: 9, channels: 14, filters: 14, kernel: 3, stride: 1, padding: "same", groups: 14 },
  { height: 5, width: 1, channels: 8, filters: 8, kernel: 3, stride: 1, padding: "same", groups: 8 },
  { height: 7, width: 5, channels: 4, filters: 4, kernel: 3, stride: 1, padding: "valid", groups: 4 },
];

/** Shapes that run in planes, whose sizes leave odd edges, images together and images in several parts. */
function randomPlanes(random: ReturnType<typeof generator>): ConvolutionShape {
  for (;;) {
    const threes = random.pick([true, false]);
    const stride = threes ? 1 : random.integer(1, 4);
    const shape: ConvolutionShape = {
      height: random.integer(2, 25),
      width: random.integer(2, 25),
      channels: threes ? 4 * random.integer(1, 6) : random.integer(1, 9),
      filters: 4 * random.integer(1, 10),
      kernel: threes ? 3 : stride * random.pick([2, 2, 4]),
      stride,
      padding: random.pick(["same", "valid"] as const),
      groups: 1,
    };
    const { rows, columns } = windowGeometry(shape, shape.kernel);
    if (rows > 0 && columns > 0 && runsInPlanes(shape, false)) return shape;
  }
}

/** What the slow reference says, worked out once for all that are held against it. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

const convolutions = once(() => {
  const random = generator(7);
  const shapes = [
    ...fixed,
    ...Array.from({ length: 120 }, () => randomConvolution(random)),
    ...Array.from({ length: 60 }, () => randomPlanes(random)),
  ];
  return shapes.map((shape) => {
    const n = shape.height > 50 ? 1 : random.integer(1, 5);
    const { rows, columns } = windowGeometry(shape, shape.kernel);
    const x = random.values(n * shape.height * shape.width * shape.channels);
    const w = random.values((shape.kernel ** 2 * shape.channels * shape.filters) / shape.groups);
    const bias = random.pick([undefined, random.values(shape.filters)]);
    const dy = random.values(n * rows * columns * shape.filters);
    const relu = random.pick([true, false]);
    return {
      ...{ shape, n, x, w, bias, dy, relu },
      expected: once(() => referenceOperations.convolution(shape, n, x, w, bias, relu)),
      inputGradient: once(() => referenceOperations.convolutionInputGradient(shape, n, dy, w)),
      weightGradient: once(() => referenceOperations.convolutionWeightGradient(shape, n, x, dy)),
    };
  });
});

const forms = hasRelaxedSimd() ? ["plain", "fused"] : ["plain"];
if (forms.length === 1) {
  console.warn("The kernels with fused multiply-adds are not tested: there is no relaxed SIMD here.");
}
const inference = forms.map((form) =>
  wasmOperations(`inference, ${form}`, inferenceKernels(form === "fused")),
);
const training = forms.flatMap((form) => {
  const module = trainingKernels(form === "fused");
  return [
    wasmOperations(`training, ${form}`, module),
    wasmOperations(`training in planes, ${form}`, module, true),
  ];
});

/** Max pools of random shapes, each with values for its input and its output's gradient. */
function* pools() {
  const random = generator(11);
  for (let i = 0; i < 80; i++) {
    const shape = randomPool(random);
    const n = random.integer(1, 3);
    const { rows, columns } = windowGeometry(shape, shape.size);
    yield {
      shape,
      n,
      // Rounding makes ties common, as they are behind a ReLU.
      x: random.values(n * shape.height * shape.width * shape.channels).map((v) => Math.round(v * 2)),
      dy: random.values(n * rows * columns * shape.channels),
    };
  }
}

/** Maps of odd sizes. */
function* maps() {
  const random = generator(13);
  for (let i = 0; i < 40; i++) {
    const [pixels, channels, n] = [random.integer(1, 300), random.integer(1, 37), random.integer(1, 3)];
    yield { pixels, channels, n, x: random.values(n * pixels * channels), random };
  }
}

describe.each([...inference, ...training])("$name agrees with the reference", (operations) => {
  it("convolutions of random shapes", () => {
    for (const { shape, n, x, w, bias, relu, expected } of convolutions()) {
      expectClose(operations.convolution(shape, n, x, w, bias, relu), expected(), { shape, n, relu });
    }
  });

  it("max pooling of random shapes, with ties", () => {
    for (const { shape, n, x } of pools()) {
      expectClose(operations.maxPool(shape, n, x), referenceOperations.maxPool(shape, n, x), shape);
    }
  });

  it("global average pooling and addition of odd sizes", () => {
    for (const { pixels, channels, n, x, random } of maps()) {
      expectClose(
        operations.globalAveragePool(pixels, channels, n, x),
        referenceOperations.globalAveragePool(pixels, channels, n, x),
        { pixels, channels },
      );
      const other = random.values(x.length);
      expectClose(operations.add(x, other, true), referenceOperations.add(x, other, true), "add");
      const narrowChannels = random.integer(1, channels);
      const narrow = random.values(n * pixels * narrowChannels);
      const relu = random.pick([true, false]);
      expectClose(
        operations.addNarrow(narrow, narrowChannels, x, channels, relu),
        referenceOperations.addNarrow(narrow, narrowChannels, x, channels, relu),
        { pixels, narrowChannels, channels },
      );
    }
  });
});

describe.each(training)("$name agrees with the reference's gradients", (operations) => {
  it("of convolutions of random shapes", () => {
    for (const { shape, n, x, w, dy, inputGradient, weightGradient } of convolutions()) {
      const actual = operations.convolutionInputGradient(shape, n, dy, w);
      expectClose(actual, inputGradient(), { inputGradient: shape, n });
      const { weights, bias } = operations.convolutionWeightGradient(shape, n, x, dy);
      expectClose(weights, weightGradient().weights, { weightGradient: shape, n });
      expectClose(bias, weightGradient().bias, { biasGradient: shape, n });
    }
  });

  it("of max pooling of random shapes, with ties", () => {
    for (const { shape, n, x, dy } of pools()) {
      expectClose(
        operations.maxPoolGradient(shape, n, x, dy),
        referenceOperations.maxPoolGradient(shape, n, x, dy),
        { gradient: shape },
      );
    }
  });

  it("of global average pooling of odd sizes, and moments", () => {
    for (const { pixels, channels, n, x, random } of maps()) {
      const dy = random.values(n * channels);
      expectClose(
        operations.globalAveragePoolGradient(pixels, channels, n, dy),
        referenceOperations.globalAveragePoolGradient(pixels, channels, n, dy),
        { pixels, channels },
      );
      const moments = operations.moments(channels, x);
      const expected = referenceOperations.moments(channels, x);
      expectClose(moments.mean, expected.mean, "mean");
      expectClose(moments.variance, expected.variance, "variance");
    }
  });
});

describe("the reference's gradients agree with finite differences", () => {
  const random = generator(17);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  /** Central differences of the scalar f at x, which is exact for a function linear in each value. */
  const differences = (x: Float32Array, f: () => number) =>
    Float32Array.from(x, (value, i) => {
      x[i] = value + 0.5;
      const up = f();
      x[i] = value - 0.5;
      const down = f();
      x[i] = value;
      return up - down;
    });

  it("of a convolution", () => {
    for (let i = 0; i < 12; i++) {
      const shape = {
        ...randomConvolution(random),
        height: 5,
        width: 6,
        kernel: random.integer(1, 3),
        channels: 4,
      };
      shape.groups = random.pick([1, 2, 4]);
      shape.filters = 4;
      const { rows, columns } = windowGeometry(shape, shape.kernel);
      const x = random.values(5 * 6 * 4);
      const w = random.values((shape.kernel ** 2 * 16) / shape.groups);
      const dy = random.values(rows * columns * 4);
      const loss = () => dot(referenceOperations.convolution(shape, 1, x, w), dy);
      expectClose(referenceOperations.convolutionInputGradient(shape, 1, dy, w), differences(x, loss), shape);
      const gradient = referenceOperations.convolutionWeightGradient(shape, 1, x, dy);
      expectClose(gradient.weights, differences(w, loss), shape);
    }
  });
});
