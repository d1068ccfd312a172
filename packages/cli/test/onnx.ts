import { PbfReader } from "pbf";

/**
 * Reads ONNX files with a protocol buffer library and runs them in the plainest way: a check on the writer
 * that shares no code with it. Maps are [batch, channels, height, width], one image at a time.
 */

export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

export interface OnnxNode {
  operator: string;
  inputs: string[];
  outputs: string[];
  attributes: Map<string, number | number[]>;
}

export interface OnnxModel {
  operatorSet: number;
  nodes: OnnxNode[];
  constants: Map<string, Tensor>;
  inputs: { name: string; shape: (number | string)[] }[];
  outputs: { name: string; shape: (number | string)[] }[];
  metadata: Map<string, string>;
}

function readTensor(pbf: PbfReader): [string, Tensor] {
  const shape: number[] = [];
  let name = "";
  let type = 0;
  let raw = new Uint8Array();
  pbf.readMessage((tag) => {
    if (tag === 1) shape.push(pbf.readVarint());
    if (tag === 2) type = pbf.readVarint();
    if (tag === 8) name = pbf.readString();
    if (tag === 9) raw = Uint8Array.from(pbf.readBytes());
  }, undefined);
  const numbers =
    type === 1 ? new Float32Array(raw.buffer) : Array.from(new BigInt64Array(raw.buffer), Number);
  return [name, { shape, values: Float64Array.from(numbers) }];
}

function readNode(pbf: PbfReader): OnnxNode {
  const node: OnnxNode = { operator: "", inputs: [], outputs: [], attributes: new Map() };
  pbf.readMessage((tag) => {
    if (tag === 1) node.inputs.push(pbf.readString());
    if (tag === 2) node.outputs.push(pbf.readString());
    if (tag === 4) node.operator = pbf.readString();
    if (tag !== 5) return;
    let name = "";
    let single = 0;
    let type = 0;
    const list: number[] = [];
    pbf.readMessage((part) => {
      if (part === 1) name = pbf.readString();
      if (part === 2) single = pbf.readFloat();
      if (part === 3) single = pbf.readVarint();
      if (part === 8) list.push(pbf.readVarint());
      if (part === 20) type = pbf.readVarint();
    }, undefined);
    node.attributes.set(name, type === 7 ? list : single);
  }, undefined);
  return node;
}

function readValueInfo(pbf: PbfReader) {
  const info = { name: "", shape: [] as (number | string)[] };
  const inside = (field: number, then: () => void) => () =>
    pbf.readMessage((tag) => {
      if (tag === field) then();
    }, undefined);
  const dimension = () =>
    pbf.readMessage((tag) => {
      if (tag === 1) info.shape.push(pbf.readVarint());
      if (tag === 2) info.shape.push(pbf.readString());
    }, undefined);
  pbf.readMessage((tag) => {
    if (tag === 1) info.name = pbf.readString();
    if (tag === 2) inside(1, inside(2, inside(1, dimension)))();
  }, undefined);
  return info;
}

export function readOnnx(bytes: Uint8Array): OnnxModel {
  const pbf = new PbfReader(bytes);
  const metadata = new Map<string, string>();
  const model: OnnxModel = {
    operatorSet: 0,
    nodes: [],
    constants: new Map(),
    inputs: [],
    outputs: [],
    metadata,
  };
  pbf.readFields((tag) => {
    if (tag === 8) {
      pbf.readMessage((part) => {
        if (part === 2) model.operatorSet = pbf.readVarint();
      }, undefined);
    }
    if (tag === 14) {
      const pair = ["", ""];
      pbf.readMessage((part) => {
        pair[part - 1] = pbf.readString();
      }, undefined);
      metadata.set(pair[0], pair[1]);
    }
    if (tag !== 7) return;
    pbf.readMessage((part) => {
      if (part === 1) model.nodes.push(readNode(pbf));
      if (part === 5) model.constants.set(...readTensor(pbf));
      if (part === 11) model.inputs.push(readValueInfo(pbf));
      if (part === 12) model.outputs.push(readValueInfo(pbf));
    }, undefined);
  }, undefined);
  return model;
}

/** Visits each window of a map: the output's index, and the input's indices that lie inside the map. */
function windows(x: Tensor, node: OnnxNode) {
  const list = (name: string) => node.attributes.get(name) as number[];
  const [kernel, strides, pads] = [list("kernel_shape"), list("strides"), list("pads")];
  const [, channels, height, width] = x.shape;
  const rows = Math.floor((height + pads[0] + pads[2] - kernel[0]) / strides[0]) + 1;
  const columns = Math.floor((width + pads[1] + pads[3] - kernel[1]) / strides[1]) + 1;
  const taps = (row: number, column: number, channel: number) => {
    const found: { tap: number; index: number }[] = [];
    for (let i = 0; i < kernel[0]; i++) {
      for (let j = 0; j < kernel[1]; j++) {
        const [y, z] = [row * strides[0] - pads[0] + i, column * strides[1] - pads[1] + j];
        if (y < 0 || y >= height || z < 0 || z >= width) continue;
        found.push({ tap: i * kernel[1] + j, index: (channel * height + y) * width + z });
      }
    }
    return found;
  };
  const fill = (filters: number, value: (filter: number, row: number, column: number) => number): Tensor => {
    const values = new Float64Array(filters * rows * columns);
    for (let i = 0; i < values.length; i++) {
      values[i] = value(Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows, i % columns);
    }
    return { shape: [1, filters, rows, columns], values };
  };
  return { channels, area: kernel[0] * kernel[1], taps, fill };
}

