// One engine in a page of its own, driven by ../browser.mjs: `start` loads it, `ask` as in ../child.mjs.
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as onnxruntime from "onnxruntime-web";
import { measure } from "../engines/measure.mjs";
import { loadOnnx } from "../engines/onnxruntime.mjs";
import { ours } from "../engines/ours.mjs";
import { rebuild } from "../engines/tensorflow.mjs";

const tensorflow = (backend) => async (settings) => {
  setWasmPaths("/tfjs/");
  setThreadsCount(1);
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no ${backend} here.`);
  await tf.ready();
  return rebuild(tf, settings.modelBytes, settings.batch);
};

const engines = {
  "microexpnet float32": ours("float32"),
  "microexpnet int16": ours("int16"),
  "onnxruntime-web wasm": (settings) => {
    onnxruntime.env.wasm.numThreads = 1;
    onnxruntime.env.wasm.wasmPaths = "/onnxruntime/";
    return loadOnnx(onnxruntime, "wasm", settings);
  },
  "tfjs wasm": tensorflow("wasm"),
  "tfjs webgl": tensorflow("webgl"),
};

const fetchBytes = async (address) => new Uint8Array(await (await fetch(address)).arrayBuffer());
let engine;
let input;
let batch;

window.start = async (settings) => {
  batch = settings.batch;
  engine = await engines[settings.engine]({
    ...settings,
    modelBytes: await fetchBytes(`/model?${settings.modelFile}`),
    onnxBytes: await fetchBytes(`/model?${settings.onnxFile}`),
  });
};

window.ask = async ({ pixels, milliseconds }) => {
  if (!pixels) return { framesPerSecond: await measure(engine, input, batch, milliseconds) };
  const bytes = Uint8Array.from(pixels);
  input = engine.prepare?.(bytes) ?? bytes;
  return { scores: Array.from(await engine.run(input)) };
};
document.title = "ready";
