import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { brightnessModel, putModel, randomModel } from "../../test/models.js";
import { encode, put, putPicture, temporaryFolder } from "../../test/pictures.js";
import { lastLine, runCommand } from "../../test/run-command.js";

const folder = temporaryFolder();
const model = join(folder, "model.safetensors");
const faces = join(folder, "faces");

/** Says "sadness" of black pictures and "happy" of bright ones. */
beforeAll(async () => {
  process.env["XDG_CACHE_HOME"] = join(folder, "cache");
  await putModel(model, brightnessModel(["sadness", "happy", "anger"]));
  // 4 sad ones, one of them bright; 3 happy ones, all bright; 2 of contempt, which the model lacks.
  const greys = { sad: [0, 0, 0, 200], happiness: [200, 220, 240], contempt: [0, 250] };
  for (const [label, values] of Object.entries(greys)) {
    for (const [i, grey] of values.entries()) await putPicture(join(faces, label, `${i}.png`), grey);
  }
});

const evaluate = (...more: string[]) => runCommand("evaluate", model, "--data", `folder:${faces}`, ...more);

it("counts by meaning, and counts classes that the model lacks as wrong", async () => {
  const run = await evaluate("--json");
  expect(run.stderr).toContain("The model lacks contempt (2 images) of the data, which is counted as wrong.");
  expect(run.stderr).toContain("The data lacks anger of the model, which answers among the other classes.");
  expect(run.code).toBe(0);
  const result = JSON.parse(run.stdout);
  expect(Object.keys(result).slice(0, 6)).toEqual([
    "count",
    "accuracy",
    "macroF1",
    "ece",
    "labels",
    "confusion",
  ]);
  expect(result.labels).toEqual(["sadness", "happy", "anger", "contempt"]);
  expect(result.confusion).toEqual([
    [3, 1, 0, 0],
    [0, 3, 0, 0],
    [0, 0, 0, 0],
    [1, 1, 0, 0],
  ]);
  expect(result.count).toBe(9);
  expect(result.accuracy).toBeCloseTo(6 / 9, 12);
  // F1 by hand: sadness 6/8, happy 6/8, contempt 0; anger does not occur.
  expect(result.macroF1).toBeCloseTo((6 / 8 + 6 / 8 + 0) / 3, 12);
  expect(result.missingInModel).toEqual({ contempt: 2 });
  expect(result.missingInData).toEqual(["anger"]);
  expect(result.split).toBe("all");
  // Every top probability is at least 1/3 and the wrong ones are as sure as the right ones.
  expect(result.ece).toBeGreaterThan(0);
  expect(result.ece).toBeLessThan(1);
});

it("prints the same as tables, and writes a report", async () => {
  const report = join(folder, "report.html");
  const run = await evaluate("--report", report);
  expect(run.code).toBe(0);
  expect(run.stdout).toMatch(/66\.67 %/);
  expect(run.stdout).toMatch(/^contempt +1 +1 +0 +0$/m);
  const html = await readFile(report, "utf8");
  expect(html).toContain("Evaluation of");
  expect(html).toContain("contempt (2)");
});

it("lets the model answer only with classes of the data, unless asked otherwise", async () => {
  const bright = join(folder, "bright");
  await putPicture(join(bright, "sad", "1.png"), 200);
  await putPicture(join(bright, "anger", "1.png"), 0);
  const run = (...more: string[]) =>
    runCommand("evaluate", model, "--data", `folder:${bright}`, "--json", ...more);
  const free = JSON.parse((await run("--among", "all")).stdout);
  expect(free.confusion[0]).toEqual([0, 1, 0]);
  const { confusion, among, prior } = JSON.parse((await run()).stdout);
  expect([among, prior]).toEqual(["data", "training"]);
  // Nobody is happy there, so no answer may be.
  expect(confusion.map((row: number[]) => row[1])).toEqual([0, 0, 0]);
});

