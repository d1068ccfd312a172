import { describe, expect, it } from "vitest";
import { fromFloat16Bits, toFloat16Bits } from "./float16.js";
import { type Model, ModelFileError, readModelFile, writeModelFile } from "./model-file.js";
import { analyze, type Network } from "./network.js";

const network: Network = {
  name: "tiny",
  input: { height: 3, width: 3, channels: 1, scale: 1 / 127.5, offset: -1 },
  layers: [
    { kind: "convolution", name: "c", filters: 3, kernel: 1 },
    { kind: "batchNormalization", name: "n", activation: "relu" },
    { kind: "dense", name: "d", units: 2 },
  ],
};

/** A linear congruential generator, so that a failure can be repeated. */
function createInteger(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

function makeModel(): Model {
  const weights = new Map<string, Float32Array>();
  for (const { name, length } of analyze(network).parameters) {
    weights.set(
      name,
      Float32Array.from({ length }, (_, i) => 0.1 + i / 3),
    );
  }
  return {
    network,
    labels: ["happy", "sad"],
    weights,
    crop: { source: "eyes", leftEye: [0.3, 0.4], rightEye: [0.7, 0.4], mouth: [0.5, 0.8] },
    calibration: {
      temperature: 1.7,
      prior: [0.25, 0.75],
      runnersUp: [
        [0, 0.2],
        [0.75, 0],
      ],
      threshold: 0.6,
    },
    provenance: { seed: 3, data: "drawn", nested: { b: [1, "ä"], a: null } },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the tests put values of any type into these objects.
type Loose = Record<string, any>;

interface Opened {
  header: Loose;
  data: Uint8Array;
}

/** Takes a file apart without the code under test. */
function open(bytes: Uint8Array): Opened {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  return { header, data: bytes.slice(8 + length) };
}

function close(header: unknown, data: Uint8Array): Uint8Array {
  const text =
    header instanceof Uint8Array
      ? header
      : new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

/** A file changed by `change`, with the metadata's JSON entries parsed for it. */
function changed(change: (opened: Opened, metadata: Loose) => void): Uint8Array {
  const opened = open(writeModelFile(makeModel()));
  const stored = opened.header["__metadata__"];
  const parts = ["network", "labels", "crop", "calibration", "provenance"];
  const metadata = { ...stored };
  for (const part of parts) metadata[part] = JSON.parse(stored[part]);
  opened.header["__metadata__"] = metadata;
  change(opened, metadata);
  for (const part of parts) if (part in metadata) metadata[part] = JSON.stringify(metadata[part]);
  return close(opened.header, opened.data);
}

/** A file with one of the metadata's texts replaced. */
function withText(key: string, text: string): Uint8Array {
  const { header, data } = open(writeModelFile(makeModel()));
  header["__metadata__"][key] = text;
  return close(header, data);
}

function refusal(bytes: Uint8Array): string {
  try {
    readModelFile(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(ModelFileError);
    return (error as Error).message;
  }
  throw new Error("the file was read");
}

describe("model file", () => {
  it("gives back what was written", () => {
    expect(readModelFile(writeModelFile(makeModel()))).toEqual(makeModel());
  });

  it("is safetensors: header padded to 8 bytes, tensors in the network's order, plain little-endian values", () => {
    const model = makeModel();
    const bytes = writeModelFile(model);
    const { header, data } = open(bytes);
    expect((bytes.length - data.length) % 8).toBe(0);
    expect(header["__metadata__"].format).toBe("microexpnet");
    expect(header["__metadata__"].version).toBe("1");
    const names = Object.keys(header).filter((name) => name !== "__metadata__");
    expect(names).toEqual([
      "c.weight",
      "c.bias",
      "n.scale",
      "n.shift",
      "n.mean",
      "n.variance",
      "d.weight",
      "d.bias",
    ]);
    expect(header["d.weight"]).toMatchObject({ dtype: "F32", shape: [27, 2] });
    const [begin, end] = header["d.weight"].data_offsets;
    expect(end - begin).toBe(27 * 2 * 4);
    const view = new DataView(data.buffer, data.byteOffset + begin);
    expect(Array.from({ length: 54 }, (_, i) => view.getFloat32(i * 4, true))).toEqual([
      ...model.weights.get("d.weight")!,
    ]);
  });

  it("writes equal bytes for equal models, whatever the order of their members", () => {
    const model = makeModel();
    const reordered: Model = {
      ...model,
      weights: new Map([...model.weights].reverse()),
      provenance: { nested: { a: null, b: [1, "ä"] }, data: "drawn", seed: 3 },
    };
    expect(writeModelFile(reordered)).toEqual(writeModelFile(model));
  });

  it("rounds weights to bytes with a unit per filter, and nothing else", () => {
    const { weights, ...rest } = makeModel();
    const model = { ...rest, weights: new Map([...weights, ["c.weight", Float32Array.of(-254, 0, 1e-30)]]) };
    const bytes = writeModelFile(model, { precision: "int8" });
    const { header, data } = open(bytes);
    const stored = ["c.weight", "d.weight"].map((name) => [header[name].dtype, header[`${name}.unit`].dtype]);
    expect(stored).toEqual([
      ["I8", "F32"],
      ["I8", "F32"],
    ]);
    const [begin, end] = header["c.weight"].data_offsets;
    expect([...new Int8Array(data.buffer, data.byteOffset + begin, end - begin)]).toEqual([-127, 0, 127]);
    for (const { dtype, data_offsets: [from] = [0] } of Object.values(header)) {
      if (dtype === "F32") expect(from % 4).toBe(0);
    }
    const copy = readModelFile(bytes);
    expect([...copy.weights.keys()]).toEqual(analyze(network).parameters.map(({ name }) => name));
    expect([...copy.weights.get("c.weight")!]).toEqual([
      -254,
      0,
      Math.fround(127 * Math.fround(1e-30 / 127)),
    ]);
    for (const [name, values] of model.weights) {
      const largest = [0, 1].map((filter) =>
        Math.max(...values.filter((_, i) => i % 2 === filter).map(Math.abs)),
      );
      for (const [i, value] of values.entries()) {
        const step = name === "d.weight" ? largest[i % 2] / 127 : 0;
        if (name !== "c.weight") {
          expect(Math.abs(copy.weights.get(name)![i] - value)).toBeLessThanOrEqual(step / 2 + 1e-6 * value);
        }
      }
    }
  });

  it("takes a quarter of the size in bytes, and gives the same bytes again", () => {
    const large = { ...network, layers: [{ kind: "dense", name: "d", units: 200 }] } as Network;
    const model: Model = {
      ...makeModel(),
      network: { ...large, input: { ...large.input, height: 30, width: 10 } },
      labels: Array.from({ length: 200 }, (_, i) => `class ${i}`),
      calibration: { temperature: 1 },
      weights: new Map([
        ["d.weight", Float32Array.from({ length: 60_000 }, (_, i) => Math.sin(i))],
        ["d.bias", new Float32Array(200)],
      ]),
    };
    const small = writeModelFile(model, { precision: "int8" });
    expect(small.length / writeModelFile(model).length).toBeLessThan(0.28);
    expect(writeModelFile(readModelFile(small), { precision: "int8" })).toEqual(small);
  });

  it("refuses bytes whose units are missing, and bytes that are no weights", () => {
    const { header, data } = open(writeModelFile(makeModel(), { precision: "int8" }));
    const refused = (change: (header: Loose) => void) => {
      const changed = structuredClone(header);
      change(changed);
      return () => readModelFile(close(changed, data));
    };
    const rename = (from: string, to: string) => (header: Loose) => {
      header[to] = header[from];
      delete header[from];
    };
    expect(refused(rename("c.weight.unit", "c.weight.units"))).toThrow(/"c\.weight\.units", which/);
    expect(
      refused((h) => {
        h["c.weight.unit"].shape = [1, 3];
      }),
    ).toThrow(/"c\.weight" is of the type I8, but no tensor "c\.weight\.unit" has its 3 units\./);
    expect(
      refused((h) => {
        // 3 of the 12 bytes of a bias, the others in a tensor that is not asked for.
        const [begin] = h["c.bias"].data_offsets;
        h["c.bias"] = { dtype: "I8", shape: [3], data_offsets: [begin, begin + 3] };
        h["c.bias.unit"] = { dtype: "I8", shape: [9], data_offsets: [begin + 3, begin + 12] };
      }),
    ).toThrow(/"c\.bias" is of the type I8, which only weights can be\./);
  });

  it("rounds to float16 and widens again", () => {
    const model = makeModel();
    const bytes = writeModelFile(model, { precision: "float16" });
    expect(open(bytes).data.length * 2).toBe(open(writeModelFile(model)).data.length);
    const read = readModelFile(bytes);
    for (const [name, values] of model.weights) {
      expect(read.weights.get(name)).toEqual(values.map((value) => fromFloat16Bits(toFloat16Bits(value))));
    }
  });

  it("reads from any place in a larger buffer, shared ones too", () => {
    const bytes = writeModelFile(makeModel());
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 3), 3);
    shared.set(bytes);
    expect(readModelFile(shared)).toEqual(makeModel());
  });

  it("refuses to write what it could not read", () => {
    const bad = (change: Partial<Model>, precision?: "float16") => () =>
      writeModelFile({ ...makeModel(), ...change }, { precision });
    const weights = (name: string, values: Float32Array) => ({
      weights: new Map([...makeModel().weights, [name, values]]),
    });
    expect(bad({ labels: ["happy"], calibration: { temperature: 1 } })).toThrow(
      /1 labels, but its network has 2 outputs/,
    );
    expect(bad({ calibration: { temperature: 0 } })).toThrow(/temperature must be a positive number, not 0/);
    for (const prior of [[1], [0.5, 0.6], [0, 1], "ab", [0.5, Number.NaN]]) {
      expect(bad({ calibration: { temperature: 1, prior: prior as number[] } })).toThrow(
        /prior is not one share above 0/,
      );
    }
    for (const runnersUp of [
      [],
      [[0, 1]],
      [[0, 1], 1],
      [
        [0, 1],
        [2, 0],
      ],
      [[0, 1], [0]],
      "ab",
    ]) {
      expect(bad({ calibration: { temperature: 1, runnersUp: runnersUp as number[][] } })).toThrow(
        /runnersUp is not one share for each pair/,
      );
    }
    expect(bad({ calibration: { temperature: 1, threshold: 2 } })).toThrow(/threshold is not a probability/);
    expect(bad(weights("d.bias", Float32Array.of(1)))).toThrow(/"d.bias" has 1 values.*needs 2/);
    expect(bad(weights("d.bias", Float32Array.of(1, NaN)))).toThrow(/"d.bias" has the value NaN at index 1/);
    expect(bad(weights("d.bias", Float32Array.of(1, 7e4)), "float16")).toThrow(/too large for float16/);
    expect(bad({ provenance: { count: 3n } })).toThrow(/provenance cannot be written as JSON/);
    expect(bad({ provenance: JSON.parse("[".repeat(200) + "]".repeat(200)) })).toThrow(ModelFileError);
  });
});

const header = (text: unknown) => close(text, new Uint8Array(0));
const withLength = (length: bigint) => {
  const bytes = writeModelFile(makeModel());
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  return bytes;
};
const setValue = (name: string, value: number) =>
  changed(({ header, data }) => {
    new DataView(data.buffer).setFloat32(header[name].data_offsets[0], value, true);
  });

/** Damage or attack, and what the sentence about it must say. */
const hostile: [name: string, bytes: () => Uint8Array, sentence: RegExp][] = [
  ["an empty file", () => new Uint8Array(0), /has 0 bytes, too few/],
  ["a file of 7 bytes", () => new Uint8Array(7), /has 7 bytes, too few/],
  ["a header longer than the file", () => withLength(100_000n), /header of 100000 bytes but has only/],
  ["a 2 GB header", () => withLength(2n ** 31n), /header of 2147483648 bytes, more than/],
  ["a header of 2^64 bytes", () => withLength(2n ** 64n - 1n), /header of 18446744073709552000 bytes, more/],
  ["a header that is not UTF-8", () => header(Uint8Array.of(0x7b, 0xff, 0x7d)), /is not UTF-8/],
  ["a header that is not JSON", () => header("{"), /header is not JSON/],
  ["a byte order mark", () => header("\ufeff{}"), /header is not JSON/],
  ["an array as header", () => header([]), /header is not a JSON object/],
  ["null as header", () => header("null"), /header is not a JSON object/],
  ["a header nested too deeply", () => header("[".repeat(1e5) + "]".repeat(1e5)), /header nests too deeply/],
  ["no metadata", () => changed(({ header }) => delete header["__metadata__"]), /has no metadata/],
  ["metadata that is a list", () => header({ __metadata__: [] }), /metadata is not a JSON object/],
  [
    "a number in the metadata",
    () => header({ __metadata__: { a: 1 } }),
    /metadata entry "a" is not a string/,
  ],
  [
    "a tensor that is null",
    () => changed(({ header }) => (header["c.bias"] = null)),
    /"c.bias" is not described/,
  ],
  ["an unknown type", () => changed(({ header }) => (header["c.bias"].dtype = "F8")), /unknown type "F8"/],
  [
    "a type that every object has",
    () => changed(({ header }) => (header["c.bias"].dtype = "constructor")),
    /unknown type "constructor"/,
  ],
  ["a missing type", () => changed(({ header }) => delete header["c.bias"].dtype), /unknown type undefined/],
  [
    "a shape with a negative number",
    () => changed(({ header }) => (header["c.bias"].shape = [-3])),
    /"c.bias" has a shape that/,
  ],
  [
    "a shape with a fraction",
    () => changed(({ header }) => (header["c.bias"].shape = [1.5])),
    /"c.bias" has a shape that/,
  ],
  [
    "a shape of 9 axes",
    () => changed(({ header }) => (header["c.bias"].shape = Array(9).fill(1))),
    /at most 8/,
  ],
  [
    "a huge shape",
    () => changed(({ header }) => (header["c.bias"].shape = Array(8).fill(2 ** 50))),
    /"c.bias" has 12 bytes where its type and shape need/,
  ],
  [
    "a size that does not fit the shape",
    () => changed(({ header }) => (header["c.bias"].shape = [4])),
    /has 12 bytes where its type and shape need 16/,
  ],
  [
    "negative offsets",
    () => changed(({ header }) => (header["c.bias"].data_offsets = [-12, 0])),
    /offsets that are not/,
  ],
  [
    "offsets that are text",
    () => changed(({ header }) => (header["c.bias"].data_offsets = "ab")),
    /offsets that are not/,
  ],
  [
    "reversed offsets",
    () => changed(({ header }) => header["c.bias"].data_offsets.reverse()),
    /ends at byte 12, before its begin at byte 24/,
  ],
  [
    "offsets beyond the file",
    () => changed(({ header }) => (header["c.bias"].data_offsets = [10_000, 10_012])),
    /"c.bias" ends at byte 10012, but only/,
  ],
  [
    "overlapping tensors",
    () => changed(({ header }) => (header["c.bias"].data_offsets = [8, 20])),
    /"c.bias" overlaps/,
  ],
  [
    "tensors in one place",
    () => changed(({ header }) => (header["c.bias"].data_offsets = [0, 12])),
    /overlaps/,
  ],
  [
    "a hole",
    () => changed(({ header }) => delete header["c.bias"]),
    /12 unused bytes before its tensor "n.scale"/,
  ],
  [
    "a hole at the end",
    () => changed((opened) => (opened.data = new Uint8Array([...opened.data, 0]))),
    /1 unused bytes after/,
  ],
  [
    "a missing end",
    () => changed((opened) => (opened.data = opened.data.slice(0, -1))),
    /"d.bias" ends at byte/,
  ],
  ["a NaN weight", () => setValue("c.weight", NaN), /"c.weight" has the value NaN at index 0/],
  ["an infinite weight", () => setValue("d.bias", -Infinity), /"d.bias" has the value -Infinity at index 0/],
  ["a negative variance", () => setValue("n.variance", -1), /"n.variance" has the negative variance -1/],
  [
    "a missing tensor",
    () =>
      changed((opened) => {
        delete opened.header["d.bias"];
        opened.data = opened.data.slice(0, -8);
      }),
    /lacks the tensor "d.bias"/,
  ],
  [
    "an additional tensor",
    () =>
      changed(
        ({ header, data }) =>
          (header["extra"] = { dtype: "F32", shape: [0], data_offsets: [data.length, data.length] }),
      ),
    /tensor "extra", which its network does not use/,
  ],
  [
    "a tensor named __proto__",
    () =>
      changed(({ header }) =>
        Object.defineProperty(header, "__proto__", { value: header["c.bias"], enumerable: true }),
      ),
    /uses the name __proto__/,
  ],
  [
    "a shape of the wrong rank",
    () => changed(({ header }) => (header["c.bias"].shape = [3, 1])),
    /"c.bias" has the shape 3x1, but its network needs 3/,
  ],
  ["no format", () => changed((_, metadata) => delete metadata["format"]), /lacks the entry "format"/],
  [
    "another format",
    () => changed((_, metadata) => (metadata["format"] = "pt")),
    /format is "pt", not "microexpnet"/,
  ],
  ["an unknown version", () => changed((_, metadata) => (metadata["version"] = "2")), /version "2"/],
  ["no network", () => changed((_, metadata) => delete metadata["network"]), /lacks the entry "network"/],
  [
    "a network that is null",
    () => changed((_, metadata) => (metadata["network"] = null)),
    /network is not a JSON object/,
  ],
  [
    "a network without a name",
    () => changed((_, metadata) => delete metadata["network"].name),
    /network has no name/,
  ],
  [
    "a network without layers",
    () => changed((_, metadata) => (metadata["network"].layers = [])),
    /network is not valid: The network has no layers/,
  ],
  [
    "a layer of an unknown kind",
    () => changed((_, metadata) => (metadata["network"].layers[1].kind = "constructor")),
    /unknown kind "constructor"/,
  ],
  [
    "a layer that reads a later one",
    () => changed((_, metadata) => (metadata["network"].layers[0].input = "d")),
    /reads "d", which is not a layer before it/,
  ],
  [
    "a layer that reads an object",
    () => changed((_, metadata) => (metadata["network"].layers[0].input = { toString: 1 })),
    /network is not valid: A layer is malformed/,
  ],
  [
    "a feature map that fills the memory",
    () =>
      changed((_, metadata) => Object.assign(metadata["network"].input, { height: 2 ** 20, width: 2 ** 20 })),
    /layer "c" has a feature map of \d+ values, more than/,
  ],
  ["a network that is not JSON", () => withText("network", "{"), /metadata entry "network" is not JSON/],
  [
    "a network with __proto__",
    () => withText("network", '{"__proto__":{"name":"x"}}'),
    /metadata entry "network" uses the name __proto__/,
  ],
  ["no labels", () => changed((_, metadata) => delete metadata["labels"]), /lacks the entry "labels"/],
  [
    "labels that are numbers",
    () => changed((_, metadata) => (metadata["labels"] = [1, 2])),
    /labels are not a list of names/,
  ],
  [
    "too many labels",
    () => changed((_, metadata) => metadata["labels"].push("anger")),
    /3 labels, but its network has 2 outputs/,
  ],
  [
    "a label twice",
    () => changed((_, metadata) => (metadata["labels"] = ["sad", "sad"])),
    /label "sad" twice/,
  ],
  [
    "a label __proto__",
    () => changed((_, metadata) => (metadata["labels"] = ["sad", "__proto__"])),
    /reserved label "__proto__"/,
  ],
  [
    "a temperature of 0",
    () => changed((_, metadata) => (metadata["calibration"].temperature = 0)),
    /positive number, not 0/,
  ],
  [
    "a negative temperature",
    () => changed((_, metadata) => (metadata["calibration"].temperature = -1)),
    /positive number, not -1/,
  ],
  [
    "a temperature in words",
    () => changed((_, metadata) => (metadata["calibration"].temperature = "1")),
    /positive number, not "1"/,
  ],
  [
    "no calibration",
    () => changed((_, metadata) => (metadata["calibration"] = null)),
    /positive number, not undefined/,
  ],
  [
    "a crop from nowhere",
    () => changed((_, metadata) => (metadata["crop"].source = "nose")),
    /crop has a source/,
  ],
  [
    "an eye outside the crop",
    () => changed((_, metadata) => (metadata["crop"].leftEye = [2, 0])),
    /leftEye that is not two fractions/,
  ],
  [
    "both eyes in one place",
    () => changed((_, metadata) => (metadata["crop"].leftEye = [0.7, 0.4])),
    /both eyes in one place/,
  ],
  [
    "a provenance that is a list",
    () => changed((_, metadata) => (metadata["provenance"] = [])),
    /provenance is not a JSON object/,
  ],
];

describe("a hostile model file", () => {
  it.each(hostile)("with %s gets one sentence", (_, bytes, sentence) => {
    const message = refusal(bytes());
    expect(message).toMatch(sentence);
    expect(message).toMatch(/^The model.*\.$/);
    expect(message.length).toBeLessThan(500);
  });

  it("keeps its sentence short however long its names are", () => {
    const long = "x".repeat(1e6);
    const unknown = changed(({ header }) => (header["c.bias"].dtype = long));
    expect(refusal(unknown).length).toBeLessThan(300);
    const kind = changed((_, metadata) => (metadata["network"].layers[1].kind = long));
    expect(refusal(kind).length).toBeLessThan(500);
  });

  it("loads or is refused by a ModelFileError, whatever bytes are changed or cut off", () => {
    const integer = createInteger(20);
    const originals = [
      writeModelFile(makeModel()),
      writeModelFile(makeModel(), { precision: "float16" }),
      writeModelFile(makeModel(), { precision: "int8" }),
    ];
    let refused = 0;
    let loaded = 0;
    for (let round = 0; round < 6000; round++) {
      let bytes: Uint8Array = originals[round % 2].slice();
      // Most changes go to the header, which holds the structure.
      const region = round % 3 === 0 ? bytes.length : bytes.length - open(bytes).data.length;
      for (let change = integer(4); change >= 0; change--) {
        const at = integer(region);
        bytes[at] = integer(2) === 0 ? bytes[at] ^ (1 << integer(8)) : integer(256);
      }
      if (integer(8) === 0) bytes = bytes.slice(0, integer(bytes.length));
      try {
        readModelFile(bytes);
        loaded++;
      } catch (error) {
        if (!(error instanceof ModelFileError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
    expect(loaded).toBeGreaterThan(100);
  });
});
