// Measures every engine side by side in Node: one thread, taking turns in short windows, after checking that
// all of them give the same class scores.
//
//   node bench.mjs [--networks a,b] [--engines a,b] [--batch 1] [--rounds 21] [--window 150] [--json]
//
// Every engine runs in the Node that runs this: `npx node@24 bench.mjs` measures them with relaxed SIMD.
import { fileURLToPath } from "node:url";
import { startEngine } from "./engine-process.mjs";
import { engines } from "./engines/index.mjs";
import { compareEngines, readOptions } from "./side-by-side.mjs";

const childFile = fileURLToPath(new URL("child.mjs", import.meta.url));

await compareEngines(readOptions(Object.keys(engines)), (settings) =>
  startEngine(childFile, settings.engine, settings),
);
