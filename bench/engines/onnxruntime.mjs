/** One of the builds of ONNX Runtime on one thread, with a model file that this project exported. */
async function load(runtime, provider, { onnxBytes, inputShape, batch }) {
  const session = await runtime.InferenceSession.create(onnxBytes, {
    executionProviders: [provider],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
  });
  const [height, width, channels] = inputShape;
  return {
    prepare: (pixels) => ({
      pixels: new runtime.Tensor("float32", channelsFirst(pixels, inputShape), [
        batch,
        channels,
        height,
        width,
      ]),
    }),
    run: async (feeds) => (await session.run(feeds)).logits.data,
  };
}

/** [height, width, channel] to [channel, height, width], image by image. */
function channelsFirst(pixels, [height, width, channels]) {
  const area = height * width;
  return Float32Array.from(pixels, (_, i) => {
    const image = Math.floor(i / (area * channels)) * area * channels;
    const rest = i - image;
    return pixels[image + (rest % area) * channels + Math.floor(rest / area)];
  });
}

export async function onnxruntimeNode(settings) {
  const { default: runtime } = await import("onnxruntime-node");
  return load(runtime, "cpu", settings);
}

export async function onnxruntimeWeb(settings) {
  const { default: runtime } = await import("onnxruntime-web");
  runtime.env.wasm.numThreads = 1;
  return load(runtime, "wasm", settings);
}
