import {
  analyze,
  batchNormalizationEpsilon,
  convolutionShape,
  foldBatchNormalization,
  type Model,
  type PlacedLayer,
  poolShape,
  windowGeometry,
} from "microexpnet/internal";
import { CommandError } from "../errors.js";
import { GraphBuilder } from "./graph.js";

/** A layer's output in the graph: a map [batch, channels, height, width], or a vector [batch, values]. */
interface Value {
  readonly name: string;
  readonly isVector: boolean;
}

/**
 * A model as an ONNX file. The graph reads `pixels`, [batch, channels, height, width] float32 values 0..255,
 * brings them to the network's range itself, and gives `logits`, [batch, labels]. What the numbers mean
 * (labels, crop, calibration, provenance) stands in the metadata as JSON. Batch normalisation is folded into
 * the layer before it where it can be; dropout, which does nothing here, is left out.
 *
 * @throws CommandError where a layer has no counterpart
 */
export function exportOnnx(model: Model): Uint8Array {
  const { network, weights } = foldBatchNormalization(model);
  const { layers, inputShape, outputShape } = analyze(network);
  const graph = new GraphBuilder();
  const [height, width, channels] = inputShape;
  const factor = graph.constant("input.scale", [], Float32Array.of(network.input.scale));
  const shift = graph.constant("input.offset", [], Float32Array.of(network.input.offset));
  graph.node("Mul", "scaled", ["pixels", factor]);
  const input: Value = { name: graph.node("Add", "input", ["scaled", shift]), isVector: false };
  const values: Value[] = [];
  for (const placed of layers) {
    const inputs = placed.inputs.map((index) => (index < 0 ? input : values[index]));
    const parameter = (role: string) => weights.get(`${placed.layer.name}.${role}`);
    values.push(exportLayer(graph, placed, inputs, parameter));
  }
  const outputs = outputShape.reduce((a, b) => a * b, 1);
  const last = layers[layers.length - 1];
  graph.node("Identity", "logits", [flattened(graph, values[values.length - 1], last.outputShape)]);
  const { scale, offset } = network.input;
  return graph.finish({
    name: network.name,
    text: `${network.name}: facial expression scores of ${height}x${width} faces, grey values 0..255.`,
    input: { name: "pixels", shape: [channels, height, width] },
    output: { name: "logits", shape: [outputs] },
    metadata: {
      labels: JSON.stringify(model.labels),
      crop: JSON.stringify(model.crop),
      calibration: JSON.stringify(model.calibration),
      preprocessing: JSON.stringify({ height, width, channels, range: [0, 255], scale, offset }),
      provenance: JSON.stringify(model.provenance),
    },
  });
}

