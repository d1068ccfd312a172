import { readFileSync } from "node:fs";
import { analyze, readModelFile } from "../../packages/runtime/dist/internal.js";
import { ours } from "../engines/ours.mjs";
import { loadFaceApi, loadHuman } from "../faces/peers.mjs";

/** A face crop's values, smooth shading with noise: `length` whole numbers from 8 to 248. */
const shades = (length) =>
  Uint8Array.from({ length }, (_, i) => 128 + 90 * Math.sin(i / 97) + 30 * Math.sin(i * 12.9898));

/** This project's classifier; it reads bytes, and converts them within the time. */
const classifier = (precision) => async (modelFile) => {
  const modelBytes = readFileSync(modelFile);
  const { network } = readModelFile(modelBytes);
  const [height, width, channels] = analyze(network).inputShape;
  const { run } = await ours(precision)({ modelBytes, batch: 1 });
  const pixels = shades(height * width * channels);
  return { about: `${network.name}, ${height}x${width}x${channels} bytes`, run: () => run(pixels) };
};

/** face-api's network on a tensor of its input's size; only the mean's subtraction, which is part of it, is left. */
async function faceApi() {
  const { faceapi, about } = await loadFaceApi(["faceExpressionNet"]);
  const { tf, nets, NetInput } = faceapi;
  const crop = tf.tensor4d(Float32Array.from(shades(112 * 112 * 3)), [1, 112, 112, 3]);
  const input = new NetInput([crop]);
  // What it would do first: pad to a square, resize and stack, of which a ready tensor needs nothing.
  input.toBatchTensor = () => crop;
  return { about: `${about}, 112x112x3 floats`, run: () => read(nets.faceExpressionNet.forwardInput(input)) };
}

/** Human's network on a tensor of its input's size and range. */
async function human() {
  const { human, about } = await loadHuman({ emotion: { enabled: true } });
  const { tf } = human;
  const model = human.models.models.emotion;
  const crop = tf.tensor4d(
    Float32Array.from(shades(64 * 64), (byte) => byte / 127.5 - 1),
    [1, 64, 64, 1],
  );
  return { about: `${about}, 64x64x1 floats`, run: () => read(model.execute(crop)) };
}

/** A tensor's values, of which nothing is left behind. */
function read(tensor) {
  const values = tensor.dataSync();
  tensor.dispose();
  return values;
}

/**
 * The expression classifiers by name. Each is loaded with the path of our model file and gives `about`, what it runs
 * on, and `run`, which classifies one face crop and returns the scores as an array.
 */
export const engines = {
  "microexpnet int16": classifier("int16"),
  "microexpnet float32": classifier("float32"),
  "face-api": faceApi,
  Human: human,
};
