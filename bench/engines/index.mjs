import { onnxruntimeNode, onnxruntimeWeb } from "./onnxruntime.mjs";
import { ours } from "./ours.mjs";
import { tensorflowWasm } from "./tensorflow.mjs";

/**
 * The engines by name. Each is loaded with { modelBytes, onnxBytes, inputShape, batch } and gives
 * `prepare(bytes)`, which turns pixels into what it reads and is not timed, and `run(input)`, which answers
 * with the scores. Ours reads the bytes themselves, so its conversion is timed.
 */
export const engines = {
  "microexpnet float32": ours("float32"),
  "microexpnet int16": ours("int16"),
  "onnxruntime-node": onnxruntimeNode,
  "onnxruntime-web wasm": onnxruntimeWeb,
  "tfjs wasm": tensorflowWasm,
};