function channelOf(x: Tensor, index: number): number {
  const area = (x.shape[2] ?? 1) * (x.shape[3] ?? 1);
  return Math.floor(index / area) % x.shape[1];
}

function runNode(node: OnnxNode, inputs: readonly Tensor[]): Tensor {
  const [x, second, third, mean, variance] = inputs;
  const mapped = (value: (v: number, index: number) => number): Tensor => ({
    shape: x.shape,
    values: x.values.map(value),
  });
  const scalar = (other: Tensor, index: number) => other.values[other.shape.length === 0 ? 0 : index];
  switch (node.operator) {
    case "Identity":
      return x;
    case "Mul": {
      // One value, or one a channel as [1, channels, 1, 1].
      const perChannel = second.shape.join() === [1, x.shape[1], 1, 1].join();
      if (second.shape.length > 0 && !perChannel) throw new Error("shapes differ");
      return mapped((v, i) => v * second.values[perChannel ? channelOf(x, i) : 0]);
    }
    case "Sigmoid":
      return mapped((v) => 1 / (1 + Math.exp(-v)));
    case "Add":
      if (second.shape.length > 0 && second.shape.join() !== x.shape.join()) throw new Error("shapes differ");
      return mapped((v, i) => v + scalar(second, i));
    case "Relu":
      return mapped((v) => Math.max(v, 0));
    case "Conv": {
      const { channels, area, taps, fill } = windows(x, node);
      const groups = node.attributes.get("group") as number;
      const [filters, inner] = second.shape;
      if (inner * groups !== channels) throw new Error("channels do not fit");
      return fill(filters, (filter, row, column) => {
        const first = Math.floor(filter / (filters / groups)) * inner;
        let sum = third ? third.values[filter] : 0;
        for (let channel = 0; channel < inner; channel++) {
          for (const { tap, index } of taps(row, column, first + channel)) {
            sum += x.values[index] * second.values[(filter * inner + channel) * area + tap];
          }
        }
        return sum;
      });
    }
    case "MaxPool": {
      const { channels, taps, fill } = windows(x, node);
      return fill(channels, (channel, row, column) =>
        Math.max(...taps(row, column, channel).map(({ index }) => x.values[index])),
      );
    }
    case "GlobalAveragePool": {
      const values = new Float64Array(x.shape[1]);
      x.values.forEach((v, i) => (values[channelOf(x, i)] += v / (x.shape[2] * x.shape[3])));
      return { shape: [1, x.shape[1], 1, 1], values };
    }
    case "BatchNormalization": {
      const epsilon = node.attributes.get("epsilon") as number;
      return mapped((v, i) => {
        const c = channelOf(x, i);
        const normal = (v - mean.values[c]) / Math.sqrt(variance.values[c] + epsilon);
        return normal * second.values[c] + third.values[c];
      });
    }
    case "Gemm": {
      const [length, units] = second.shape;
      if (x.shape.length !== 2 || x.shape[1] !== length) throw new Error("lengths differ");
      const values = Float64Array.from({ length: units }, (_, unit) =>
        x.values.reduce((sum, v, i) => sum + v * second.values[i * units + unit], third?.values[unit] ?? 0),
      );
      return { shape: [1, units], values };
    }
    case "Transpose": {
      if (String(node.attributes.get("perm")) !== "0,2,3,1") throw new Error("another order");
      const [, channels, height, width] = x.shape;
      const area = height * width;
      const values = x.values.map((_, i) => x.values[(i % channels) * area + Math.floor(i / channels)]);
      return { shape: [1, height, width, channels], values };
    }
    case "Flatten":
      return { shape: [1, x.values.length], values: x.values };
    case "Unsqueeze":
      return { shape: [...x.shape, 1, 1], values: x.values };
    default:
      throw new Error(`unknown operator ${node.operator}`);
  }
}

/** The output of a model for one image [1, channels, height, width]. */
export function runOnnx(model: OnnxModel, pixels: Float64Array): Float64Array {
  const shape = model.inputs[0].shape.map((n) => (n === "batch" ? 1 : Number(n)));
  const values = new Map<string, Tensor>([
    ...model.constants,
    [model.inputs[0].name, { shape, values: pixels }],
  ]);
  for (const node of model.nodes) {
    const inputs = node.inputs.map((name) => {
      const value = values.get(name);
      if (!value) throw new Error(`${node.operator} reads ${name}, which nothing made before it`);
      return value;
    });
    if (values.has(node.outputs[0])) throw new Error(`${node.outputs[0]} is made twice`);
    values.set(node.outputs[0], runNode(node, inputs));
  }
  return values.get(model.outputs[0].name)!.values;
}
