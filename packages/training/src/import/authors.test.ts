import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { analyze, microExpNet, reference, type SizeVariant, squeezeOfSize } from "microexpnet/internal";
import { describe, expect, it } from "vitest";
import { authorsLabels, importAuthorsNetwork } from "./authors.js";
import { CheckpointError, type CheckpointTensor, readCheckpoint } from "./tensorflow-checkpoint.js";

const published = fileURLToPath(new URL("../../../../../shared/reference/authors", import.meta.url));

describe.skipIf(!existsSync(published))("the authors' published networks (shared/reference/authors)", () => {
  it.each(["CK", "OuluCASIA"])("%s gives the logits that an independent implementation computed", (name) => {
    const path = `${published}/v4/${name}/MicroExpNet_${name}`;
    const digits = (value: number) => String(value).padStart(5, "0");
    const tensors = readCheckpoint(readFileSync(`${path}.index`), (id, count) =>
      readFileSync(`${path}.data-${digits(id)}-of-${digits(count)}`),
    );
    const model = importAuthorsNetwork(tensors);
    expect(model.network.name).toBe("microexpnet-2019");
    expect(analyze(model.network).parameterCount).toBe(65_000);
    const expected = JSON.parse(readFileSync(`${published}/expected.json`, "utf8"));
    const logits = expected.logits[name].flat() as number[];
    const pixels = readFileSync(`${published}/inputs.u8`);
    const actual = reference.run(model.network, model.weights, pixels, expected.count);
    expect(actual.length).toBe(24 * 8);
    const largest = Math.max(...logits.map(Math.abs));
    const worst = Math.max(...logits.map((logit, index) => Math.abs(logit - actual[index])));
    expect(worst / largest).toBeLessThan(0.001);
  });
});

/** Variables of a network under chosen names, in the order of its parameters, each filled with its number. */
function variables(inputs: number, units: number, names: string[]): Map<string, CheckpointTensor> {
  const shapes = [[8, 8, 1, 16], [16], [4, 4, 16, 32], [32], [inputs, units], [units], [units, 8], [8]];
  return new Map(
    shapes.map((shape, index) => {
      const length = shape.reduce((a, b) => a * b, 1);
      return [names[index], { shape, values: new Float32Array(length).fill(index) }];
    }),
  );
}

const published2019 = ["wc1", "bc1", "wc2", "bc2", "wfc", "bfc", "wo", "bo"];
const roles = ["conv1", "conv2", "hidden", "scores"].flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]);

/** Which variable each parameter was made of. */
function assignment(tensors: Map<string, CheckpointTensor>, networkName?: string): string[] {
  const { weights } = importAuthorsNetwork(tensors, networkName);
  return roles.map(
    (role) => [...tensors].find(([, { values }]) => values[0] === weights.get(role)?.[0])?.[0] ?? "none",
  );
}

const shuffled = <T>(map: Map<string, T>) => new Map([...map].reverse());

