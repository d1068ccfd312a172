import { analyze, foldBatchNormalization, readModelFile } from "../../packages/runtime/dist/internal.js";

/** TensorFlow.js on its WebAssembly backend, one thread; the network rebuilt from its operations. */
export async function tensorflowWasm({ modelBytes, batch }) {
  const tf = await import("@tensorflow/tfjs");
  const { setThreadsCount } = await import("@tensorflow/tfjs-backend-wasm");
  setThreadsCount(1);
  await tf.setBackend("wasm");
  await tf.ready();
  return rebuild(tf, modelBytes, batch);
}

/** The network as operations of TensorFlow.js, each convolution fused with its bias and activation. */
export function rebuild(tf, modelBytes, batch) {
  const { network, weights } = foldBatchNormalization(readModelFile(modelBytes));
  const { layers, inputShape, parameters } = analyze(network);
  const tensors = new Map(
    parameters.map(({ name, shape }) => [name, tf.tensor(weights.get(name), [...shape])]),
  );
  const { scale, offset } = network.input;
  const forward = (pixels) => {
    const values = [];
    const input = pixels.mul(scale).add(offset);
    for (const { layer, inputs } of layers) {
      const [x, other] = inputs.map((index) => (index < 0 ? input : values[index]));
      const parameter = (role) => tensors.get(`${layer.name}.${role}`);
      const activation = layer.activation === "relu" ? "relu" : "linear";
      const pad = layer.padding ?? "same";
      switch (layer.kind) {
        case "convolution": {
          const settings = { x, strides: layer.stride ?? 1, pad, bias: parameter("bias"), activation };
          const groups = layer.groups ?? 1;
          if (groups === 1) values.push(tf.fused.conv2d({ ...settings, filter: parameter("weight") }));
          else {
            if (groups !== x.shape[3]) throw new Error("TensorFlow.js has no grouped convolutions.");
            const filter = parameter("weight").transpose([0, 1, 3, 2]);
            values.push(tf.fused.depthwiseConv2d({ ...settings, filter }));
          }
          break;
        }
        case "dense":
          values.push(
            tf.fused.matMul({
              a: x.reshape([batch, -1]),
              b: parameter("weight"),
              bias: parameter("bias"),
              activation,
            }),
          );
          break;
        case "maxPool":
          values.push(tf.maxPool(x, layer.size, layer.stride ?? layer.size, pad));
          break;
        case "globalAveragePool":
          values.push(tf.mean(x, [1, 2], true));
          break;
        case "add": {
          const sum = tf.add(x, other);
          values.push(layer.activation === "relu" ? tf.relu(sum) : sum);
          break;
        }
        default:
          throw new Error(`TensorFlow.js is given no ${layer.kind}.`);
      }
    }
    return values[values.length - 1];
  };
  return {
    prepare: (pixels) => Float32Array.from(pixels),
    run(floats) {
      const output = tf.tidy(() => forward(tf.tensor(floats, [batch, ...inputShape])));
      const scores = output.dataSync();
      output.dispose();
      return scores;
    },
  };
}