function exportLayer(
  graph: GraphBuilder,
  placed: PlacedLayer,
  inputs: readonly Value[],
  parameter: (role: string) => Float32Array | undefined,
): Value {
  const { layer, inputShape } = placed;
  // A layer may be called "pixels" or "logits", which are the graph's own names.
  const name = `layer.${layer.name}`;
  const [x] = inputs;
  const [height, width, channels] = inputShape;
  const activated = (output: string): string =>
    "activation" in layer && layer.activation === "relu"
      ? graph.node("Relu", `${name}.relu`, [output])
      : output;
  const constant = (role: string, shape: readonly number[], values: Float32Array) =>
    graph.constant(`${name}.${role}`, shape, values);
  const bias = (length: number) => {
    const values = parameter("bias");
    return values ? [constant("bias", [length], values)] : [];
  };
  const map = (value: Value) => asMap(graph, value, name);
  switch (layer.kind) {
    case "convolution": {
      const shape = convolutionShape({ ...placed, layer });
      const { kernel, stride, groups, filters } = shape;
      const inner = channels / groups;
      // [row, column, channel, filter] to [filter, channel, row, column].
      const turned = permuted(parameter("weight")!, [kernel, kernel, inner, filters], [3, 2, 0, 1]);
      const weight = constant("weight", [filters, inner, kernel, kernel], turned);
      const output = graph.node("Conv", name, [map(x), weight, ...bias(filters)], {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: pads(windowGeometry(shape, kernel)),
        group: groups,
      });
      return { name: activated(output), isVector: false };
    }
    case "dense": {
      const weight = constant("weight", [height * width * channels, layer.units], parameter("weight")!);
      const flat = flattened(graph, x, inputShape, name);
      const output = graph.node("Gemm", name, [flat, weight, ...bias(layer.units)]);
      return { name: activated(output), isVector: true };
    }
    case "batchNormalization": {
      const roles = ["scale", "shift", "mean", "variance"];
      const parameters = roles.map((role) => constant(role, [channels], parameter(role)!));
      const epsilon = { float: layer.epsilon ?? batchNormalizationEpsilon };
      const output = graph.node("BatchNormalization", name, [x.name, ...parameters], { epsilon });
      return { name: activated(output), isVector: x.isVector };
    }
    case "maxPool": {
      const shape = poolShape({ ...placed, layer });
      const output = graph.node("MaxPool", name, [map(x)], {
        kernel_shape: [shape.size, shape.size],
        strides: [shape.stride, shape.stride],
        pads: pads(windowGeometry(shape, shape.size)),
      });
      return { name: output, isVector: false };
    }
    case "globalAveragePool":
      return { name: graph.node("GlobalAveragePool", name, [map(x)]), isVector: false };
    case "add": {
      const isVector = inputs.every((value) => value.isVector);
      const operands = inputs.map((value) => (isVector ? value.name : map(value)));
      return { name: activated(graph.node("Add", name, operands)), isVector };
    }
    case "gate": {
      const sigmoid = graph.node("Sigmoid", `${name}.sigmoid`, [map(x)]);
      return { name: graph.node("Mul", name, [map(inputs[1]), sigmoid]), isVector: false };
    }
    case "dropout":
      return x;
    default:
      throw new CommandError(
        `The layer "${(layer as { name: string }).name}" is of the kind ${(layer as { kind: string }).kind}, which cannot be exported to ONNX.`,
      );
  }
}

/** ONNX's order of paddings. A stride larger than the kernel may leave pixels over, which is no padding. */
function pads({ above, left, below, right }: ReturnType<typeof windowGeometry>): number[] {
  return [above, left, Math.max(below, 0), Math.max(right, 0)];
}

/** A value as [batch, channels, 1, 1] where it is a vector. */
function asMap(graph: GraphBuilder, value: Value, reader: string): string {
  if (!value.isVector) return value.name;
  const axes = graph.integers(`${reader}.${value.name}.axes`, [2, 3]);
  return graph.node("Unsqueeze", `${reader}.${value.name}.map`, [value.name, axes]);
}

/** A value as [batch, values] in the networks' own order: height, width, channel. */
function flattened(
  graph: GraphBuilder,
  value: Value,
  [height, width, channels]: PlacedLayer["inputShape"],
  reader = "logits",
): string {
  if (value.isVector) return value.name;
  let { name } = value;
  if (height * width > 1 && channels > 1) {
    name = graph.node("Transpose", `${reader}.channels-last`, [name], { perm: [0, 2, 3, 1] });
  }
  return graph.node("Flatten", `${reader}.flat`, [name], { axis: 1 });
}

/** The values of an array with its axes in another order. */
function permuted(values: Float32Array, shape: readonly number[], axes: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const target = axes.map((axis) => shape[axis]);
  const result = new Float32Array(values.length);
  for (let i = 0; i < result.length; i++) {
    let rest = i;
    let source = 0;
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      source += (rest % target[axis]) * strides[axes[axis]];
      rest = Math.floor(rest / target[axis]);
    }
    result[i] = values[source];
  }
  return result;
}
