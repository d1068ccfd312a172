/**
 * Every operation in plain TypeScript, written to be read: the truth that the fast kernels are tested
 * against. Maps are [image, row, column, channel], weights [row, column, channel / groups, filter]. Sums are
 * taken in float64 and rounded once.
 */
import { analyze, batchNormalizationEpsilon, type Network } from "../network.js";
import {
  type ConvolutionShape,
  convolutionShape,
  type PoolShape,
  poolShape,
  windowGeometry,
} from "./shapes.js";

/** Calls `visit` for each product of a convolution, with flat indices into input, weights and output. */
export function forEachProduct(
  shape: ConvolutionShape,
  images: number,
  visit: (x: number, w: number, y: number) => void,
): void {
  const { height, width, channels, filters, kernel, stride, groups } = shape;
  const { rows, columns, above, left } = windowGeometry(shape, kernel);
  const groupChannels = channels / groups;
  const groupFilters = filters / groups;
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        for (let i = 0; i < kernel; i++) {
          const inputRow = row * stride - above + i;
          if (inputRow < 0 || inputRow >= height) continue;
          for (let j = 0; j < kernel; j++) {
            const inputColumn = column * stride - left + j;
            if (inputColumn < 0 || inputColumn >= width) continue;
            for (let filter = 0; filter < filters; filter++) {
              const group = Math.floor(filter / groupFilters);
              for (let channel = 0; channel < groupChannels; channel++) {
                visit(
                  ((image * height + inputRow) * width + inputColumn) * channels +
                    group * groupChannels +
                    channel,
                  ((i * kernel + j) * groupChannels + channel) * filters + filter,
                  ((image * rows + row) * columns + column) * filters + filter,
                );
              }
            }
          }
        }
      }
    }
  }
}

export function convolution(
  shape: ConvolutionShape,
  images: number,
  x: Float32Array,
  weights: Float32Array,
  bias?: Float32Array,
  relu = false,
): Float32Array {
  const { rows, columns } = windowGeometry(shape, shape.kernel);
  const y = new Float64Array(images * rows * columns * shape.filters);
  if (bias) y.forEach((_, index) => (y[index] = bias[index % shape.filters]));
  forEachProduct(shape, images, (xi, wi, yi) => (y[yi] += x[xi] * weights[wi]));
  return Float32Array.from(y, (value) => (relu ? Math.max(value, 0) : value));
}

export function convolutionInputGradient(
  shape: ConvolutionShape,
  images: number,
  dy: Float32Array,
  weights: Float32Array,
): Float32Array {
  const dx = new Float64Array(images * shape.height * shape.width * shape.channels);
  forEachProduct(shape, images, (xi, wi, yi) => (dx[xi] += dy[yi] * weights[wi]));
  return Float32Array.from(dx);
}

export function convolutionWeightGradient(
  shape: ConvolutionShape,
  images: number,
  x: Float32Array,
  dy: Float32Array,
): { weights: Float32Array; bias: Float32Array } {
  const { kernel, channels, groups, filters } = shape;
  const dw = new Float64Array(kernel * kernel * (channels / groups) * filters);
  const db = new Float64Array(filters);
  forEachProduct(shape, images, (xi, wi, yi) => (dw[wi] += x[xi] * dy[yi]));
  dy.forEach((value, index) => (db[index % filters] += value));
  return { weights: Float32Array.from(dw), bias: Float32Array.from(db) };
}

/** For each output value, the flat index of the first of the largest inputs in its window. */
function poolWinners(shape: PoolShape, images: number, x: Float32Array): Int32Array {
  const { height, width, channels, size, stride } = shape;
  const { rows, columns, above, left } = windowGeometry(shape, size);
  const winners = new Int32Array(images * rows * columns * channels);
  let output = 0;
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        for (let channel = 0; channel < channels; channel++) {
          let winner = -1;
          for (let i = row * stride - above; i < row * stride - above + size; i++) {
            for (let j = column * stride - left; j < column * stride - left + size; j++) {
              if (i < 0 || i >= height || j < 0 || j >= width) continue;
              const index = ((image * height + i) * width + j) * channels + channel;
              if (winner < 0 || x[index] > x[winner]) winner = index;
            }
          }
          winners[output++] = winner;
        }
      }
    }
  }
  return winners;
}

export function maxPool(shape: PoolShape, images: number, x: Float32Array): Float32Array {
  return Float32Array.from(poolWinners(shape, images, x), (winner) => x[winner]);
}

export function maxPoolGradient(
  shape: PoolShape,
  images: number,
  x: Float32Array,
  dy: Float32Array,
): Float32Array {
  const dx = new Float64Array(x.length);
  poolWinners(shape, images, x).forEach((winner, index) => (dx[winner] += dy[index]));
  return Float32Array.from(dx);
}

export function globalAveragePool(
  pixels: number,
  channels: number,
  images: number,
  x: Float32Array,
): Float32Array {
  const y = new Float64Array(images * channels);
  x.forEach(
    (value, i) => (y[Math.floor(i / (pixels * channels)) * channels + (i % channels)] += value / pixels),
  );
  return Float32Array.from(y);
}

export function globalAveragePoolGradient(
  pixels: number,
  channels: number,
  images: number,
  dy: Float32Array,
): Float32Array {
  return Float32Array.from(
    { length: images * pixels * channels },
    (_, i) => dy[Math.floor(i / (pixels * channels)) * channels + (i % channels)] / pixels,
  );
}

export function add(a: Float32Array, b: Float32Array, relu = false): Float32Array {
  return a.map((value, index) => (relu ? Math.max(value + b[index], 0) : value + b[index]));
}

