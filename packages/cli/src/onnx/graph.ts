import { Message } from "./message.js";

/**
 * The parts of ONNX that a network needs, with the field numbers of
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (IR version 8, operator set 17).
 */

const intermediateVersion = 8;
const operatorSet = 17;
const float32 = 1;
const int64 = 7;

export type Attribute = number | readonly number[] | { readonly float: number };

function attribute(name: string, value: Attribute): Message {
  const message = new Message().add(1, name);
  if (typeof value === "number") return message.add(3, value).add(20, 2);
  if ("float" in value) return message.add(2, value).add(20, 1);
  return message.add(8, value).add(20, 7);
}

/** Description of a tensor whose first dimension, the batch, is open. */
function valueInfo(name: string, dimensions: readonly number[]): Message {
  const shape = new Message().add(1, new Message().add(2, "batch"));
  for (const dimension of dimensions) shape.add(1, new Message().add(1, dimension));
  const tensor = new Message().add(1, float32).add(2, shape);
  return new Message().add(1, name).add(2, new Message().add(1, tensor));
}

/** A graph under construction: nodes in the order they run, and the constants they read. */
export class GraphBuilder {
  readonly #nodes: Message[] = [];
  readonly #constants: Message[] = [];

  /** Appends a node with one output; returns that output's name. */
  node(
    operator: string,
    output: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const message = new Message().add(1, inputs).add(2, output).add(3, output).add(4, operator);
    for (const [name, value] of Object.entries(attributes)) message.add(5, attribute(name, value));
    this.#nodes.push(message);
    return output;
  }

  /** Appends an array of float32; returns its name. */
  constant(name: string, shape: readonly number[], values: Float32Array): string {
    const bytes = new Uint8Array(values.length * 4);
    const view = new DataView(bytes.buffer);
    values.forEach((value, i) => view.setFloat32(i * 4, value, true));
    this.#constants.push(new Message().add(1, shape).add(2, float32).add(8, name).add(9, bytes));
    return name;
  }

  /** Appends a list of whole numbers of at least 0; returns its name. */
  integers(name: string, values: readonly number[]): string {
    const bytes = new Uint8Array(values.length * 8);
    const view = new DataView(bytes.buffer);
    for (const [i, value] of values.entries()) view.setBigInt64(i * 8, BigInt(value), true);
    this.#constants.push(new Message().add(1, values.length).add(2, int64).add(8, name).add(9, bytes));
    return name;
  }

  /** The finished model's bytes. Shapes are given without the batch, which is open. */
  finish(description: {
    readonly name: string;
    readonly text: string;
    readonly input: { readonly name: string; readonly shape: readonly number[] };
    readonly output: { readonly name: string; readonly shape: readonly number[] };
    readonly metadata: Readonly<Record<string, string>>;
  }): Uint8Array {
    const { name, text, input, output, metadata } = description;
    const graph = new Message()
      .add(1, this.#nodes)
      .add(2, name)
      .add(5, this.#constants)
      .add(11, valueInfo(input.name, input.shape))
      .add(12, valueInfo(output.name, output.shape));
    const model = new Message()
      .add(1, intermediateVersion)
      .add(2, "microexpnet")
      .add(6, text)
      .add(7, graph)
      .add(8, new Message().add(2, operatorSet));
    for (const [key, value] of Object.entries(metadata)) {
      model.add(14, new Message().add(1, key).add(2, value));
    }
    return model.finish();
  }
}
