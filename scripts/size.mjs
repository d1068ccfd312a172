// Prints the size of what a page loads to run a model: the runtime's JavaScript with the WebAssembly in it,
// bundled, minified and gzipped, without weights. Fails where it is over the budget.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const budget = 40_000;
const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The bundle of one entry, all that it imports included. */
async function bundle(entry) {
  const { output } = await build({
    root,
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: true,
      rolldownOptions: {
        input: join(root, "packages/runtime/dist", entry),
        preserveEntrySignatures: "strict",
        output: { format: "es" },
        checks: { bundlerTimings: false },
      },
    },
  });
  // Files named by a URL, weights and the pool's worker, are loaded only when they are used.
  return output.map((file) => (file.isEntry ? file.code : "")).join("");
}

const code = await bundle("index.js");
const bytes = gzipSync(code, { level: 9 }).length;
const kilobytes = (length) => `${(length / 1000).toFixed(1)} KB`;
console.log(
  `The runtime is ${kilobytes(bytes)} gzipped (${kilobytes(code.length)} before), of ${kilobytes(budget)} allowed.`,
);
if (bytes > budget) process.exitCode = 1;
