// Expression classifiers alone, on ready-made face crops: ours beside the networks of @vladmandic/face-api and
// @vladmandic/human. Node, one thread each, batch 1, taking turns; each is handed what it reads in its own size, and
// timed until its scores can be read.
//
//   node expressions.mjs [MODEL.safetensors] [--network micro] [--engines a,b] [--rounds 11] [--window 200] [--json]
//
// Without a model file the network has random weights, which are as fast as trained ones.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeModelFile } from "../packages/runtime/dist/internal.js";
import { startEngine } from "./engine-process.mjs";
import { engines } from "./expressions/engines.mjs";
import { randomModel } from "./random-model.mjs";
import { formatTable, quartiles } from "./table.mjs";
import { takeTurns } from "./turns.mjs";

const {
  values: options,
  positionals: [given],
} = parseArgs({
  allowPositionals: true,
  options: {
    network: { type: "string", default: "micro" },
    engines: { type: "string", default: Object.keys(engines).join() },
    rounds: { type: "string", default: "11" },
    window: { type: "string", default: "200" },
    json: { type: "boolean", default: false },
  },
});

const folder = mkdtempSync(join(tmpdir(), "microexpnet-bench-"));
const started = [];
try {
  const modelFile = given ?? join(folder, "model.safetensors");
  if (!given) writeFileSync(modelFile, writeModelFile(randomModel(options.network)));
  const file = fileURLToPath(new URL("expressions/child.mjs", import.meta.url));
  for (const engine of options.engines.split(",")) {
    started.push(await startEngine(file, engine, { engine, modelFile }));
    const { about, classes } = started.at(-1).ready;
    console.error(`${engine}: ${about}, ${classes} classes`);
  }
  const rates = await takeTurns(started, {
    rounds: Number(options.rounds),
    milliseconds: Number(options.window),
    warmUp: 1000,
  });
  const results = rates.map((list, i) => {
    const [low, median, high] = quartiles(list);
    // Windows of one round lie side by side in time, so their ratio is steadier than that of the medians.
    const [, ratio] = quartiles(list.map((rate, round) => rates[0][round] / rate));
    const { name, ready } = started[i];
    return { engine: name, about: ready.about, framesPerSecond: median, quartiles: [low, high], ratio };
  });
  const rows = results.map(({ engine, framesPerSecond, quartiles: [low, high], ratio }) => [
    engine,
    framesPerSecond.toFixed(0),
    `${low.toFixed(0)} to ${high.toFixed(0)}`,
    ratio.toFixed(2),
  ]);
  const heads = ["Classifier", "Frames/s", "Quartiles", `${started[0].name} to it`];
  console.error(`\nBatch 1, one thread\n${formatTable(heads, rows)}`);
  if (options.json) console.log(JSON.stringify({ results }, null, 2));
} finally {
  for (const engine of started) engine.stop();
  rmSync(folder, { recursive: true, force: true });
}
