import {
  analyze,
  createNetwork,
  foldBatchNormalization,
  type Layer,
  type Network,
  reference,
} from "microexpnet/internal";
import { describe, expect, it } from "vitest";
import { deepened } from "./deepened.js";
import { createRandom } from "./random.js";
import { parseShorthand } from "./shorthand.js";
import type { WeightedNetwork } from "./trainer/job.js";

/** As a training leaves it: batch normalisation inside the weights. */
function trained(network: Network): WeightedNetwork {
  const random = createRandom(3);
  const weights = analyze(network).parameters.map(({ name, length, role }) => {
    const values = Float32Array.from({ length }, () => random.uniform(-0.3, 0.3));
    return [name, role === "variance" ? values.map((value) => 1 + value) : values] as const;
  });
  return foldBatchNormalization({ network, weights: new Map(weights) });
}

function answers({ network, weights }: WeightedNetwork): number[] {
  const { height, width, channels } = network.input;
  const random = createRandom(4);
  const pixels = Array.from({ length: 3 * height * width * channels }, () => random.integer(256));
  return [...reference.run(network, weights, pixels, 3)];
}

describe("deepened", () => {
  it.each([
    ["16:4p-6-8", "16:4p-6-6r-8"],
    ["16:4p-6-6r-8", "16:4p-6-6r-6r-8"],
    ["16:4p-6p-8", "16:4p-4r-6p-6r-8-8r"],
    ["16:4p-6e-8", "16:4p-6e-8-8r"],
  ])("%s answers the same within %s", (shallow, deep) => {
    const start = trained(parseShorthand(shallow));
    const grown = deepened(parseShorthand(deep), start)!;
    const expected = answers(start);
    expect(new Set(expected).size).toBeGreaterThan(8);
    expect(answers(grown)).toEqual(expected);
    expect(grown.network.name).toBe(deep);
    expect(analyze(grown.network).parameterCount).toBeGreaterThan(analyze(start.network).parameterCount);
  });

  it("finds the additions of a longer residual block behind the new one", () => {
    const mini = createNetwork("mini");
    const layers = mini.layers.flatMap((layer): Layer[] =>
      layer.name === "conv3-norm"
        ? [
            layer,
            { kind: "convolution", name: "new", filters: 64, kernel: 3, bias: false },
            { kind: "add", name: "new-sum", other: "conv3-norm", activation: "relu" },
          ]
        : [layer],
    );
    const start = trained(mini);
    const grown = deepened({ ...mini, layers }, start)!;
    expect(answers(grown)).toEqual(answers(start));
    expect(grown.weights.get("new.weight")).toEqual(new Float32Array(9 * 64 * 64));
    expect(grown.weights.get("conv8.weight")).toEqual(start.weights.get("conv8.weight"));
  });

  it("only renames the layers where none is new", () => {
    const start = trained(parseShorthand("48:16p-24-24rp-48-48r-48rp-72"));
    const renamed = deepened(createNetwork("micro"), start)!;
    expect([...renamed.weights.values()]).toEqual([...start.weights.values()]);
    expect([...renamed.weights.keys()]).toContain("conv7.weight");
    expect(answers(renamed)).toEqual(answers(start));
  });

  it.each([
    ["a wider layer", "16:4p-6-8", "16:4p-6-10"],
    ["a layer less", "16:4p-6-6r-8", "16:4p-6-8"],
    ["a new layer that adds nothing to its input", "16:4p-6-8", "16:4p-6-6-8"],
    ["a new block that widens the map", "16:4p-6-8", "16:4p-6-10r-8"],
    ["another input", "16:4p-6-8", "20:4p-6-6r-8"],
    ["a pool more", "16:4p-6-8", "16:4p-6p-8"],
  ])("knows nothing of %s", (_, start, deep) => {
    expect(deepened(parseShorthand(deep), trained(parseShorthand(start)))).toBeUndefined();
  });

  it("knows nothing of a layer that reads within the new block", () => {
    const layers = (...more: Layer[]): Network => ({
      name: "reads-within",
      input: { height: 5, width: 5, channels: 4, scale: 1, offset: 0 },
      layers: [
        { kind: "convolution", name: "first", filters: 4, kernel: 3, activation: "relu" },
        ...more,
        { kind: "convolution", name: "middle", filters: 4, kernel: 3, activation: "relu" },
        { kind: "convolution", name: "last", input: more[0]?.name ?? "middle", filters: 4, kernel: 3 },
      ],
    });
    const block: Layer[] = [
      { kind: "convolution", name: "new", filters: 4, kernel: 3 },
      { kind: "add", name: "sum", other: "first", activation: "relu" },
    ];
    expect(deepened(layers(...block), trained(layers()))).toBeUndefined();
  });

  it("knows nothing of a block whose ReLU would cut negative values off", () => {
    const plain = parseShorthand("16:4-6");
    const layers = plain.layers.filter(({ kind }) => kind !== "batchNormalization");
    const linear: Network = { ...plain, layers };
    const block = (activation: "none" | "relu"): Network => ({
      ...linear,
      layers: layers.flatMap((layer) =>
        layer.name === "block1"
          ? [
              layer,
              { kind: "convolution", name: "new", filters: 4, kernel: 3, bias: false },
              { kind: "add", name: "sum", other: "block1", activation },
            ]
          : [layer],
      ),
    });
    const start = trained(linear);
    expect(deepened(block("relu"), start)).toBeUndefined();
    expect(answers(deepened(block("none"), start)!)).toEqual(answers(start));
  });
});
