import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readModelFile } from "microexpnet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isBuilt, spawnCommand } from "../../test/spawn-command.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "microexpnet-start-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!isBuilt)("the main job, small", () => {
  it("trains, distils, measures, and leaves models and a report", async () => {
    const out = join(folder, "run");
    const args = ["start", "--people", "8", "--epochs", "2", "--out", out, "--json"];
    const { code, stdout, stderr } = await spawnCommand(folder, ...args).ended;
    expect(stderr).toContain("5/5");
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.testImages).toBe(48);
    for (const accuracy of [
      result.teacher.accuracy,
      result.student.accuracyAlone,
      result.student.accuracyDistilled,
    ]) {
      expect(accuracy).toBeGreaterThanOrEqual(0);
      expect(accuracy).toBeLessThanOrEqual(1);
    }
    expect(result.student.framesPerSecond).toBeGreaterThan(0);
    for (const name of ["teacher", "alone", "distilled"]) {
      const { provenance } = readModelFile(await readFile(join(out, name, "model.safetensors")));
      expect(provenance).toMatchObject({ data: "synthetic:subjects=8,images=24", seed: 1 });
    }
    const report = await readFile(join(out, "report.html"), "utf8");
    expect(report).toContain("MicroExpNet distilled");
    expect(report).toContain("<svg");
  }, 120_000);
});
