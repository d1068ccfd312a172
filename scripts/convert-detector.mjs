// Turns the graph of BlazeFace (Bazarevsky et al. 2019) into a network of ours.

/** Values of a stored tensor as float32. */
function storedValues({ type, data }, fromFloat16Bits) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (type === "float16") {
    return Float32Array.from({ length: data.length / 2 }, (_, i) =>
      fromFloat16Bits(view.getUint16(2 * i, true)),
    );
  }
  if (type === "float32") {
    return Float32Array.from({ length: data.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  }
  throw new Error(`Weights of the type ${type} cannot be read.`);
}

/** From [filter, row, column, channel], as TensorFlow Lite stores them, to [row, column, channel, filter]. */
function transposeWeights(values, [filters, rows, columns, channels]) {
  const result = new Float32Array(values.length);
  const taps = rows * columns * channels;
  for (let filter = 0; filter < filters; filter++) {
    for (let tap = 0; tap < taps; tap++) result[tap * filters + filter] = values[filter * taps + tap];
  }
  return result;
}

/**
 * Additions of a map padded by zero channels become additions of maps of different channels, a ReLU becomes the
 * activation of the layer before it, and the graph's two outputs become one vector: scores of the 16x16 map, of
 * the 8x8 map, then the boxes of the 16x16 map and of the 8x8 map.
 *
 * @param graph what `readTflite` gives
 * @param fromFloat16Bits value of the 16 bits of a half
 * @returns { network, weights }
 */
export function convertDetector({ tensors, operations, inputs, outputs }, fromFloat16Bits) {
  const layers = [];
  const weights = new Map();
  /** Name of the layer that computes a tensor, and the tensors that were only dequantised. */
  const nameOf = new Map([[inputs[0], "input"]]);
  const constants = new Map();
  const partsOf = new Map();
  const addLayer = (layer, operation) => {
    const name = `${layer.kind === "add" ? "add" : layer.kind === "maxPool" ? "pool" : "convolution"}${layers.length + 1}`;
    layers.push({ ...layer, name, input: nameOf.get(operation.inputs[0]) });
    nameOf.set(operation.outputs[0], name);
    return name;
  };
  for (const operation of operations) {
    const { kind, options } = operation;
    const [output] = operation.outputs;
    const [first, second, third] = operation.inputs;
    if (options.activation === "relu") throw new Error(`A ${kind} with an activation is not expected.`);
    switch (kind) {
      case "dequantize":
        constants.set(output, storedValues(tensors[first], fromFloat16Bits));
        break;
      case "convolution":
      case "depthwiseConvolution": {
        const { shape } = tensors[second];
        const depthwise = kind === "depthwiseConvolution";
        const { padding, stride } = options;
        if (options.strideHeight !== stride || shape[1] !== shape[2])
          throw new Error("A window is not square.");
        const filters = depthwise ? shape[3] : shape[0];
        const layer = { kind: "convolution", filters, kernel: shape[1], stride, padding };
        const name = addLayer(depthwise ? { ...layer, groups: filters } : layer, operation);
        // A depthwise kernel is [1, row, column, channel], which is [row, column, 1, filter] here.
        const values = constants.get(second);
        weights.set(`${name}.weight`, depthwise ? values : transposeWeights(values, shape));
        weights.set(`${name}.bias`, constants.get(third));
        break;
      }
      case "maxPool": {
        const { size, stride, padding } = options;
        addLayer({ kind: "maxPool", size, stride, padding }, operation);
        break;
      }
      case "pad": {
        const { data } = tensors[second];
        const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
        const amounts = Array.from({ length: data.length / 4 }, (_, i) => view.getInt32(4 * i, true));
        if (amounts.length !== 8 || amounts.slice(0, 7).some((amount) => amount !== 0)) {
          throw new Error("A padding is not at the end of the channels alone.");
        }
        nameOf.set(output, nameOf.get(first));
        break;
      }
      case "add":
        addLayer({ kind: "add", other: nameOf.get(second) }, operation);
        break;
      case "relu": {
        const layer = layers.find(({ name }) => name === nameOf.get(first));
        const readers = operations.filter((other) => other.inputs.includes(first));
        if (!layer || layer.kind === "maxPool" || readers.length !== 1)
          throw new Error("A ReLU cannot be merged.");
        layer.activation = "relu";
        nameOf.set(output, layer.name);
        break;
      }
      case "reshape":
        nameOf.set(output, nameOf.get(first));
        break;
      case "concatenation":
        partsOf.set(
          output,
          operation.inputs.map((input) => nameOf.get(input)),
        );
        break;
    }
  }
  const scores = outputs.find((output) => tensors[output].shape[2] === 1);
  const boxes = outputs.find((output) => tensors[output].shape[2] === 16);
  const [input, ...others] = [...partsOf.get(scores), ...partsOf.get(boxes)];
  layers.push({ kind: "concatenate", name: "outputs", input, others });
  const [, height, width, channels] = tensors[inputs[0]].shape;
  const network = {
    name: "blazeface-short-range",
    input: { height, width, channels, scale: 1 / 127.5, offset: -1 },
    layers,
  };
  return { network, weights };
}
