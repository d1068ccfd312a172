import {
  analyze,
  byteUnits,
  type ConvolutionLayer,
  convolutionShape,
  type DenseLayer,
  type PlacedLayer,
  Program,
  windowGeometry,
} from "microexpnet/internal";
import { createRandom } from "./random.js";
import type { WeightedNetwork } from "./trainer/job.js";

/** Weights that are whole multiples of a unit per filter, from -127 to 127 times it. */
export interface RoundedWeights {
  /** All parameters by name: rounded weights, corrected biases, the others as they were. */
  readonly weights: Map<string, Float32Array>;
  /** The units of each rounded parameter, one a filter, by the parameter's name. */
  readonly units: Map<string, Float32Array>;
}

type Product = PlacedLayer<ConvolutionLayer | DenseLayer>;

/** Inputs of one output value of a layer, as rows, and their mean. */
interface Samples {
  readonly length: number;
  readonly rows: readonly Float32Array[];
  readonly mean: Float64Array;
}

/** Layers of more inputs, whose products by pairs fill too much memory, are rounded to the nearest. */
const mostInputs = 2048;
/** Images that a program runs at once. */
const batch = 16;
/** What is added to the variances, as a share of their mean, so that inputs that never vary do no harm. */
const damping = 0.01;

/**
 * Rounds the weights of convolutions and dense layers to 8 bits so that what the layers give for real images changes
 * little, rather than the weights themselves: each weight, from the last to the first, makes up for what the rounding
 * of those after it has changed. That is Babai's nearest plane (1986) on the covariance of a layer's inputs, known for
 * networks as GPTQ (Frantar et al. 2023, arXiv 2210.17323). Biases take what is left on average. Later layers are
 * rounded for what the rounded earlier ones give them.
 *
 * @param pixels images * height * width * channels values 0..255 such as the network was trained on
 * @param onLayer called with the numbers of layers rounded and of all; what it throws ends the rounding
 * @throws NetworkError where the network does not fit together
 * @throws RangeError where there is not one whole image
 */
export async function roundToBytes(
  { network, weights: original }: WeightedNetwork,
  pixels: Uint8Array,
  onLayer?: (done: number, total: number) => void | Promise<void>,
): Promise<RoundedWeights> {
  const { height, width, channels } = network.input;
  if (pixels.length < height * width * channels) {
    throw new RangeError("Weights are rounded by images, and there is none.");
  }
  const { layers } = analyze(network);
  const weights = new Map<string, Float32Array>(
    [...original].map(([name, values]) => [name, values.slice()]),
  );
  const units = new Map<string, Float32Array>();
  const products = layers.flatMap(({ layer, ...placed }): Product[] =>
    layer.kind === "convolution" || layer.kind === "dense" ? [{ ...placed, layer }] : [],
  );
  for (const [done, placed] of products.entries()) {
    await onLayer?.(done, products.length);
    const { layer } = placed;
    const name = `${layer.name}.weight`;
    const values = weights.get(name)!;
    const shape = convolutionShape(placed);
    const own = byteUnits(values, shape.filters);
    units.set(name, own);
    const inputs = values.length / shape.filters;
    if (shape.groups > 1 || inputs > mostInputs) {
      weights.set(name, nearest(values, own));
      continue;
    }
    const samples = sampleInputs({ network, weights }, placed, pixels);
    const rounded = nearestPlane(values, own, choleskyOfCovariance(samples));
    weights.set(name, rounded);
    const bias = weights.get(`${layer.name}.bias`);
    if (!bias) continue;
    for (let i = 0; i < values.length; i++) {
      bias[i % shape.filters] += samples.mean[Math.floor(i / shape.filters)] * (values[i] - rounded[i]);
    }
  }
  return { weights, units };
}

/** The nearest multiple of a unit that 8 bits hold; 0 where there is no unit. */
function toGrid(value: number, unit: number): number {
  if (!(unit > 0)) return 0;
  return Math.max(-127, Math.min(127, Math.round(value / unit))) * unit;
}

function nearest(values: Float32Array, units: Float32Array): Float32Array {
  return values.map((value, i) => toGrid(value, units[i % units.length]));
}

/**
 * With C the Cholesky factor, the output's error is the sum of (C_ii e_i + sum of C_ij e_j over j > i)^2 in the errors e
 * of the weights, so from the last weight to the first each is rounded to make its own term smallest.
 *
 * @param values inputs * filters weights
 * @param factor inputs * inputs values, upper triangle
 */
