import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadClassifier, readModelFile, writeModelFile } from "microexpnet";
import { beforeAll, expect, it } from "vitest";
import { brightnessModel, putModel, randomModel } from "../../test/models.js";
import { readOnnx, runOnnx } from "../../test/onnx.js";
import { putPicture, temporaryFolder } from "../../test/pictures.js";
import { lastLine, runCommand } from "../../test/run-command.js";

const folder = temporaryFolder();
const model = join(folder, "model.safetensors");
const at = (name: string) => join(folder, name);
const labels = ["sadness", "happy", "anger"];

beforeAll(async () => {
  process.env["XDG_CACHE_HOME"] = at("cache");
  await putModel(model, randomModel(labels));
});

it("writes an ONNX file with the model's scores", async () => {
  const run = await runCommand("export", model, "--to", "onnx", "--out", at("model.onnx"), "--json");
  expect(run.code).toBe(0);
  const bytes = await readFile(at("model.onnx"));
  expect(JSON.parse(run.stdout)).toMatchObject({ to: "onnx", bytes: bytes.length, out: at("model.onnx") });
  const pixels = Uint8Array.from({ length: 84 * 84 }, (_, i) => (i * 31) % 256);
  const expected = (await loadClassifier(model)).logits(pixels);
  const actual = runOnnx(readOnnx(bytes), Float64Array.from(pixels));
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i] - value)).toBeLessThan(1e-4);
});

it("writes bytes in a quarter of the size, and says what they cost on data", async () => {
  const bright = await putModel(at("bright.safetensors"), brightnessModel(labels));
  for (const [label, grey] of [["sad", 0] as const, ["happy", 220] as const]) {
    await putPicture(at(`faces/${label}/1.png`), grey);
  }
  const data = ["--data", `folder:${at("faces")}`];
  const run = await runCommand("export", bright, "--to", "int8", "--out", at("small"), "--json", ...data);
  expect([run.code, run.stderr]).toEqual([0, expect.stringContaining("The data lacks anger")]);
  const bytes = new Uint8Array(await readFile(at("small")));
  const result = JSON.parse(run.stdout);
  expect(result).toMatchObject({
    bytes: bytes.length,
    count: 2,
    accuracy: { before: 1, after: 1 },
    changed: 0,
  });
  expect(result.bytes / result.float32Bytes).toBeLessThan(0.28);
  expect(result.float32Bytes).toBe(
    writeModelFile(readModelFile(new Uint8Array(await readFile(bright)))).length,
  );
  expect((await loadClassifier(bytes)).labels).toEqual(labels);
  const text = await runCommand("export", bright, "--to", "int8", "--out", at("small"), ...data);
  expect(text.stdout).toContain("100.00 %, before 100.00 %: 0.00 points on 2 images");
  expect(text.stdout).toContain("0 get another answer");
});

it("refuses forms it does not know, and data where nothing is lost", async () => {
  const run = (...more: string[]) => runCommand("export", model, "--out", at("none"), ...more);
  const unknown = await run("--to", "tflite");
  expect([unknown.code, lastLine(unknown)]).toEqual([2, expect.stringMatching(/--to cannot be "tflite"/)]);
  expect((await run()).code).toBe(2);
  const data = await run("--to", "onnx", "--data", "synthetic");
  expect([data.code, lastLine(data)]).toEqual([2, expect.stringMatching(/^The option --data is for int8/)]);
  expect(existsSync(at("none"))).toBe(false);
});
