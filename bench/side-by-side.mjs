import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { exportOnnx } from "../packages/cli/dist/onnx/export-onnx.js";
import { analyze, readModelFile, writeModelFile } from "../packages/runtime/dist/internal.js";
import { randomModel } from "./random-model.mjs";
import { formatTable, quartiles } from "./table.mjs";
import { takeTurns } from "./turns.mjs";

/** The options that all comparisons take. */
export function readOptions(engines) {
  const { values } = parseArgs({
    options: {
      networks: { type: "string", default: "microexpnet-2019,microexpnet-2017" },
      engines: { type: "string", default: engines.join() },
      batch: { type: "string", default: "1" },
      rounds: { type: "string", default: "21" },
      window: { type: "string", default: "150" },
      json: { type: "boolean", default: false },
    },
  });
  return {
    networks: values.networks.split(","),
    engines: values.engines.split(","),
    batch: Number(values.batch),
    rounds: Number(values.rounds),
    milliseconds: Number(values.window),
    json: values.json,
  };
}

/**
 * Compares engines on each network and prints a table.
 *
 * @param start makes an engine of { engine, modelFile, onnxFile, inputShape, batch } with `name`, `stop()` and
 *   `ask()`, which answers { scores } to { pixels } and { framesPerSecond } to { milliseconds }
 */
export async function compareEngines(options, start) {
  const folder = mkdtempSync(join(tmpdir(), "microexpnet-bench-"));
  const results = [];
  const peaks = measurePeaks();
  try {
    for (const network of options.networks) {
      results.push(...(await compareOn(network, folder, { ...options, peaks }, start)));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (options.json) console.log(JSON.stringify({ results }, null, 2));
}

async function compareOn(network, folder, { engines: names, batch, rounds, milliseconds, peaks }, start) {
  const modelBytes = writeModelFile(randomModel(network));
  const model = readModelFile(modelBytes);
  const { inputShape, multiplyAccumulates } = analyze(model.network);
  const files = { modelFile: join(folder, "model.safetensors"), onnxFile: join(folder, "model.onnx") };
  writeFileSync(files.modelFile, modelBytes);
  writeFileSync(files.onnxFile, exportOnnx(model));
  const length = batch * inputShape.reduce((a, b) => a * b, 1);
  // Smooth shading with noise: real faces are neither flat nor white noise.
  const pixels = Uint8Array.from(
    { length },
    (_, i) => 128 + 90 * Math.sin(i / 97) + 30 * Math.sin(i * 12.9898),
  );
  const children = [];
  try {
    for (const engine of names) children.push(await start({ engine, ...files, inputShape, batch }));
    await verify(children, pixels);
    const rates = await takeTurns(children, { rounds, milliseconds, warmUp: 500 });
    return report({ network, names, batch, multiplyAccumulates, peaks }, rates);
  } finally {
    for (const child of children) child.stop();
  }
}

/** Every engine must give the first one's scores: to rounding in float32, to half a percent in integers. */
async function verify(children, pixels) {
  let expected;
  for (const child of children) {
    const { scores } = await child.ask({ pixels });
    expected ??= scores;
    const size = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const difference = expected.reduce((a, b, i) => Math.max(a, Math.abs(b - scores[i])), 0) / size;
    const allowed = [child, children[0]].some(({ name }) => name.includes("int16")) ? 5e-3 : 1e-4;
    if (scores.length !== expected.length || !(difference <= allowed)) {
      throw new Error(`${child.name} gives other scores than ${children[0].name}: off by ${difference}.`);
    }
    console.error(`${child.name}: scores agree to ${difference.toExponential(1)} of the largest`);
  }
}

/** GMAC/s of this machine with all operands in registers. */
function measurePeaks() {
  const file = fileURLToPath(new URL("peak.mjs", import.meta.url));
  const stdio = ["ignore", "pipe", "ignore"];
  const { stdout } = spawnSync(process.execPath, [file, "--json"], { encoding: "utf8", stdio });
  const { float32, float32Fused = float32, int16 } = JSON.parse(stdout);
  return { float32: float32Fused, int16 };
}

function report({ network, names, batch, multiplyAccumulates, peaks }, rates) {
  const rows = rates.map((list, i) => {
    const [low, median, high] = quartiles(list);
    // Windows of one round lie side by side in time, so their ratio is steadier than that of the medians.
    const [, ratio] = quartiles(list.map((rate, round) => rate / rates[0][round]));
    return {
      network,
      engine: names[i],
      batch,
      threads: 1,
      framesPerSecond: median,
      quartiles: [low, high],
      ratio,
      gigaMultiplyAccumulates: (median * multiplyAccumulates) / 1e9,
      // Products that an algorithm saves count, and native engines have wider units: it may lie above 1.
      shareOfPeak:
        (median * multiplyAccumulates) / 1e9 / peaks[names[i].includes("int16") ? "int16" : "float32"],
    };
  });
  const heads = ["Engine", "Frames/s", "Quartiles", `Ratio to ${names[0]}`, "GMAC/s", "Of the 128-bit peak"];
  const cells = rows.map((row) => [
    row.engine,
    row.framesPerSecond.toFixed(0),
    row.quartiles.map((rate) => rate.toFixed(0)).join(" to "),
    row.ratio.toFixed(2),
    row.gigaMultiplyAccumulates.toFixed(1),
    `${(100 * row.shareOfPeak).toFixed(0)} %`,
  ]);
  console.error(`\n${network}, batch ${batch}, one thread\n${formatTable(heads, cells)}\n`);
  return rows;
}