describe("importAuthorsNetwork", () => {
  it("finds each of the sizes by its shapes", () => {
    for (const size of Object.keys(squeezeOfSize) as SizeVariant[]) {
      for (const [pooling, inputs, base, released] of [
        ["v", 3872, 256, "microexpnet-2017"],
        ["p12", 1152, 768, "microexpnet-2019"],
      ] as const) {
        const tensors = variables(inputs, base / squeezeOfSize[size], published2019);
        const { network } = importAuthorsNetwork(tensors);
        expect(network.name).toBe(size === "XXS" ? released : `${pooling}-${size}`);
        expect(network.layers).toEqual(microExpNet(pooling, size).layers);
      }
    }
  });

  it("takes raw pixels and the authors' classes", () => {
    const model = importAuthorsNetwork(variables(3872, 16, published2019));
    expect(model.network.input).toEqual({ height: 84, width: 84, channels: 1, scale: 1, offset: 0 });
    expect(model.labels).toEqual(authorsLabels);
    expect(model.calibration.temperature).toBe(1);
  });

  it.each([
    ["the published names", published2019],
    [
      "scopes",
      ["c1/kernel", "c1/bias", "c2/kernel", "c2/bias", "a/kernel", "a/bias", "out/kernel", "out/bias"],
    ],
    ["words", ["conv1_weights", "conv1_biases", "w2", "b2", "W_first", "b_first", "W_out", "b_out"]],
    ["numbers, layer by layer", ["Variable", ...Array.from({ length: 7 }, (_, i) => `Variable_${i + 1}`)]],
    ["numbers, weights first", ["V_8", "V_12", "V_9", "V_13", "V_10", "V_14", "V_11", "V_15"]],
    ["numbers past nine", ["V_8", "V_9", "V_10", "V_11", "V_12", "V_13", "V_14", "V_15"]],
  ])("tells biases of equal length apart by %s", (_, names) => {
    // Both conv1 and the hidden layer of v-XXS have 16 outputs, conv2 and that of v-XS have 32.
    for (const units of [16, 32]) {
      const tensors = variables(3872, units, names);
      expect(assignment(tensors)).toEqual(names);
      expect(assignment(shuffled(tensors))).toEqual(names);
    }
  });

  it("lets the name choose between networks of equal shapes", () => {
    const plain = importAuthorsNetwork(variables(3872, 16, published2019), "p1-XXS").network;
    expect(plain.name).toBe("p1-XXS");
    expect(plain.layers).toEqual(microExpNet("p1", "XXS").layers);
    expect(importAuthorsNetwork(variables(1152, 48, published2019), "p2-XXS").network.layers).toEqual(
      microExpNet("p2", "XXS").layers,
    );
    expect(importAuthorsNetwork(variables(3872, 16, published2019), "v-XXS").network.name).toBe("v-XXS");
  });

  it("ignores single numbers that training kept", () => {
    const tensors = variables(3872, 16, published2019);
    tensors.set("learning_rate", { shape: [], values: Float32Array.of(1e-4) });
    expect(assignment(tensors)).toEqual(published2019);
  });

  it("says in one sentence what does not match", () => {
    const refused =
      (change: (tensors: Map<string, CheckpointTensor>) => void, networkName?: string) => () => {
        const tensors = variables(3872, 16, published2019);
        change(tensors);
        importAuthorsNetwork(tensors, networkName);
      };
    const extra = { shape: [2, 2], values: new Float32Array(4) };
    const cases: [() => void, RegExp][] = [
      [refused(() => {}, "resnet"), /no authors' network "resnet", only microexpnet-2017, .*p2-XXS\.$/],
      [
        refused(() => {}, "microexpnet-2019"),
        /"microexpnet-2019" needs 1 of shape 1152x48 \(hidden.weight\).* has 0\.$/,
      ],
      [refused((tensors) => tensors.clear()), /none of its 0 variables has the shape/],
      [refused((tensors) => tensors.delete("wfc")), /none of its 7 variables has the shape/],
      [
        refused((tensors) => tensors.delete("bfc")),
        /needs 2 of shape 16 \(conv1.bias, hidden.bias\).* has 1 \(bc1\)\.$/,
      ],
      [
        refused((tensors) => tensors.set("x", tensors.get("wo")!)),
        /needs 1 of shape 16x8.* has 2 \(wo, x\)\.$/,
      ],
      [
        refused((tensors) => tensors.set("x", extra)),
        /variable "x" of shape 2x2, which the network "microexpnet-2017"/,
      ],
      [
        refused((tensors) => tensors.get("bo")!.values.fill(NaN)),
        /variable "bo" has values that are not finite\.$/,
      ],
    ];
    for (const [run, sentence] of cases) {
      expect(run).toThrow(CheckpointError);
      expect(run).toThrow(sentence);
    }
  });
});