it("expects each class equally often where the data lacks some, or where asked to", async () => {
  // The second class wins pictures over from the first as soon as its small share counts for it.
  const shy = join(folder, "shy.safetensors");
  const calibration = { temperature: 1, prior: [0.9999, 0.00005, 0.00005] };
  await putModel(shy, { ...brightnessModel(["sadness", "happy", "anger"]), calibration });
  const run = async (...more: string[]) =>
    JSON.parse((await runCommand("evaluate", shy, "--data", `folder:${faces}`, "--json", ...more)).stdout);
  expect(await run("--prior", "training")).toMatchObject({ prior: "training", accuracy: 6 / 9 });
  const uniform = await run();
  expect(uniform).toMatchObject({ prior: "uniform", among: "data" });
  expect(uniform.confusion[0]).toEqual([0, 4, 0, 0]);
  expect(await run("--among", "all")).toMatchObject({ prior: "training", among: "all", accuracy: 6 / 9 });
});

it("averages the probabilities of several models", async () => {
  const together = async (...files: string[]) =>
    JSON.parse((await runCommand("evaluate", files.join(","), "--data", `folder:${faces}`, "--json")).stdout);
  // Its classes are in another order, and it is much surer of whatever it says.
  const sure = join(folder, "sure.safetensors");
  const other = brightnessModel(["happiness", "sad", "anger"]);
  await putModel(sure, { ...other, calibration: { temperature: 0.001 } });
  const alone = await together(sure);
  // Black ones are happy to it, bright ones sad.
  expect(alone.confusion.slice(0, 2)).toEqual([
    [0, 3, 0, 0],
    [3, 1, 0, 0],
  ]);
  const both = await together(model, sure);
  expect(both.labels).toEqual(["sadness", "happy", "anger", "contempt"]);
  expect(both.confusion.slice(0, 2)).toEqual([
    [1, 3, 0, 0],
    [3, 0, 0, 0],
  ]);
  const twice = await together(model, model);
  expect(twice.confusion).toEqual((await together(model)).confusion);
  const strange = await putModel(join(folder, "strange.safetensors"), brightnessModel(["sadness", "happy"]));
  const run = await runCommand("evaluate", `${model},${strange}`, "--data", `folder:${faces}`);
  expect([run.code, lastLine(run)]).toEqual([1, "Models that answer together must have the same classes."]);
});

it("measures the same images changed", async () => {
  const { accuracy, robustness } = JSON.parse((await evaluate("--json", "--robustness")).stdout);
  const of = (change: string, amount: string) =>
    robustness.find((f: { change: string; amount: string }) => f.change === change && f.amount === amount);
  expect(accuracy).toBeCloseTo(6 / 9, 12);
  // Pictures of one grey look the same wherever they are moved.
  for (const figure of robustness.slice(0, 8)) expect(figure.accuracy).toBeCloseTo(6 / 9, 12);
  // With less contrast black is grey, and then all pictures are happy ones.
  expect(of("contrast", "40 %").accuracy).toBeCloseTo(3 / 9, 12);
  expect(of("light", "40 %").accuracy).toBeCloseTo(6 / 9, 12);
  expect((await evaluate("--robustness")).stdout).toMatch(/^contrast +40 % +33\.33 % +-33\.3 /m);
});

it("uses the test part where there is one, and says which part it used", async () => {
  const parts = join(folder, "parts");
  for (const [path, grey] of [
    ["train/sad", 0],
    ["train/happy", 200],
    ["test/sad", 0],
    ["test/happy", 0],
  ] as const) {
    await putPicture(join(parts, path, "1.png"), grey);
  }
  const run = (...more: string[]) =>
    runCommand("evaluate", model, "--data", `folder:${parts}`, "--json", ...more);
  expect(JSON.parse((await run()).stdout)).toMatchObject({ split: "test", count: 2, accuracy: 0.5 });
  expect(JSON.parse((await run("--split", "train")).stdout)).toMatchObject({ split: "train", accuracy: 1 });
  expect(JSON.parse((await run("--split", "all")).stdout)).toMatchObject({ split: "all", count: 4 });
  const none = await run("--split", "valid");
  expect([none.code, none.stdout]).toEqual([1, ""]);
  expect(lastLine(none)).toBe('folder:parts has no images in the split "valid", only in test, train.');
  expect(lastLine(await evaluate("--split", "test"))).toMatch(/^folder:faces has no splits of its own/);
});

