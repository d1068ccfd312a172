import { analyze, createNetwork, NetworkError } from "microexpnet/internal";
import { describe, expect, it } from "vitest";
import { parseShorthand } from "./shorthand.js";

describe("parseShorthand", () => {
  it("writes the students in one word", () => {
    for (const [text, name] of [
      ["48:16p-16-16r-16-16rp-24-24rp-28", "nano"],
      ["48:16p-24-24rp-48-48r-48rp-72", "micro"],
    ]) {
      const { parameterCount, multiplyAccumulates } = analyze(parseShorthand(text));
      const known = analyze(createNetwork(name));
      expect([parameterCount, multiplyAccumulates]).toEqual([
        known.parameterCount,
        known.multiplyAccumulates,
      ]);
    }
  });

  it("strides, separates and counts classes", () => {
    const network = parseShorthand("64:8s-16dp-16dr", 7);
    const { parameters, outputShape, layers } = analyze(network);
    expect(outputShape).toEqual([1, 1, 7]);
    const shapeOf = (name: string) => layers.find(({ layer }) => layer.name === name)?.outputShape;
    expect(shapeOf("block1")).toEqual([32, 32, 8]);
    expect(shapeOf("block2-pool")).toEqual([16, 16, 16]);
    expect(shapeOf("block3-sum")).toEqual([16, 16, 16]);
    // By hand: 3x3 of 1 to 8; 3x3 of each of 8, 1x1 of 8 to 16; the same of 16.
    const weights = parameters.filter(({ name }) => /^block.*\.weight$/.test(name) && !name.includes("norm"));
    expect(weights.map(({ length }) => length)).toEqual([72, 72, 128, 144, 256]);
  });

  it("gates channels after pooling", () => {
    const { layers, parameters } = analyze(parseShorthand("32:16p-40rpe-8", 7));
    expect(layers.map(({ layer }) => layer.kind).join(" ")).toMatch(
      /add maxPool globalAveragePool dense dense gate conv/,
    );
    const gated = layers.find(({ layer }) => layer.kind === "gate")!;
    expect(gated.outputShape).toEqual([8, 8, 40]);
    // 40 to 10 units and back, with biases.
    const own = parameters.filter(({ name }) => /^block2-(units|gate)\./.test(name));
    expect(own.reduce((sum, { length }) => sum + length, 0)).toBe(40 * 10 + 10 + 10 * 40 + 40);
  });

  it.each([
    ["48", /no network in shorthand/],
    ["48:", /no network in shorthand/],
    ["x:16", /no network in shorthand/],
    ["48:16:8", /no network in shorthand/],
    ["48:16pr", /block "16pr"/],
    ["48:0", /filters/],
    ["0:16", /height/],
    ["48:16sr", /adds/],
  ])("refuses %s", (text, words) => {
    expect(() => parseShorthand(text)).toThrow(NetworkError);
    expect(() => parseShorthand(text)).toThrow(words);
  });
});
