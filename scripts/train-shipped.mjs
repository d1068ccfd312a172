// Makes one of the shipped models anew, teachers included: trains, distils, writes it in 8 bits.
//   npm run train:micro -- --data ferplus:PATH [--runs runs] [--out FILE]
// What is finished in the folder of --runs is not repeated, and a stopped training goes on. Without --out the new
// model lies in that folder; the shipped file is replaced only where --out names it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const wild = ["--augmentation", "wild", "--seed", "1"];
/** Every view of an image comes several times, so that the teachers are asked once for each. */
const views = ["--views", "12", "--view-seed", "1"];

const teachers = {
  "teacher-large": ["--epochs", "40", "--weight-decay", "0.03", "--mixup", "0.2", ...wild],
  mini: ["--epochs", "40", "--weight-decay", "0.01", ...wild],
};

/** The flags of each distillation, and what they gave on the validation faces of FER+. */
const students = {
  nano: { flags: ["--epochs", "60", ...wild, ...views], expected: "" },
  micro: { flags: ["--epochs", "60", ...wild, ...views], expected: "" },
};

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string" },
    runs: { type: "string", default: "runs" },
    out: { type: "string" },
    workers: { type: "string" },
  },
});
const [name] = positionals;
if (positionals.length !== 1 || !Object.hasOwn(students, name) || !options.data?.startsWith("ferplus:")) {
  console.error(
    `Usage: npm run train:NAME -- --data ferplus:PATH [--runs FOLDER] [--out FILE] [--workers N], NAME one of ${Object.keys(students).join(", ")}.`,
  );
  process.exit(2);
}

const command = fileURLToPath(new URL("../packages/cli/bin/microexpnet.js", import.meta.url));
function run(...words) {
  console.error(`> microexpnet ${words.join(" ")}`);
  const { status, signal } = spawnSync(process.execPath, [command, ...words], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? (signal === "SIGINT" ? 130 : 1));
}

const common = ["--data", options.data, ...(options.workers ? ["--workers", options.workers] : [])];
const at = (folder) => join(options.runs, folder);
const modelIn = (folder) => join(at(folder), "model.safetensors");
await mkdir(options.runs, { recursive: true });
for (const [teacher, flags] of Object.entries(teachers)) {
  const folder = `alone-${teacher}`;
  if (!existsSync(modelIn(folder))) run("train", teacher, ...common, ...flags, "--out", at(folder));
}
const files = Object.keys(teachers).map((teacher) => modelIn(`alone-${teacher}`));
const { flags, expected } = students[name];
if (!existsSync(modelIn(name))) {
  const cache = ["--teacher-cache", at("teacher-logits.bin")];
  run("distill", name, "--teacher", files.join(","), ...cache, ...common, ...flags, "--out", at(name));
}
const out = options.out ?? join(at(name), `${name}.safetensors`);
run("export", modelIn(name), "--to", "int8", "--data", options.data, "--split", "valid", "--out", out);
run("evaluate", out, "--data", options.data, "--split", "valid");
console.error(`As shipped: ${expected}`);
