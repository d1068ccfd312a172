// A convolution of pixels with its 2 x 2 pool: on 8-bit products, and on the engine's 16-bit ones.
import { fileURLToPath } from "node:url";
import { analyze, convolutionShape, Program, windowGeometry } from "../../packages/runtime/dist/internal.js";
import { compileAssembly } from "../assembly.mjs";
import { pixelUnit, pixelZero, quantisePixel, quantiseWeights } from "./quantise.mjs";

/** The network's first two layers, a convolution of pixels and a pool, as a network. */
export function firstLayers({ network }) {
  return { ...network, name: "first layers", layers: network.layers.slice(0, 2) };
}

/** @returns a function from pixels to the pooled map, a view that the next call overwrites */
export function sixteenBit(model) {
  const program = new Program(firstLayers(model), (name) => model.weights.get(name), 1, {
    precision: "int16",
  });
  return (pixels) => program.run(pixels, 1);
}

/** Weights, units and bias of the convolution; the bias takes in that the kernel's pixels are 64 too large. */
function quantised({ network, weights }) {
  const [{ name, filters }] = network.layers;
  const { values, units } = quantiseWeights(weights.get(`${name}.weight`), filters);
  const sums = new Float64Array(filters);
  values.forEach((value, i) => {
    sums[i % filters] += value;
  });
  const outputUnits = units.map((unit) => unit * pixelUnit);
  const bias = weights.get(`${name}.bias`).map((value, i) => value - pixelZero * outputUnits[i] * sums[i]);
  return { values, units: outputUnits, bias };
}

function shapeOf(model) {
  const [placed] = analyze(firstLayers(model)).layers;
  const shape = convolutionShape(placed);
  return { ...shape, ...windowGeometry(shape, shape.kernel) };
}

/** The same in plain JavaScript, which the kernel must match to rounding. */
export function plainEightBit(model, pixels) {
  const { height, width, kernel, stride, filters, rows, columns, above, left } = shapeOf(model);
  const { values, units, bias } = quantised(model);
  const y = new Float32Array((rows * columns * filters) / 4);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let filter = 0; filter < filters; filter++) {
        let sum = 0;
        for (let tap = 0; tap < kernel ** 2; tap++) {
          const i = row * stride - above + Math.floor(tap / kernel);
          const j = column * stride - left + (tap % kernel);
          const inside = i >= 0 && i < height && j >= 0 && j < width;
          sum += values[tap * filters + filter] * (inside ? quantisePixel(pixels[i * width + j]) : pixelZero);
        }
        const at = ((row >> 1) * (columns >> 1) + (column >> 1)) * filters + filter;
        y[at] = Math.max(y[at], sum * units[filter] + bias[filter]);
      }
    }
  }
  return y;
}

/** @returns a function from pixels to the pooled map, a view that the next call overwrites */
export async function eightBit(model) {
  const { height, width, channels, kernel, stride, filters, rows, columns, above, left } = shapeOf(model);
  if (channels !== 1 || filters !== 16 || kernel % 4 !== 0 || rows % 2 !== 0 || columns % 2 !== 0) {
    throw new Error("The kernel is for one channel, 16 filters and kernels of whole fours.");
  }
  const file = fileURLToPath(new URL("kernel.ts", import.meta.url));
  const { memory, read, convolve } = await compileAssembly(file, { relaxed: true });
  memory.grow(4);
  let end = 1024;
  const room = (bytes) => {
    const address = end;
    end += Math.ceil(bytes / 64) * 64;
    return address;
  };
  const rowBytes = width + kernel;
  const input = room(height * width);
  const padded = room((height + kernel) * rowBytes);
  const packed = room(kernel * kernel * filters);
  const [unitsAt, biasAt] = [room(filters * 4), room(filters * 4)];
  const sums = room(columns * filters * 4);
  const output = new Float32Array(
    memory.buffer,
    room(rows * columns * filters),
    (rows * columns * filters) / 4,
  );

  const { values, units, bias } = quantised(model);
  new Float32Array(memory.buffer, unitsAt, filters).set(units);
  new Float32Array(memory.buffer, biasAt, filters).set(bias);
  const weights = new Int8Array(memory.buffer, packed, values.length);
  for (const [i, value] of values.entries()) {
    const [tap, filter] = [Math.floor(i / filters), i % filters];
    weights[((tap >> 2) * filters + filter) * 4 + (tap & 3)] = value;
  }
  new Uint8Array(memory.buffer, padded, (height + kernel) * rowBytes).fill(pixelZero);
  const bytes = new Uint8Array(memory.buffer, input, height * width);
  return (pixels) => {
    bytes.set(pixels);
    read(input, height, width, padded + above * rowBytes + left, rowBytes);
    convolve(
      padded,
      rowBytes,
      stride,
      packed,
      kernel,
      rows,
      columns,
      sums,
      unitsAt,
      biasAt,
      output.byteOffset,
    );
    return output;
  };
}
