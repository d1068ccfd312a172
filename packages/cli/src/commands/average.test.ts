import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readModel } from "microexpnet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isBuilt, spawnCommand } from "../../test/spawn-command.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "microexpnet-average-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!isBuilt)("the command average", () => {
  it("writes the mean of two models", async () => {
    const { ended } = await spawnCommand(
      folder,
      "average",
      "nano,nano",
      "--out",
      "mean.safetensors",
      "--json",
    );
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ models: 2, out: "mean.safetensors" });
    const mean = await readModel(await readFile(join(folder, "mean.safetensors")));
    const nano = await readModel("nano");
    expect(mean.network.layers).toEqual(nano.network.layers);
    expect([...mean.weights]).toEqual([...nano.weights]);
    expect(mean.calibration).toEqual(nano.calibration);
    expect(mean.provenance).toEqual({ ...nano.provenance, averaged: [{}, {}] });
  });

  it.each([
    ["nano,micro", /^Only models of one network .*"nano" and "/],
    ["nano,nowhere.safetensors", /nowhere\.safetensors/],
  ])("refuses %s with one sentence and writes nothing", async (models, sentence) => {
    const { code, stderr } = await (
      await spawnCommand(folder, "average", models, "--out", "other.safetensors")
    ).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    await expect(readFile(join(folder, "other.safetensors"))).rejects.toThrow("ENOENT");
  });
});
