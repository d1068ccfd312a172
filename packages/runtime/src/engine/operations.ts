/**
 * One shape for every implementation of the operations, so that one conformance suite checks them all.
 * Arrays in, arrays out; nothing here is on a hot path.
 */

import { Convolution } from "./convolution.js";
import type { TrainingKernels } from "./kernel-exports.js";
import { Arena, instantiate } from "./memory.js";
import { PlaneConvolution } from "./plane-convolution.js";
import { runsInPlanes } from "./plane-plan.js";
import * as reference from "./reference.js";
import { type ConvolutionShape, type PoolShape, windowGeometry } from "./shapes.js";

export interface Operations {
  readonly name: string;
  convolution(
    shape: ConvolutionShape,
    n: number,
    x: Float32Array,
    weights: Float32Array,
    bias?: Float32Array,
    relu?: boolean,
  ): Float32Array;
  convolutionInputGradient(
    shape: ConvolutionShape,
    n: number,
    dy: Float32Array,
    weights: Float32Array,
  ): Float32Array;
  convolutionWeightGradient(
    shape: ConvolutionShape,
    n: number,
    x: Float32Array,
    dy: Float32Array,
  ): { weights: Float32Array; bias: Float32Array };
  maxPool(shape: PoolShape, n: number, x: Float32Array): Float32Array;
  maxPoolGradient(shape: PoolShape, n: number, x: Float32Array, dy: Float32Array): Float32Array;
  globalAveragePool(pixels: number, channels: number, n: number, x: Float32Array): Float32Array;
  globalAveragePoolGradient(pixels: number, channels: number, n: number, dy: Float32Array): Float32Array;
  add(a: Float32Array, b: Float32Array, relu?: boolean): Float32Array;
  addNarrow(
    narrow: Float32Array,
    narrowChannels: number,
    wide: Float32Array,
    channels: number,
    relu?: boolean,
  ): Float32Array;
  moments(channels: number, x: Float32Array): { mean: Float32Array; variance: Float32Array };
}

export const referenceOperations: Operations = { name: "reference", ...reference };

/**
 * The operations on the WebAssembly kernels; each call makes a memory of its own.
 *
 * @param module the training kernels; those for inference have all but the gradients and the moments
 * @param inPlanes run the convolutions that fit with fewer products
 */