it("tells a data set and a model file that are not what they should be", async () => {
  const data = await runCommand("evaluate", model, "--data", "folders:x");
  expect([data.code, lastLine(data)]).toEqual([1, expect.stringMatching(/unknown kind "folders"/)]);
  const file = await runCommand("evaluate", join(faces, "sad", "0.png"), "--data", "synthetic");
  expect([file.code, lastLine(file)]).toEqual([1, expect.stringMatching(/0\.png: The .*\.$/)]);
});

it("sees each image mirrored, too, where asked to", async () => {
  const sides = join(folder, "sides");
  const mirrored = join(folder, "mirrored");
  const random = randomModel(["sadness", "happy", "anger"], 3);
  const lopsided = await putModel(join(folder, "lopsided.safetensors"), random);
  for (const [i, label] of ["sad", "happiness", "anger", "sad"].entries()) {
    const rows = Array.from({ length: 48 }, (_, y) =>
      Uint8Array.from({ length: 48 }, (_, x) => ((x + 3) * (y + 7) * (i + 11)) % 256),
    );
    await put(join(sides, label, `${i}.png`), await encode("a.png", Buffer.concat(rows), 48));
    const back = Buffer.concat(rows.map((row) => row.toReversed()));
    await put(join(mirrored, label, `${i}.png`), await encode("a.png", back, 48));
  }
  const run = async (path: string, ...more: string[]) =>
    JSON.parse(
      (await runCommand("evaluate", lopsided, "--data", `folder:${path}`, "--json", ...more)).stdout,
    );
  const [plain, turned] = [await run(sides), await run(mirrored)];
  expect(plain.ece).not.toBeCloseTo(turned.ece, 3);
  const [both, bothTurned] = [await run(sides, "--mirror"), await run(mirrored, "--mirror")];
  expect(both.mirror).toBe(true);
  expect(both.confusion).toEqual(bothTurned.confusion);
  // Not the same bits: halves are rounded up on either side when a picture is enlarged.
  expect(both.ece).toBeCloseTo(bothTurned.ece, 4);
  expect(both.ece).not.toBeCloseTo(plain.ece, 3);
});

it("sees each image moved to each side, too, where asked to", async () => {
  const paths = (name: string) => join(folder, "shifts", name);
  const random = randomModel(["sadness", "happy", "anger"], 3);
  const unsure = await putModel(join(folder, "unsure.safetensors"), random);
  // What views moved by a quarter of the side show: beyond the picture its border goes on.
  const grey = (x: number, y: number) => {
    const [column, row] = [x, y].map((at) => Math.min(47, Math.max(0, at)));
    return ((column + 3) * (row + 7) * 11) % 256;
  };
  const moves = { none: [0, 0], right: [12, 0], left: [-12, 0], down: [0, 12], up: [0, -12] };
  for (const [name, [right, down]] of Object.entries(moves)) {
    const pixels = Uint8Array.from({ length: 48 * 48 }, (_, i) =>
      grey((i % 48) + right, Math.floor(i / 48) + down),
    );
    for (const label of ["sad", "happiness", "anger"]) {
      await put(join(paths(name), label, "1.png"), await encode("a.png", Buffer.from(pixels), 48));
    }
  }
  const run = async (name: string, ...more: string[]) =>
    JSON.parse(
      (await runCommand("evaluate", unsure, "--data", `folder:${paths(name)}`, "--json", ...more)).stdout,
    );
  const together = await run("none", "--shift", "25");
  expect(together.shift).toBe(25);
  // The three images are the same, and so is the answer from all sides.
  const confidence = (result: { reliability: { count: number; confidence: number }[] }) =>
    result.reliability.find((bin) => bin.count > 0)!.confidence;
  const alone = [];
  for (const name of Object.keys(moves)) alone.push(await run(name));
  for (const { confusion } of alone) expect(confusion).toEqual(together.confusion);
  const mean = alone.map(confidence).reduce((a, b) => a + b) / 5;
  // Without any one of the five the mean would change by a hundredth at least; enlarging rounds a little.
  for (const own of alone.map(confidence)) expect(Math.abs(own - mean)).toBeGreaterThan(0.04);
  expect(confidence(together)).toBeCloseTo(mean, 2);
  const refused = await runCommand("evaluate", unsure, "--data", "synthetic", "--shift", "51");
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("a number from 0 to 50")]);
});
