import { createNetwork, type Network, readModelFile, reference, writeModelFile } from "microexpnet/internal";
import { beforeAll, describe, expect, it } from "vitest";
import { initialize, layoutParameters, namedParameters } from "./engine/parameters.js";
import { type RoundedWeights, roundToBytes } from "./quantization.js";
import { createRandom } from "./random.js";

/** Strides, odd sides, a residual sum, groups and a dense layer over a map. */
const network: Network = {
  name: "rounded",
  input: { height: 13, width: 11, channels: 1, scale: 1 / 64, offset: -2 },
  layers: [
    { kind: "convolution", name: "first", filters: 8, kernel: 3, stride: 2, activation: "relu" },
    { kind: "convolution", name: "second", filters: 8, kernel: 3, activation: "relu" },
    { kind: "add", name: "sum", other: "first", activation: "relu" },
    { kind: "convolution", name: "grouped", filters: 8, kernel: 3, groups: 4, activation: "relu" },
    { kind: "maxPool", name: "pool", size: 2 },
    { kind: "dense", name: "scores", units: 5 },
  ],
};

/** Pictures with smooth shades, since neighbouring pixels of real ones are alike. */
function pictures({ input }: Network, count: number, seed: number): Uint8Array {
  const random = createRandom("pictures", seed);
  const { height, width } = input;
  const pixels = new Uint8Array(count * height * width);
  for (let image = 0; image < count; image++) {
    const [a, b, c, d] = Array.from({ length: 4 }, () => random.normal());
    for (let i = 0; i < height * width; i++) {
      const [y, x] = [Math.floor(i / width) / height - 0.5, (i % width) / width - 0.5];
      const wave = Math.sin(6 * (a * x + b * y) + c) + d * x + 0.1 * random.normal();
      pixels[image * height * width + i] = Math.max(0, Math.min(255, 128 + 60 * wave));
    }
  }
  return pixels;
}

function model(used: Network) {
  const layout = layoutParameters(used);
  const { weights, statistics } = initialize(used, layout, 5);
  const random = createRandom("biases");
  const labels = Array.from({ length: 5 }, (_, i) => `class ${i}`);
  return {
    network: used,
    labels,
    weights: namedParameters(
      layout,
      weights.map((value) => value + 0.02 * random.normal()),
      statistics,
    ),
    crop: { source: "whole-image" as const },
    calibration: { temperature: 1 },
    provenance: {},
  };
}

/** Root of the mean square of the differences between two models' scores. */
function distance(
  used: Network,
  a: Map<string, Float32Array>,
  b: ReadonlyMap<string, Float32Array>,
  images = 64,
) {
  const unseen = pictures(used, images, 2);
  const [x, y] = [a, b].map((weights) => reference.run(used, weights, unseen, images));
  return Math.sqrt(x.reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0) / x.length);
}

describe("roundToBytes", () => {
  const original = model(network);
  let rounded: RoundedWeights;
  beforeAll(async () => {
    rounded = await roundToBytes(original, pictures(network, 128, 1));
  });

  it("changes the scores of unseen pictures four tenths less than rounding to the nearest", () => {
    const nearest = readModelFile(writeModelFile(original, { precision: "int8" })).weights;
    const own = distance(network, rounded.weights, original.weights);
    expect(own).toBeGreaterThan(0);
    expect(own).toBeLessThan(0.6 * distance(network, new Map(nearest), original.weights));
  });

  it("gives multiples of the units that a file of bytes keeps as they are", () => {
    const bytes = writeModelFile(
      { ...original, weights: rounded.weights },
      { precision: "int8", units: rounded.units },
    );
    for (const [name, values] of readModelFile(bytes).weights) {
      for (const [i, value] of values.entries()) expect(value).toBeCloseTo(rounded.weights.get(name)![i], 6);
    }
    for (const [name, units] of rounded.units) {
      const values = rounded.weights.get(name)!;
      for (const [i, value] of values.entries()) {
        const steps = value / units[i % units.length];
        expect(Math.abs(steps)).toBeLessThan(127.001);
        expect(steps).toBeCloseTo(Math.round(steps), 3);
      }
    }
  });

  it("leaves its input alone, and weights that are multiples already as they were", async () => {
    expect(original.weights.get("second.weight")).toEqual(model(network).weights.get("second.weight"));
    const again = await roundToBytes({ network, weights: rounded.weights }, pictures(network, 128, 1));
    // Filters whose largest weight stands at 127 units have the same units again.
    const { weights, units } = again;
    const same = [...units].flatMap(([name, values]) =>
      [...values.keys()]
        .filter((f) => Math.abs(values[f] / rounded.units.get(name)![f] - 1) < 1e-6)
        .map((f) => [name, f] as const),
    );
    expect(same.length).toBeGreaterThan(10);
    for (const [name, filter] of same) {
      const [now, then] = [weights.get(name)!, rounded.weights.get(name)!];
      for (let i = filter; i < now.length; i += units.get(name)!.length)
        expect(now[i]).toBeCloseTo(then[i], 6);
    }
  });

  it("does not fail on pictures that show nothing, or a filter without weights", async () => {
    const empty = model(createNetwork("microexpnet-2019", 5));
    empty.weights.get("conv1.weight")!.fill(0);
    const { weights } = await roundToBytes(empty, new Uint8Array(2 * 84 * 84));
    for (const values of weights.values()) expect(values.every(Number.isFinite)).toBe(true);
  });

  it("says how far it is, ends with what the listener throws, and refuses to round by no picture", async () => {
    const told: number[][] = [];
    await roundToBytes(original, pictures(network, 2, 1), (...numbers) => void told.push(numbers));
    expect(told).toEqual([0, 1, 2, 3].map((done) => [done, 4]));
    const stop = () => Promise.reject(new Error("stopped"));
    await expect(roundToBytes(original, pictures(network, 2, 1), stop)).rejects.toThrow("stopped");
    await expect(roundToBytes(original, new Uint8Array(100))).rejects.toThrow(RangeError);
  });
});
