import { expect, it } from "vitest";
import { foldBatchNormalization } from "../fold.js";
import { analyze, type Layer, type Network } from "../network.js";
import { createNetwork } from "../networks/index.js";
import { fusions } from "./fusion.js";
import { Program } from "./program.js";
import { run } from "./reference.js";

let state = 11;
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const pick = <T>(choices: readonly T[]) => choices[Math.floor(next() * choices.length)];

interface Case {
  readonly network: Network;
  readonly weights: ReadonlyMap<string, Float32Array>;
}

const weighted = (network: Network): Case => ({
  network,
  weights: new Map(
    analyze(network).parameters.map(({ name, length, role }) => [
      name,
      Float32Array.from({ length }, () => (role === "variance" ? 1 : (next() - 0.5) / 4)),
    ]),
  ),
});

/** A residual block of odd sides, with or without pool and ReLU, the sum either way round, sometimes read twice. */
function randomBlock(): Case {
  const filters = pick([8, 16, 24, 28, 36, 18]);
  const activation = pick(["relu", "none"] as const);
  const convolution = (name: string, relu: boolean): Layer => ({
    kind: "convolution",
    name,
    filters,
    kernel: 3,
    activation: relu ? "relu" : "none",
  });
  const isTurned = next() < 0.5;
  const isReadTwice = next() < 0.25;
  // What only the sum reads is made by a convolution that could take the sum in as well.
  const other = next() < 0.3 ? "side" : "first";
  const layers: Layer[] = [
    convolution("first", true),
    ...(other === "side" ? [convolution("side", false)] : []),
    { ...convolution("second", next() < 0.2), input: "first" },
    isTurned
      ? { kind: "add", name: "sum", input: other, other: "second", activation }
      : { kind: "add", name: "sum", other, activation },
    ...(isReadTwice ? [{ kind: "add", name: "again", other: pick(["second", "sum"]) } as const] : []),
    ...(next() < 0.6 ? [{ kind: "maxPool", name: "pool", size: 2 } as const] : []),
    ...(next() < 0.5 ? [convolution("third", true)] : []),
  ];
  const side = () => 3 + Math.floor(next() * 15);
  const input = { height: side(), width: side(), channels: pick([8, 16]), scale: 1 / 128, offset: -1 };
  return weighted({ name: "block", input, layers });
}

it.each([
  ["float32", 2e-5],
  ["int16", 2e-3],
] as const)(
  "residual blocks in %s give what the reference gives, two images at once",
  (precision, tolerance) => {
    for (let i = 0; i < 150; i++) {
      const { network, weights } = randomBlock();
      const program = new Program(network, (name) => weights.get(name)!, 2, { precision });
      const pixels = Uint8Array.from({ length: 2 * program.inputLength }, () => next() * 256);
      const expected = run(network, weights, Array.from(pixels), 2);
      const size = Math.max(...expected.map(Math.abs));
      expect(size).toBeGreaterThan(0);
      const actual = program.run(pixels, 2);
      for (const [k, value] of expected.entries()) {
        if (Math.abs(actual[k] - value) > tolerance * size) {
          expect.fail(`${JSON.stringify(network)}: value ${k} is ${actual[k]}, expected ${value}`);
        }
      }
    }
  },
);

it("takes every addition and pool of micro into a convolution", () => {
  const { network } = foldBatchNormalization(weighted(createNetwork("micro")));
  const { layers } = analyze(network);
  const found = fusions(layers, ({ layer }) => {
    const isConvolution = layer.kind === "convolution";
    return { add: isConvolution, pool: isConvolution };
  });
  const named = [...found].map(([index, { takenIn, other }]) =>
    [
      layers[index].layer.name,
      ...takenIn.map((i) => layers[i].layer.name),
      layers[other ?? -1]?.layer.name,
    ].join(" "),
  );
  expect(named).toEqual([
    "conv1 pool1 ",
    "conv3 conv3-sum pool2 conv2",
    "conv5 conv5-sum conv4",
    "conv6 conv6-sum pool3 conv5-sum",
  ]);
});
