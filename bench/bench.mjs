// Measures every engine side by side: one thread, taking turns in short windows, after checking that all of
// them give the same class scores.
//
//   node bench.mjs [--networks a,b] [--engines a,b] [--batch 1] [--rounds 21] [--window 150] [--json]
import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { exportOnnx } from "../packages/cli/dist/onnx/export-onnx.js";
import { analyze, readModelFile, writeModelFile } from "../packages/runtime/dist/internal.js";
import { engines } from "./engines/index.mjs";
import { randomModel } from "./random-model.mjs";
import { formatTable, quartiles } from "./table.mjs";

const { values: options } = parseArgs({
  options: {
    networks: { type: "string", default: "microexpnet-2019,microexpnet-2017" },
    engines: { type: "string", default: Object.keys(engines).join() },
    batch: { type: "string", default: "1" },
    rounds: { type: "string", default: "21" },
    window: { type: "string", default: "150" },
    json: { type: "boolean", default: false },
  },
});
const batch = Number(options.batch);
const names = options.engines.split(",");
const folder = mkdtempSync(join(tmpdir(), "microexpnet-bench-"));
const results = [];
try {
  for (const network of options.networks.split(",")) results.push(...(await benchNetwork(network)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (options.json) console.log(JSON.stringify({ results }, null, 2));

async function benchNetwork(network) {
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
    for (const child of children) await child.ask({ milliseconds: 500 });
    const rates = names.map(() => []);
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const [i, child] of children.entries()) {
        rates[i].push((await child.ask({ milliseconds: Number(options.window) })).framesPerSecond);
      }
    }
    return report(network, rates, multiplyAccumulates);
  } finally {
    for (const child of children) child.stop();
  }
}

/** Starts an engine's process; `ask` sends one question and waits for its answer. */
async function start(settings) {
  const child = fork(fileURLToPath(new URL("child.mjs", import.meta.url)), [JSON.stringify(settings)], {
    serialization: "advanced",
  });
  const answer = () =>
    new Promise((resolve, reject) => {
      const onExit = () => reject(new Error(`${settings.engine} ended before it answered.`));
      child.once("exit", onExit);
      child.once("message", (message) => {
        child.off("exit", onExit);
        if (message.error) reject(new Error(`${settings.engine}: ${message.error}`));
        else resolve(message);
      });
    });
  await answer();
  return {
    name: settings.engine,
    ask(question) {
      const answered = answer();
      child.send(question);
      return answered;
    },
    stop: () => child.kill(),
  };
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

function report(network, rates, multiplyAccumulates) {
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
    };
  });
  const heads = ["Engine", "Frames/s", "Quartiles", `Ratio to ${names[0]}`, "GMAC/s"];
  const cells = rows.map((row) => [
    row.engine,
    row.framesPerSecond.toFixed(0),
    row.quartiles.map((rate) => rate.toFixed(0)).join(" to "),
    row.ratio.toFixed(2),
    row.gigaMultiplyAccumulates.toFixed(1),
  ]);
  console.error(`\n${network}, batch ${batch}, one thread\n${formatTable(heads, cells)}\n`);
  return rows;
}
