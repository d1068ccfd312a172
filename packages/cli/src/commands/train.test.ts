import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readModelFile } from "microexpnet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isBuilt, spawnCommand } from "../../test/spawn-command.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "microexpnet-train-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (...args: string[]) => spawnCommand(folder, ...args);

const train = (out: string, workers: number) => [
  ...["train", "microexpnet-2019", "--data", "synthetic:subjects=6,images=8", "--out", out, "--json"],
  ...["--epochs", "6", "--batch", "16", "--valid-share", "0.3", "--workers", String(workers)],
];
const model = (out: string) => readFile(join(folder, out, "model.safetensors"));

// The workers are started from built files, which `npm install` makes.
describe.skipIf(!isBuilt)("the command train", () => {
  it("gives the same model for any number of workers, and after kill -9", async () => {
    const whole = await start(...train("whole", 1)).ended;
    expect(whole.stderr).not.toMatch(/\bat .*\.js:\d+/);
    expect(whole.code).toBe(0);
    const result = JSON.parse(whole.stdout);
    expect(result.epochs).toBe(6);
    expect(result.validation.count).toBeGreaterThan(0);

    expect((await start(...train("three", 3)).ended).code).toBe(0);
    expect((await model("three")).equals(await model("whole"))).toBe(true);

    const killed = start(...train("killed", 2));
    while (!existsSync(join(folder, "killed", "checkpoint.bin")) && killed.child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    killed.child.kill("SIGKILL");
    await killed.ended;
    expect(existsSync(join(folder, "killed", "model.safetensors"))).toBe(false);
    const resumed = await start(...train("killed", 2)).ended;
    expect(resumed.code).toBe(0);
    expect((await model("killed")).equals(await model("whole"))).toBe(true);
    expect(await readFile(join(folder, "killed", "log.jsonl"), "utf8")).toBe(
      await readFile(join(folder, "whole", "log.jsonl"), "utf8"),
    );
    for (const file of ["metrics.json", "report.html"]) {
      expect(existsSync(join(folder, "killed", file)), file).toBe(true);
    }
    expect(existsSync(join(folder, "killed", "checkpoint.bin"))).toBe(false);
  }, 180_000);

  it("animates faces, with any number of workers", async () => {
    const flags = (out: string, workers: number) => [...train(out, workers), "--animate", "0.5"];
    const one = await start(...flags("animated", 1)).ended;
    expect(one.code).toBe(0);
    const [, seen, all] = one.stderr.match(/mouth were found in (\d+) of (\d+) faces/)!.map(Number);
    expect(seen).toBeGreaterThan(all / 2);
    expect((await start(...flags("animated-by-two", 2)).ended).code).toBe(0);
    expect((await model("animated-by-two")).equals(await model("animated"))).toBe(true);
    expect(readModelFile(await model("animated")).provenance).toMatchObject({ animate: 0.5 });
    await start(...train("still", 2)).ended;
    expect((await model("still")).equals(await model("animated"))).toBe(false);
  }, 120_000);

  it("keeps the last epoch where that is asked for", async () => {
    const { code, stdout } = await start(...train("last", 2), "--keep", "last").ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ epochs: 6, keptEpoch: 6 });
    const log = (await readFile(join(folder, "last", "log.jsonl"), "utf8")).trim().split("\n");
    const accuracies = log.map((line) => JSON.parse(line).validAccuracy);
    expect(JSON.parse(stdout).validation.accuracy).toBeCloseTo(accuracies[5], 6);
    // Else the test could not fail: another epoch was better.
    expect(Math.max(...accuracies)).toBeGreaterThan(accuracies[5]);
  }, 60_000);

  it("distils with a cache of teacher logits, from a model file with other names for its classes", async () => {
    const taught = await start(...train("teacher", 2)).ended;
    expect(taught.code).toBe(0);
    const distill = [
      ...[
        "distill",
        "p2-XXS",
        "--teacher",
        "teacher/model.safetensors",
        "--data",
        "synthetic:subjects=6,images=8",
      ],
      ...["--out", "student", "--epochs", "2", "--batch", "16", "--views", "2", "--json"],
      ...["--teacher-cache", "logits.bin", "--loss", "paper"],
    ];
    const { code, stdout, stderr } = await start(...distill).ended;
    expect(stderr).not.toContain("Error");
    expect(code).toBe(0);
    expect(JSON.parse(stdout).network).toBe("p2-XXS");
    expect(existsSync(join(folder, "logits.bin"))).toBe(true);
    const { provenance, labels } = readModelFile(await model("student"));
    expect(provenance).toMatchObject({ loss: "paper", teachers: ["microexpnet-2019"], seed: 1 });
    expect(labels).toHaveLength(8);
  }, 120_000);

  it("goes on from a shallower model, whose answers it has at first", async () => {
    const data = ["--data", "synthetic:subjects=6,images=8", "--epochs", "1", "--batch", "16"];
    const shallow = await start("train", "24:8p-8p-8", ...data, "--out", "shallow").ended;
    expect(shallow.code).toBe(0);
    const more = ["--start", "shallow/model.safetensors", "--learning-rate", "1e-9", "--out", "deep"];
    const deep = await start("train", "24:8p-8-8rp-8", ...data, ...more).ended;
    expect(deep.code).toBe(0);
    expect(deep.stderr).toContain("24:8p-8-8rp-8 has 584 parameters more than the model it goes on from");
    const [before, after] = [readModelFile(await model("shallow")), readModelFile(await model("deep"))];
    const largestChange = (name: string, oldName: string) => {
      const old = before.weights.get(oldName);
      return Math.max(...after.weights.get(name)!.map((value, i) => Math.abs(value - (old?.[i] ?? 0))));
    };
    expect(largestChange("block3.weight", "none")).toBeLessThan(1e-6);
    expect(largestChange("block4.weight", "block3.weight")).toBeLessThan(1e-6);
    expect(largestChange("scores.weight", "scores.weight")).toBeLessThan(1e-6);

    const other = await start("train", "24:8p-16", ...data, ...more.slice(0, 2), "--out", "other").ended;
    expect(other.code).toBe(0);
    expect(other.stderr).toContain('goes on from a "24:8p-8p-8" network, whose layers it keeps');
  }, 120_000);

  it.each([
    [["train", "lenet", "--data", "synthetic", "--out", "x"], 2, /no network "lenet"/],
    [["train", "p2-XXS", "--out", "x"], 2, /--data/],
    [["train", "p2-XXS", "--data", "synthetic", "--out", "x", "--epochs", "many"], 2, /--epochs/],
    [["train", "p2-XXS", "--data", "folder:nowhere", "--out", "x"], 1, /nowhere/],
    [
      [
        "distill",
        "p2-XXS",
        "--teacher",
        "none.safetensors",
        "--data",
        "synthetic:subjects=4,images=8",
        "--out",
        "x",
      ],
      1,
      /none\.safetensors/,
    ],
    [
      ["distill", "p2-XXS", "--teacher", "t", "--data", "synthetic", "--out", "x", "--teacher-cache", "c"],
      2,
      /--views/,
    ],
    [
      [
        ...["train", "p2-XXS", "--data", "synthetic:subjects=4,images=8", "--out", "x"],
        ...["--animate", "0.5", "--mixup", "0.2"],
      ],
      1,
      /Animated faces cannot be mixed/,
    ],
  ])("%j ends with %i and one sentence", async (args, expected, sentence) => {
    const { code, stdout, stderr } = await start(...args).ended;
    expect(code).toBe(expected);
    expect(stdout).toBe("");
    expect(stderr.trim()).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
