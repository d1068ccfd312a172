import { analyze, createNetwork, foldBatchNormalization, type Network } from "microexpnet/internal";
import { describe, expect, it } from "vitest";
import { initialize, layoutParameters, namedParameters } from "./engine/parameters.js";
import { withBatchNormalization } from "./normalized.js";

const folded = (network: Network) => {
  const layout = layoutParameters(network);
  const { weights, statistics } = initialize(network, layout, 1);
  return foldBatchNormalization({ network, weights: namedParameters(layout, weights, statistics) }).network;
};

describe("a network with batch normalisation added", () => {
  it.each(["microexpnet-2019", "microexpnet-2017", "p1-M"])("folds back to %s as it was", (name) => {
    const network = createNetwork(name);
    const normalized = withBatchNormalization(network);
    expect(normalized.layers.filter(({ kind }) => kind === "batchNormalization")).toHaveLength(3);
    expect(analyze(folded(normalized)).parameters).toEqual(analyze(network).parameters);
    expect(folded(normalized).layers).toMatchObject(network.layers);
  });

  it("is left alone where it is normalised already", () => {
    const teacher = createNetwork("teacher");
    expect(withBatchNormalization(teacher).layers).toEqual(teacher.layers);
  });

  it("reads the normalised outputs where layers are named", () => {
    const network: Network = {
      name: "residual",
      input: { height: 8, width: 8, channels: 1, scale: 1, offset: 0 },
      layers: [
        { kind: "convolution", name: "a", filters: 4, kernel: 3, activation: "relu" },
        { kind: "convolution", name: "b", filters: 4, kernel: 3 },
        { kind: "add", name: "sum", other: "a", activation: "relu" },
        { kind: "maxPool", name: "pool", size: 2, input: "b" },
        { kind: "dense", name: "scores", units: 2 },
      ],
    };
    const layers = withBatchNormalization(network).layers;
    expect(layers.find(({ name }) => name === "sum")).toMatchObject({ other: "a-norm" });
    expect(layers.find(({ name }) => name === "pool")).toMatchObject({ input: "b-norm" });
    expect(layers.find(({ name }) => name === "b-norm")).toMatchObject({ activation: "none" });
  });
});
