import { describe, expect, it } from "vitest";
import { analyze, type Network, NetworkError } from "../network.js";
import { candidateNames, createNetwork, networkNames } from "./index.js";

/** Parameters of the paper's candidates, from the authors' table. */
const published: Readonly<Record<string, number>> = {
  "v-M": 1002808,
  "v-S": 257656,
  "v-XS": 133464,
  "v-XXS": 71368,
  "p1-M": 1002808,
  "p1-S": 257656,
  "p1-XS": 133464,
  "p1-XXS": 71368,
  "p2-M": 900920,
  "p2-S": 232184,
  "p2-XS": 120728,
  "p2-XXS": 65000,
  "p12-M": 900920,
  "p12-S": 232184,
  "p12-XS": 120728,
  "p12-XXS": 65000,
  "microexpnet-2017": 71368,
  "microexpnet-2019": 65000,
};

describe("the paper's networks", () => {
  it.each(Object.entries(published))("%s has %i parameters", (name, parameters) => {
    expect(analyze(createNetwork(name)).parameterCount).toBe(parameters);
  });

  it.each([
    ["v-XXS", 1.5],
    ["p1-XXS", 2.86],
    ["p2-XXS", 1.5],
    ["p12-XXS", 2.85],
  ])("%s takes %f million multiply-accumulates", (name, millions) => {
    const macs = analyze(createNetwork(name)).multiplyAccumulates / 1e6;
    expect(Math.abs(macs - millions)).toBeLessThan(0.0051);
  });

  it("are sixteen candidates, and all names make networks for any number of classes", () => {
    expect(new Set(candidateNames).size).toBe(16);
    for (const name of networkNames) {
      expect(analyze(createNetwork(name, 7)).outputShape).toEqual([1, 1, 7]);
      expect(createNetwork(name).name).toBe(name);
    }
  });
});

it("says what is wrong with a network in an error of its own class", () => {
  expect(() => createNetwork("vgg")).toThrow(NetworkError);
  expect(() => createNetwork("vgg")).toThrow(/no network "vgg"; there are microexpnet-2019/);
});

describe("analyze refuses what does not fit, in one sentence that names the layer", () => {
  const input = { height: 4, width: 4, channels: 3, scale: 1, offset: 0 };
  const refused = (layers: unknown[], words: RegExp, changed: object = input) =>
    expect(() => analyze({ name: "bad", input: changed, layers } as unknown as Network)).toThrow(words);

  it.each([
    [[], /no layers/],
    [[{ kind: "dense", units: 2 }], /no name/],
    [[{ kind: "wavelet", name: "a" }], /"a".*unknown kind "wavelet"/],
    [[{ kind: "dense", name: "a", units: 0 }], /"a": units.*not 0/],
    [[{ kind: "dense", name: "a", units: 2.5 }], /"a": units.*2\.5/],
    [[{ kind: "convolution", name: "a", filters: 4, kernel: 3, groups: 2 }], /"a".*3 channels.*2 groups/],
    [[{ kind: "convolution", name: "a", filters: 4, kernel: 5, padding: "valid" }], /"a".*5x5.*4x4x3/],
    [[{ kind: "convolution", name: "a", filters: 4, kernel: 3, padding: "full" }], /"a": padding.*"full"/],
    [[{ kind: "maxPool", name: "a", size: 2, input: "b" }], /"a" reads "b"/],
    [[{ kind: "dropout", name: "a", rate: 1 }], /"a": rate/],
    [[{ kind: "dense", name: "input", units: 2 }], /"input"/],
    [
      [
        { kind: "maxPool", name: "a", size: 2 },
        { kind: "maxPool", name: "a", size: 2 },
      ],
      /Two layers.*"a"/,
    ],
    [
      [
        { kind: "maxPool", name: "a", size: 2 },
        { kind: "add", name: "b", other: "input" },
      ],
      /"b" adds.*2x2x3 and 4x4x3/,
    ],
    [
      [
        { kind: "globalAveragePool", name: "a" },
        { kind: "dense", name: "b", units: 2 },
        { kind: "gate", name: "c", other: "input" },
      ],
      /"c" gates a 4x4x3 map with 1x1x2 values/,
    ],
    [[{ kind: "gate", name: "a", other: "input" }], /"a" gates/],
    [[{ kind: "gate", name: "a" }], /"a" reads "undefined"/],
  ])("%j", (layers, words) => {
    refused(layers, words);
  });

  it("and inputs that are none", () => {
    const layers = [{ kind: "dense", name: "a", units: 2 }];
    refused(layers, /height/, { ...input, height: -1 });
    refused(layers, /scale/, { ...input, scale: Number.NaN });
  });
});