export function wasmOperations(name: string, module: WebAssembly.Module, inPlanes = false): Operations {
  /** Lays out inputs and outputs, runs `body`, and reads the outputs. */
  function call(
    inputs: readonly Float32Array[],
    outputs: readonly number[],
    body: (k: TrainingKernels, inputs: number[], outputs: number[], floats: Float32Array) => void,
    arena = new Arena(),
  ): Float32Array[] {
    const from = inputs.map((values) => arena.floats(values.length));
    const to = outputs.map((length) => arena.floats(length));
    const instance = instantiate<TrainingKernels>(module, arena.finish());
    // Whatever an operation forgets to write shows up as NaN.
    for (const [i, length] of outputs.entries()) instance.floats(to[i], length).fill(Number.NaN);
    for (const [i, values] of inputs.entries()) instance.floats(from[i], values.length).set(values);
    body(instance.kernels, from, to, new Float32Array(instance.memory.buffer));
    return outputs.map((length, i) => instance.floats(to[i], length).slice());
  }

  const planned = (shape: ConvolutionShape, n: number, arena: Arena, needsInputGradient = false) =>
    inPlanes && runsInPlanes(shape, needsInputGradient)
      ? new PlaneConvolution(shape, n, arena, needsInputGradient)
      : new Convolution(shape, n, arena, true);

  return {
    name,
    convolution(shape, n, x, weights, bias, relu = false) {
      const arena = new Arena();
      const plan = planned(shape, n, arena);
      return call(
        [x, weights, bias ?? new Float32Array()],
        [n * plan.outputLength],
        (k, [xAt, weightsAt, biasAt], [y], floats) => {
          plan.setWeights(k, floats, weightsAt, bias ? biasAt : 0);
          plan.forward(k, xAt, y, n, relu);
        },
        arena,
      )[0];
    },
    convolutionInputGradient(shape, n, dy, weights) {
      const arena = new Arena();
      const plan = planned(shape, n, arena, true);
      const length = n * plan.inputLength;
      const [written, added] = call(
        [dy, weights],
        [length, length],
        (k, [dyAt, weightsAt], [dx, dx2], floats) => {
          plan.setWeights(k, floats, weightsAt, 0);
          plan.inputGradient(k, dyAt, weightsAt, dx, n, false);
          floats.fill(1, dx2 / 4, dx2 / 4 + length);
          plan.inputGradient(k, dyAt, weightsAt, dx2, n, true);
        },
        arena,
      );
      // Accumulating onto ones must add exactly one to what plain writing gives.
      for (let i = 0; i < length; i++) {
        if (!(Math.abs(added[i] - written[i] - 1) <= 1e-4 * (1 + Math.abs(written[i])))) {
          throw new Error(`Accumulated gradient ${added[i]} is not ${written[i]} + 1 at ${i}.`);
        }
      }
      return written;
    },
    convolutionWeightGradient(shape, n, x, dy) {
      const arena = new Arena();
      const plan = planned(shape, n, arena);
      const [weights, bias] = call(
        [x, dy],
        [plan.weightLength, shape.filters],
        (k, [xAt, dyAt], [dw, db], floats) => {
          floats.fill(0, dw / 4, dw / 4 + plan.weightLength);
          floats.fill(0, db / 4, db / 4 + shape.filters);
          plan.weightGradient(k, xAt, dyAt, dw, db, n);
        },
        arena,
      );
      return { weights, bias };
    },
    maxPool(shape, n, x) {
      const { height, width, channels, size, stride } = shape;
      const { rows, columns, above, left } = windowGeometry(shape, size);
      const output = rows * columns * channels;
      return call([x], [n * output], (k, [xAt], [y]) => {
        for (let i = 0; i < n; i++) {
          k.maxPool(
            xAt + i * height * width * channels * 4,
            height,
            width,
            channels,
            size,
            stride,
            above,
            left,
            y + i * output * 4,
            rows,
            columns,
          );
        }
      })[0];
    },
    maxPoolGradient(shape, n, x, dy) {
      const { height, width, channels, size, stride } = shape;
      const { rows, columns, above, left } = windowGeometry(shape, size);
      const input = height * width * channels;
      const output = rows * columns * channels;
      const y = this.maxPool(shape, n, x);
      return call([x, y, dy], [n * input], (k, [xAt, yAt, dyAt], [dx]) => {
        k.zero(dx, n * input);
        for (let i = 0; i < n; i++) {
          k.maxPoolGradient(
            xAt + i * input * 4,
            yAt + i * output * 4,
            dyAt + i * output * 4,
            height,
            width,
            channels,
            size,
            stride,
            above,
            left,
            dx + i * input * 4,
            rows,
            columns,
          );
        }
      })[0];
    },
    globalAveragePool(pixels, channels, n, x) {
      return call([x], [n * channels], (k, [xAt], [y]) => {
        for (let i = 0; i < n; i++) {
          k.sumPixels(xAt + i * pixels * channels * 4, pixels, channels, 1 / pixels, y + i * channels * 4, 0);
        }
      })[0];
    },
    globalAveragePoolGradient(pixels, channels, n, dy) {
      return call([dy], [n * pixels * channels], (k, [dyAt], [dx]) => {
        for (let i = 0; i < n; i++) {
          k.spreadPixels(
            dyAt + i * channels * 4,
            pixels,
            channels,
            1 / pixels,
            dx + i * pixels * channels * 4,
            0,
          );
        }
      })[0];
    },
    add: (a, b, relu = false) =>
      call([a, b], [a.length], (k, [aAt, bAt], [y]) => k.add(aAt, bAt, a.length, y, relu ? 1 : 0))[0],
    addNarrow: (narrow, narrowChannels, wide, channels, relu = false) =>
      call([narrow, wide], [wide.length], (k, [narrowAt, wideAt], [y]) =>
        k.addNarrow(narrowAt, narrowChannels, wideAt, channels, wide.length / channels, y, relu ? 1 : 0),
      )[0],
    moments(channels, x) {
      const [mean, variance] = call([x], [channels, channels], (k, [xAt], [mean, variance]) =>
        k.moments(xAt, x.length / channels, channels, mean, variance),
      );
      return { mean, variance };
    },
  };
}
