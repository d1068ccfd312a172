import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

export const require = createRequire(import.meta.url);
const modules = new URL("../node_modules/", import.meta.url);

/** Path of something in an installed package; packages with broken `exports` can be loaded from no other name. */
export const installed = (path) => fileURLToPath(new URL(path, modules));

/**
 * TensorFlow.js on its WebAssembly backend as both libraries load it from the packages beside them: one thread, SIMD
 * where the processor has it.
 */
export async function tensorflowWasm(tf) {
  const { setThreadsCount, setWasmPaths } = require("@tensorflow/tfjs-backend-wasm");
  setThreadsCount(1);
  setWasmPaths(installed("@tensorflow/tfjs-backend-wasm/dist/"));
  await tf.setBackend("wasm");
  await tf.ready();
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  const threads = (await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT"))
    ? "several threads"
    : "one thread";
  return `TensorFlow.js ${tf.version_core} ${tf.getBackend()}, ${simd ? "SIMD" : "no SIMD"}, ${threads}`;
}

/** Lets `fetch` read files of this machine, from which the libraries' models come in Node. */
export function fetchFiles() {
  const remote = globalThis.fetch;
  globalThis.fetch = async (address, options) =>
    String(address).startsWith("file:")
      ? new Response(await readFile(fileURLToPath(String(address))))
      : remote(address, options);
}
