// Reads the part of a TensorFlow Lite file that a float network of convolutions needs. Field numbers and enums
// are those of the published schema (tensorflow/lite/schema/schema.fbs).
import { ByteBuffer } from "flatbuffers";

const operationNames = new Map([
  [0, "add"],
  [2, "concatenation"],
  [3, "convolution"],
  [4, "depthwiseConvolution"],
  [6, "dequantize"],
  [17, "maxPool"],
  [19, "relu"],
  [22, "reshape"],
  [34, "pad"],
]);
const elementTypes = new Map([
  [0, "float32"],
  [1, "float16"],
  [2, "int32"],
]);

/** A table of the file: its fields by number, as the schema counts them. */
class Table {
  constructor(buffer, position) {
    this.buffer = buffer;
    this.position = position;
  }

  #at(field) {
    const offset = this.buffer.__offset(this.position, 4 + 2 * field);
    return offset === 0 ? 0 : this.position + offset;
  }

  int(field) {
    const at = this.#at(field);
    return at === 0 ? 0 : this.buffer.readInt32(at);
  }

  byte(field) {
    const at = this.#at(field);
    return at === 0 ? 0 : this.buffer.readInt8(at);
  }

  text(field) {
    const at = this.#at(field);
    return at === 0 ? "" : this.buffer.__string(at);
  }

  table(field) {
    const at = this.#at(field);
    return at === 0 ? undefined : new Table(this.buffer, this.buffer.__indirect(at));
  }

  #vector(field, read) {
    const offset = this.buffer.__offset(this.position, 4 + 2 * field);
    if (offset === 0) return [];
    const start = this.buffer.__vector(this.position + offset);
    const length = this.buffer.__vector_len(this.position + offset);
    return Array.from({ length }, (_, i) => read(start, i));
  }

  ints(field) {
    return this.#vector(field, (start, i) => this.buffer.readInt32(start + 4 * i));
  }

  tables(field) {
    return this.#vector(field, (start, i) => new Table(this.buffer, this.buffer.__indirect(start + 4 * i)));
  }

  /** The vector's bytes, in place. */
  bytes(field) {
    const offset = this.buffer.__offset(this.position, 4 + 2 * field);
    if (offset === 0) return new Uint8Array();
    const start = this.buffer.__vector(this.position + offset);
    return this.buffer.bytes().subarray(start, start + this.buffer.__vector_len(this.position + offset));
  }
}

/** What an operation's options say, in the words of ours. */
function readOptions(kind, options) {
  const padding = () => (options.byte(0) === 0 ? "same" : "valid");
  const activation = (field) => {
    const code = options.byte(field);
    if (code > 1) throw new Error(`The activation ${code} of a ${kind} is not known.`);
    return code === 1 ? "relu" : "none";
  };
  switch (kind) {
    case "convolution":
      return {
        padding: padding(),
        stride: options.int(1),
        strideHeight: options.int(2),
        activation: activation(3),
      };
    case "depthwiseConvolution":
      return {
        padding: padding(),
        stride: options.int(1),
        strideHeight: options.int(2),
        activation: activation(4),
      };
    case "maxPool":
      return { padding: padding(), stride: options.int(1), size: options.int(3), activation: activation(5) };
    case "add":
      return { activation: activation(0) };
    case "concatenation":
      return { axis: options.int(0), activation: activation(1) };
    default:
      return {};
  }
}

/**
 * @param {Uint8Array} bytes the file
 * @returns tensors { shape, type, data } (data: the stored bytes, empty for what is computed), operations
 *   { kind, inputs, outputs, options } in the order in which they run, and the indices of the graph's inputs
 *   and outputs among the tensors
 * @throws Error with one sentence where the file is another kind or needs what is not read here
 */
export function readTflite(bytes) {
  const buffer = new ByteBuffer(bytes);
  if (new TextDecoder().decode(bytes.subarray(4, 8)) !== "TFL3")
    throw new Error("This is no TensorFlow Lite file.");
  const model = new Table(buffer, buffer.readInt32(0));
  const codes = model.tables(1).map((code) => Math.max(code.byte(0), code.int(3)));
  const buffers = model.tables(4);
  const [graph] = model.tables(2);
  const tensors = graph.tables(0).map((tensor) => ({
    shape: tensor.ints(0),
    type: elementTypes.get(tensor.byte(1)),
    data: buffers[tensor.int(2)].bytes(0),
  }));
  const operations = graph.tables(3).map((operation) => {
    const code = codes[operation.int(0)];
    const kind = operationNames.get(code);
    if (!kind) throw new Error(`The operation ${code} is not known.`);
    return {
      kind,
      inputs: operation.ints(1),
      outputs: operation.ints(2),
      options: readOptions(kind, operation.table(4)),
    };
  });
  return { tensors, operations, inputs: graph.ints(1), outputs: graph.ints(2) };
}
