// From a decoded picture to the expressions of its faces, beside @vladmandic/face-api and @vladmandic/human: the same
// frames, Node, one thread each, taking turns. Prints frames per second, and over all pictures of the folder the
// share in which a face is found and, where the folder or the one above it has a labels.csv (path, label), the mean
// recall over anger, happiness, neutral, sadness and surprise; a picture without a face counts as missed.
//
//   node faces.mjs FOLDER [--model microexpnet-2019] [--engines a,b] [--input-size 96] [--rounds 11]
//     [--window 400] [--timed 24] [--border 0] [--json]
//
// A border of so many grey pixels about each picture makes its face smaller in the frame.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { startEngine } from "./engine-process.mjs";
import { engines } from "./faces/engines.mjs";
import { formatTable, quartiles } from "./table.mjs";
import { takeTurns } from "./turns.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string", default: "microexpnet-2019" },
    engines: { type: "string", default: Object.keys(engines).join() },
    "input-size": { type: "string", default: "96" },
    rounds: { type: "string", default: "11" },
    window: { type: "string", default: "400" },
    timed: { type: "string", default: "24" },
    border: { type: "string", default: "0" },
    json: { type: "boolean", default: false },
  },
});
const [folder] = positionals;
if (!folder || !existsSync(folder)) {
  console.error("Give a folder of photographs with one face each: node faces.mjs FOLDER");
  process.exit(2);
}

const classes = ["anger", "happiness", "neutral", "sadness", "surprise"];
const paths = readdirSync(folder)
  .filter((name) => [".jpg", ".jpeg", ".png", ".webp"].includes(extname(name).toLowerCase()))
  .sort()
  .map((name) => join(folder, name));
if (paths.length === 0) {
  console.error(
    `There are no .jpg, .png or .webp pictures in ${folder} itself; folders in it are not searched.`,
  );
  process.exit(2);
}

/** Labels by path, or none. */
function readLabels() {
  const file = [join(folder, "labels.csv"), join(dirname(folder), "labels.csv")].find(existsSync);
  if (!file) return new Map();
  const [head, ...rows] = readFileSync(file, "utf8").trim().split(/\r?\n/);
  const column = (name) => head.split(",").indexOf(name);
  return new Map(
    rows.map((row) => {
      const cells = row.split(",");
      return [relative(folder, join(dirname(file), cells[column("path")])), cells[column("label")]];
    }),
  );
}

const border = Number(options.border);
/** A photograph as it is measured, its sides first made `size` pixels long where that is given. */
const photograph = (path, size) =>
  (size ? sharp(path).resize(size, size) : sharp(path)).extend({
    ...{ top: border, bottom: border, left: border, right: border },
    background: "#777",
  });

async function decode(image) {
  const { data, info } = await image
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data), width: info.width, height: info.height, channels: info.channels };
}

/** Faces found among the pictures, and the mean recall over the five classes. */
async function judge(engine, labels) {
  let found = 0;
  const right = Object.fromEntries(classes.map((name) => [name, []]));
  for (let start = 0; start < paths.length; start += 16) {
    const part = paths.slice(start, start + 16);
    const frames = await Promise.all(part.map((path) => decode(photograph(path))));
    const { expressions } = await engine.ask({ frames });
    part.forEach((path, i) => {
      if (expressions[i].length > 0) found++;
      const label = labels.get(relative(folder, path));
      right[label]?.push(expressions[i][0] === label ? 1 : 0);
    });
  }
  const recalls = Object.values(right).map((list) => list.reduce((a, b) => a + b, 0) / list.length);
  return { found, recall: recalls.reduce((a, b) => a + b, 0) / classes.length };
}

/** Frames per second of each engine on the same frames, in turns; the ratio is that of ours to it. */
async function race(started, frames) {
  for (const engine of started) await engine.ask({ frames });
  const [rounds, milliseconds] = [Number(options.rounds), Number(options.window)];
  const rates = await takeTurns(started, { rounds, milliseconds, warmUp: 1000 });
  return rates.map((list) => ({
    framesPerSecond: quartiles(list)[1],
    quartiles: [quartiles(list)[0], quartiles(list)[2]],
    ratio: quartiles(list.map((rate, round) => rates[0][round] / rate))[1],
  }));
}

const started = [];
try {
  const file = fileURLToPath(new URL("faces/child.mjs", import.meta.url));
  for (const engine of options.engines.split(",")) {
    const settings = { engine, model: options.model, inputSize: Number(options["input-size"]) };
    started.push(await startEngine(file, engine, settings));
    console.error(`${engine}: ${started.at(-1).ready.about}`);
  }
  const step = Math.max(1, Math.floor(paths.length / Number(options.timed)));
  const some = paths.filter((_, i) => i % step === 0).slice(0, Number(options.timed));
  const photos = await Promise.all(some.map((path) => decode(photograph(path, 350 - 2 * border))));
  const wide = sharp(some[0]).resize(480, 480).extend({ left: 80, right: 80, background: "#777" });
  const sizes = { "350x350": photos, "640x480": [await decode(wide)] };
  const results = started.map(({ name, ready }) => ({ engine: name, about: ready.about, speed: {} }));
  for (const [size, frames] of Object.entries(sizes)) {
    (await race(started, frames)).forEach((speed, i) => {
      results[i].speed[size] = speed;
    });
    const rows = results.map(({ engine, speed: { [size]: speed } }) => [
      engine,
      speed.framesPerSecond.toFixed(1),
      speed.quartiles.map((rate) => rate.toFixed(1)).join(" to "),
      speed.ratio.toFixed(2),
    ]);
    const heads = ["Library", "Frames/s", "Quartiles", `${started[0].name} to it`];
    console.error(`\n${size}, ${frames.length} frames, one thread\n${formatTable(heads, rows)}`);
  }
  const labels = readLabels();
  const labelled = paths.some((path) => classes.includes(labels.get(relative(folder, path))));
  for (const [i, engine] of started.entries()) Object.assign(results[i], await judge(engine, labels));
  const rows = results.map(({ engine, found, recall }) => [
    engine,
    String(found),
    labelled ? `${(100 * recall).toFixed(1)} %` : "no labels",
  ]);
  console.error(
    `\n${paths.length} pictures\n${formatTable(["Library", "Faces found", "Mean recall"], rows)}`,
  );
  if (options.json) console.log(JSON.stringify({ pictures: paths.length, results }, null, 2));
} finally {
  for (const engine of started) engine.stop();
}