function nearestPlane(values: Float32Array, units: Float32Array, factor: Float64Array): Float32Array {
  const filters = units.length;
  const inputs = values.length / filters;
  const rounded = new Float32Array(values.length);
  const errors = new Float64Array(values.length);
  const carried = new Float64Array(filters);
  for (let i = inputs - 1; i >= 0; i--) {
    carried.fill(0);
    for (let j = i + 1; j < inputs; j++) {
      const share = factor[i * inputs + j] / factor[i * inputs + i];
      for (let f = 0; f < filters; f++) carried[f] += share * errors[j * filters + f];
    }
    for (let f = 0; f < filters; f++) {
      const at = i * filters + f;
      rounded[at] = toGrid(values[at] + carried[f], units[f]);
      errors[at] = values[at] - rounded[at];
    }
  }
  return rounded;
}

/** The upper factor C of the inputs' covariance, C'C, with some damping. */
function choleskyOfCovariance({ length, rows, mean }: Samples): Float64Array {
  const matrix = new Float64Array(length * length);
  const centred = new Float64Array(length);
  for (const row of rows) {
    for (let i = 0; i < length; i++) centred[i] = row[i] - mean[i];
    for (let i = 0; i < length; i++) {
      const value = centred[i] / rows.length;
      if (value === 0) continue;
      const at = i * length;
      for (let j = i; j < length; j++) matrix[at + j] += value * centred[j];
    }
  }
  let trace = 0;
  for (let i = 0; i < length; i++) trace += matrix[i * length + i];
  const added = (damping * trace) / length || 1;
  for (let i = 0; i < length; i++) matrix[i * length + i] += added;
  // In place, row by row: what is left of the matrix below a row loses the row's product with itself.
  for (let i = 0; i < length; i++) {
    const root = Math.sqrt(matrix[i * length + i]);
    for (let j = i; j < length; j++) matrix[i * length + j] /= root;
    for (let k = i + 1; k < length; k++) {
      const value = matrix[i * length + k];
      if (value === 0) continue;
      for (let j = k; j < length; j++) matrix[k * length + j] -= value * matrix[i * length + j];
    }
  }
  return matrix;
}

/** What a layer's output values are made of, at places drawn by chance, about eight times as many as inputs. */
function sampleInputs({ network, weights }: WeightedNetwork, placed: Product, pixels: Uint8Array): Samples {
  const { inputs } = placed;
  const shape = convolutionShape(placed);
  const { height, width, channels, kernel, stride } = shape;
  const { rows: outRows, columns, above, left } = windowGeometry(shape, kernel);
  const length = kernel * kernel * channels;
  const area = network.input.height * network.input.width * network.input.channels;
  const images = Math.floor(pixels.length / area);
  const perImage = Math.min(outRows * columns, Math.ceil((8 * length) / images));
  const maps = mapsBefore({ network, weights }, inputs[0], pixels);
  const random = createRandom("rounding", placed.layer.name);
  const rows: Float32Array[] = [];
  const mean = new Float64Array(length);
  for (let image = 0; image < images; image++) {
    const map = maps(image);
    for (let drawn = 0; drawn < perImage; drawn++) {
      const place = random.integer(outRows * columns);
      const [top, start] = [Math.floor(place / columns) * stride - above, (place % columns) * stride - left];
      const row = new Float32Array(length);
      for (let tap = 0; tap < kernel * kernel; tap++) {
        const [y, x] = [top + Math.floor(tap / kernel), start + (tap % kernel)];
        if (y < 0 || y >= height || x < 0 || x >= width) continue;
        const from = (y * width + x) * channels;
        for (let c = 0; c < channels; c++) row[tap * channels + c] = map[from + c];
      }
      rows.push(row);
      for (let i = 0; i < length; i++) mean[i] += row[i];
    }
  }
  return { length, rows, mean: mean.map((sum) => sum / rows.length) };
}

/** The output of layer `index` for one image after the other; -1 is the network's input. */
function mapsBefore({ network, weights }: WeightedNetwork, index: number, pixels: Uint8Array) {
  const { scale, offset, height, width, channels } = network.input;
  const area = height * width * channels;
  if (index < 0) {
    return (image: number) =>
      Float32Array.from(pixels.subarray(image * area, (image + 1) * area), (value) => value * scale + offset);
  }
  const before = { ...network, layers: network.layers.slice(0, index + 1) };
  const program = new Program(before, (name) => weights.get(name)!, batch);
  let first = -1;
  let outputs = new Float32Array();
  return (image: number) => {
    if (first < 0 || image >= first + batch) {
      first = image;
      outputs = program
        .run(pixels.subarray(first * area, Math.min((first + batch) * area, pixels.length)))
        .slice();
    }
    return outputs.subarray(
      (image - first) * program.outputLength,
      (image - first + 1) * program.outputLength,
    );
  };
}
