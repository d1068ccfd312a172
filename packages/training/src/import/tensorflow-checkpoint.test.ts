import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { importAuthorsNetwork } from "./authors.js";
import { maskedCrc32c } from "./crc32c.js";
import { CheckpointError, readCheckpoint } from "./tensorflow-checkpoint.js";

/** A writer of the format, small enough to check by eye, so that the tests need no file. */
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const fixed32 = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
const numberField = (number: number, value: number) => (value === 0 ? [] : [number * 8, ...varint(value)]);
const bytesField = (number: number, bytes: number[]) => [number * 8 + 2, ...varint(bytes.length), ...bytes];
const utf8 = (text: string) => [...new TextEncoder().encode(text)];

function block(entries: [string, number[]][]): number[] {
  const bytes: number[] = [];
  let previous: number[] = [];
  for (const [name, value] of entries) {
    const key = utf8(name);
    let shared = 0;
    while (shared < previous.length && previous[shared] === key[shared]) shared++;
    bytes.push(...varint(shared), ...varint(key.length - shared), ...varint(value.length));
    bytes.push(...key.slice(shared), ...value);
    previous = key;
  }
  return [...bytes, ...fixed32(0), ...fixed32(1)];
}

/** @param compression type byte of the blocks, under their checksums. */
function table(entries: [string, number[]][], entriesPerBlock = 5, compression = 0): Uint8Array {
  const bytes: number[] = [];
  const place = (content: number[]) => {
    const handle = [...varint(bytes.length), ...varint(content.length)];
    const checked = [...content, compression];
    for (const byte of [...checked, ...fixed32(maskedCrc32c(Uint8Array.from(checked)))]) bytes.push(byte);
    return handle;
  };
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  const index: [string, number[]][] = [];
  for (let i = 0; i < sorted.length; i += entriesPerBlock) {
    const part = sorted.slice(i, i + entriesPerBlock);
    index.push([part[part.length - 1][0], place(block(part))]);
  }
  const handles = [...place(block([])), ...place(block(index))];
  const footer = [...handles, ...Array(40 - handles.length).fill(0)];
  return Uint8Array.from([...bytes, ...footer, 0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]);
}

interface Variable {
  name: string;
  shape: number[];
  /** float32 by default; others by their number in TensorFlow's types.proto. */
  elementType?: number;
  bytes?: Uint8Array;
}

interface Checkpoint {
  entries: [string, number[]][];
  index: Uint8Array;
  shards: Uint8Array[];
  values: Map<string, Float32Array>;
}

function writeCheckpoint(variables: Variable[], shardCount = 1): Checkpoint {
  const random = createRandom(7, "checkpoint");
  const values = new Map<string, Float32Array>();
  const contents = Array.from({ length: shardCount }, () => [] as Uint8Array[]);
  const lengths = contents.map(() => 0);
  const entries: [string, number[]][] = [["", [...numberField(1, shardCount), ...bytesField(3, [8, 1])]]];
  variables.forEach(({ name, shape, elementType = 1, bytes }, index) => {
    const numbers = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
      random.uniform(-1, 1),
    );
    const data = bytes ?? new Uint8Array(numbers.buffer);
    const shard = index % shardCount;
    values.set(name, numbers);
    contents[shard].push(data);
    const dimensions = shape.flatMap((size) => bytesField(2, numberField(1, size)));
    entries.push([
      name,
      [
        ...numberField(1, elementType),
        ...bytesField(2, dimensions),
        ...numberField(3, shard),
        ...numberField(4, lengths[shard]),
        ...numberField(5, data.length),
        6 * 8 + 5,
        ...fixed32(maskedCrc32c(data)),
      ],
    ]);
    lengths[shard] += data.length;
  });
  const shards = contents.map((parts, shard) => {
    const whole = new Uint8Array(lengths[shard]);
    let offset = 0;
    for (const part of parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  });
  return { entries, index: table(entries), shards, values };
}

/** The variables of a generation, each with Adam's slots, as TensorFlow saves them. */
function authorsVariables(inputs: number, units: number): Variable[] {
  const shapes: Record<string, number[]> = {
    wc1: [8, 8, 1, 16],
    bc1: [16],
    wc2: [4, 4, 16, 32],
    bc2: [32],
    wfc: [inputs, units],
    bfc: [units],
    wo: [units, 8],
    bo: [8],
  };
  const variables = Object.entries(shapes).flatMap(([name, shape]) =>
    ["", "/Adam", "/Adam_1"].map((slot) => ({ name: name + slot, shape })),
  );
  return [...variables, { name: "beta1_power", shape: [] }, { name: "beta2_power", shape: [] }];
}

const small: Variable[] = [
  { name: "layer/weights", shape: [3, 2] },
  { name: "layer/weights/Momentum", shape: [3, 2] },
  { name: "layer/biases", shape: [2] },
  { name: "rate", shape: [] },
  { name: "global_step", shape: [], elementType: 9, bytes: Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0) },
  { name: "count", shape: [], elementType: 3, bytes: Uint8Array.of(1, 0, 0, 0) },
  { name: "graph", shape: [], elementType: 7, bytes: Uint8Array.of(1, 2, 3) },
];

const read = ({ index, shards }: Pick<Checkpoint, "index" | "shards">) =>
  readCheckpoint(index, (id) => shards[id]);

/** The sentence a damaged checkpoint is refused with. */
function refusal(checkpoint: Pick<Checkpoint, "index" | "shards">): string {
  try {
    read(checkpoint);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    expect(error.message).toMatch(/^[A-Z].*\.$/);
    return error.message;
  }
  return "it was read";
}