/** The sum of a map and one with fewer channels, whose missing channels count as zero. */
export function addNarrow(
  narrow: Float32Array,
  narrowChannels: number,
  wide: Float32Array,
  channels: number,
  relu = false,
): Float32Array {
  return wide.map((value, index) => {
    const channel = index % channels;
    const pixel = (index - channel) / channels;
    const sum = channel < narrowChannels ? value + narrow[pixel * narrowChannels + channel] : value;
    return relu ? Math.max(sum, 0) : sum;
  });
}

/** Image by image, all values of one map after all values of another. */
export function concatenate(images: number, maps: readonly Float32Array[]): Float32Array {
  const values: number[] = [];
  for (let image = 0; image < images; image++) {
    for (const map of maps) {
      const length = map.length / images;
      values.push(...map.subarray(image * length, (image + 1) * length));
    }
  }
  return Float32Array.from(values);
}

/** Mean and biased variance per channel over all pixels of all images. */
export function moments(channels: number, x: Float32Array): { mean: Float32Array; variance: Float32Array } {
  const pixels = x.length / channels;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  x.forEach((value, index) => (mean[index % channels] += value / pixels));
  x.forEach((value, index) => (variance[index % channels] += (value - mean[index % channels]) ** 2 / pixels));
  return { mean: Float32Array.from(mean), variance: Float32Array.from(variance) };
}

export function batchNormalization(
  x: Float32Array,
  parameters: { scale: Float32Array; shift: Float32Array; mean: Float32Array; variance: Float32Array },
  epsilon: number,
  relu = false,
): Float32Array {
  const { scale, shift, mean, variance } = parameters;
  const channels = scale.length;
  return x.map((value, index) => {
    const channel = index % channels;
    const y =
      ((value - mean[channel]) / Math.sqrt(variance[channel] + epsilon)) * scale[channel] + shift[channel];
    return relu ? Math.max(y, 0) : y;
  });
}

/** images * channels gates, and images * pixels * channels values, each of which comes times its gate's sigmoid. */
export function gate(gates: Float32Array, map: Float32Array, images: number): Float32Array {
  const channels = gates.length / images;
  const perImage = map.length / images;
  return map.map((value, index) => {
    const own = gates[Math.floor(index / perImage) * channels + (index % channels)];
    return value / (1 + Math.exp(-own));
  });
}

/** The gradients of training-mode batch normalisation, whose mean and variance come from `x` itself. */
export function batchNormalizationGradient(
  x: Float32Array,
  dy: Float32Array,
  scale: Float32Array,
  epsilon: number,
): { x: Float32Array; scale: Float32Array; shift: Float32Array } {
  const channels = scale.length;
  const pixels = x.length / channels;
  const { mean, variance } = moments(channels, x);
  const normalized = (index: number) =>
    (x[index] - mean[index % channels]) / Math.sqrt(variance[index % channels] + epsilon);
  const dScale = new Float64Array(channels);
  const dShift = new Float64Array(channels);
  dy.forEach((value, index) => {
    dScale[index % channels] += value * normalized(index);
    dShift[index % channels] += value;
  });
  const dx = dy.map((value, index) => {
    const channel = index % channels;
    const centred = value - (dShift[channel] + normalized(index) * dScale[channel]) / pixels;
    return (scale[channel] / Math.sqrt(variance[channel] + epsilon)) * centred;
  });
  return { x: dx, scale: Float32Array.from(dScale), shift: Float32Array.from(dShift) };
}

/**
 * Runs a whole network, batch normalisation with its running statistics, dropout as nothing.
 *
 * @param pixels images * height * width * channels values 0..255
 * @returns images * outputs values of the last layer
 */
export function run(
  network: Network,
  weights: ReadonlyMap<string, Float32Array>,
  pixels: ArrayLike<number>,
  images: number,
): Float32Array {
  const { layers } = analyze(network);
  const { scale, offset } = network.input;
  const input = Float32Array.from(pixels, (value) => value * scale + offset);
  const outputs: Float32Array[] = [];
  for (const placed of layers) {
    const { layer } = placed;
    const maps = placed.inputs.map((index) => (index < 0 ? input : outputs[index]));
    const [x, other] = maps;
    const parameter = (role: string) => weights.get(`${layer.name}.${role}`) as Float32Array;
    const relu = "activation" in layer && layer.activation === "relu";
    switch (layer.kind) {
      case "convolution":
      case "dense": {
        const shape = convolutionShape({ ...placed, layer });
        outputs.push(convolution(shape, images, x, parameter("weight"), parameter("bias"), relu));
        break;
      }
      case "batchNormalization": {
        const [scale, shift, mean, variance] = ["scale", "shift", "mean", "variance"].map(parameter);
        outputs.push(
          batchNormalization(
            x,
            { scale, shift, mean, variance },
            layer.epsilon ?? batchNormalizationEpsilon,
            relu,
          ),
        );
        break;
      }
      case "maxPool":
        outputs.push(maxPool(poolShape({ ...placed, layer }), images, x));
        break;
      case "globalAveragePool": {
        const [height, width, channels] = placed.inputShape;
        outputs.push(globalAveragePool(height * width, channels, images, x));
        break;
      }
      case "add": {
        const [height, width, channels] = placed.inputShape;
        const otherChannels = other.length / (images * height * width);
        if (channels === otherChannels) outputs.push(add(x, other, relu));
        else if (channels < otherChannels) outputs.push(addNarrow(x, channels, other, otherChannels, relu));
        else outputs.push(addNarrow(other, otherChannels, x, channels, relu));
        break;
      }
      case "gate":
        outputs.push(gate(x, other, images));
        break;
      case "concatenate":
        outputs.push(concatenate(images, maps));
        break;
      case "dropout":
        outputs.push(x);
        break;
    }
  }
  return outputs[outputs.length - 1];
}