describe("readCheckpoint", () => {
  it("gives the float32 variables of several shards and blocks, without what the optimiser keeps", () => {
    const checkpoint = writeCheckpoint(small, 3);
    const asked: string[] = [];
    const tensors = readCheckpoint(checkpoint.index, (id, count) => {
      asked.push(`${id} of ${count}`);
      return checkpoint.shards[id];
    });
    expect([...tensors.keys()]).toEqual(["layer/biases", "layer/weights", "rate"]);
    for (const [name, { shape, values }] of tensors) {
      expect(shape).toEqual(small.find((variable) => variable.name === name)!.shape);
      expect(values).toEqual(checkpoint.values.get(name));
    }
    expect(asked.sort()).toEqual(["0 of 3", "1 of 3", "2 of 3"]);
  });

  it.each([
    ["microexpnet-2017", 3872, 16],
    ["microexpnet-2019", 1152, 48],
  ])("reads what becomes %s", (name, inputs, units) => {
    const checkpoint = writeCheckpoint(authorsVariables(inputs, units));
    const model = importAuthorsNetwork(read(checkpoint));
    expect(model.network.name).toBe(name);
    const variables = {
      "conv1.weight": "wc1",
      "conv1.bias": "bc1",
      "conv2.weight": "wc2",
      "conv2.bias": "bc2",
    };
    const more = { "hidden.weight": "wfc", "hidden.bias": "bfc", "scores.weight": "wo", "scores.bias": "bo" };
    for (const [parameter, variable] of Object.entries({ ...variables, ...more })) {
      const written = checkpoint.values.get(variable)!;
      expect(model.weights.get(parameter)!.length).toBe(written.length);
      expect(model.weights.get(parameter)!.every((value, index) => value === written[index])).toBe(true);
    }
    expect(model.weights.size).toBe(8);
  });

  it("notices any changed bit of the index", () => {
    const { index, shards } = writeCheckpoint(small, 2);
    const survived: number[] = [];
    for (let bit = 0; bit < index.length * 8; bit++) {
      const damaged = index.slice();
      damaged[bit >>> 3] ^= 1 << (bit & 7);
      if (refusal({ index: damaged, shards }) === "it was read") survived.push(bit);
    }
    expect(survived).toEqual([]);
  });

  it("notices any shortened index", () => {
    const { index, shards } = writeCheckpoint(small);
    for (let length = 0; length < index.length; length++) {
      expect(refusal({ index: index.subarray(0, length), shards })).not.toBe("it was read");
    }
  });

  it("notices a changed bit of any tensor, dropped ones too, and names the tensor", () => {
    const { index, shards, entries } = writeCheckpoint(small);
    const names: string[] = [];
    // The last three bytes are those of the string, whose checksum is of another kind.
    for (let byte = 0; byte < shards[0].length - 3; byte++) {
      const damaged = shards[0].slice();
      damaged[byte] ^= 1 << (byte & 7);
      const sentence = refusal({ index, shards: [damaged] });
      expect(sentence).toMatch(/is damaged: it fails its checksum/);
      names.push(/"(.*)"/.exec(sentence)![1]);
    }
    expect(new Set(names)).toEqual(
      new Set(entries.map(([name]) => name).filter((name) => name && name !== "graph")),
    );
  });

  it("refuses indexes whose checksums hold but whose content does not", () => {
    const { entries, shards } = writeCheckpoint(small);
    const withEntry = (name: string, bytes: number[]) =>
      refusal({ index: table(entries.map(([key, old]) => [key, key === name ? bytes : old])), shards });
    const crc = [6 * 8 + 5, ...fixed32(maskedCrc32c(shards[0].subarray(0, 24)))];
    const shape = (...sizes: number[]) =>
      bytesField(
        2,
        sizes.flatMap((size) => bytesField(2, numberField(1, size))),
      );
    const first = (sizes: number[], ...more: number[]) =>
      withEntry("layer/weights", [8, 1, ...shape(...sizes), 40, 24, ...crc, ...more]);
    expect(first([3, 2])).toBe("it was read");
    expect(first([3, 3])).toMatch(/"layer\/weights" has 24 bytes, but the shape 3x3/);
    expect(first(Array(9).fill(1))).toMatch(/more than 8 axes/);
    expect(first([3, 2], 24, 4)).toMatch(/lies in data file 4 of 1/);
    expect(first([3, 2], 32, 100)).toMatch(/ends at byte 124, but its data file has 75 bytes/);
    expect(first([3, 2], 32, ...Array(9).fill(255), 1)).toMatch(/negative or too large/);
    expect(first([3, 2], 32, 128, 0)).toMatch(/number that is padded/);
    expect(first([3, 2], ...bytesField(7, []))).toMatch(/split into slices/);
    expect(first([3, 2], 3)).toMatch(/unknown wire type 3/);
    expect(first([3, 2], 34, 50)).toMatch(/ends too early/);
    expect(first([3, 2], ...bytesField(5, [1]))).toMatch(/has bytes where field 5 is a number/);
    expect(withEntry("", [8, 0])).toMatch(/claims 0 data files/);
    expect(withEntry("", [8, 1, 16, 1])).toMatch(/big-endian/);
    expect(refusal({ index: table(entries.slice(1)), shards })).toMatch(/has no header/);
    expect(refusal({ index: table(entries, 5, 1), shards })).toMatch(/compression 1/);
    const twin: [string, number[]] = ["twin", entries.find(([name]) => name === "layer/weights")![1]];
    const thrice = [...entries, twin, ["twins", twin[1]] as [string, number[]]];
    expect(refusal({ index: table([...thrice, ["twin3", twin[1]], ["twin4", twin[1]]]), shards })).toMatch(
      /shares its bytes with another/,
    );
  });
});
