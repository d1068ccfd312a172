import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isBuilt, spawnCommand } from "../../test/spawn-command.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "microexpnet-experiment-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const data = ["--data", "synthetic:subjects=6,images=8"];
const short = ["--epochs", "1", "--batch", "16", "--json"];
const run = (...args: string[]) => spawnCommand(folder, ...args).ended;

describe.skipIf(!isBuilt)("the command experiment", () => {
  it("compares a student alone and distilled, and repeats only what other options change", async () => {
    const teach = (seed: string) =>
      run("train", "teacher-small", ...data, ...short, "--seed", seed, "--out", `teacher${seed}`);
    expect((await teach("1")).code).toBe(0);
    expect((await teach("2")).code).toBe(0);
    const candidates = (teacher: string) =>
      run(
        ...["experiment", "candidates", "--networks", "microexpnet-2017", "--seeds", "2", "--out", "out"],
        ...[...data, ...short, "--teacher", `${teacher}/model.safetensors`],
      );
    const times = async (): Promise<Record<string, number>> => {
      const runs = join(folder, "out", "runs");
      const names = await readdir(runs);
      const result = async (name: string) => (await stat(join(runs, name, "result.json"))).mtimeMs;
      return Object.fromEntries(
        await Promise.all(names.map(async (name) => [name, await result(name)] as const)),
      );
    };
    expect((await candidates("teacher1")).code).toBe(0);
    const table = await readFile(join(folder, "out", "tables.md"), "utf8");
    expect(table).toMatch(/\| microexpnet-2017 +\| +71,368 .*±/);
    expect(table).toContain("Accuracy distilled");
    expect(await readFile(join(folder, "out", "report.html"), "utf8")).toContain("<svg");
    // All but the time that a network takes, which is measured anew.
    const results = async () =>
      (await readFile(join(folder, "out", "results.json"), "utf8")).replaceAll(/"microseconds": [\d.]+/g, "");
    const before = await results();
    const written = await times();
    expect(Object.keys(written)).toHaveLength(4);

    expect((await candidates("teacher1")).code).toBe(0);
    expect(await times()).toEqual(written);
    expect(await results()).toBe(before);

    expect((await candidates("teacher2")).code).toBe(0);
    const after = await times();
    for (const [name, time] of Object.entries(written)) {
      if (name.includes("alone")) expect(after[name]).toBe(time);
      else expect(after[name]).toBeGreaterThan(time);
    }
  }, 180_000);

  it("puts folds by subject beside the random split, which it calls leaking", async () => {
    expect((await run("train", "teacher-small", ...data, ...short, "--out", "start")).code).toBe(0);
    const protocols = await run(
      ...["experiment", "protocols", "--networks", "microexpnet-2017", "--folds", "3", "--seeds", "1"],
      ...["--teacher", "start/model.safetensors", "--teacher-epochs", "1", "--out", "protocols"],
      ...[...data, ...short],
    );
    expect(protocols.code).toBe(0);
    const { results } = JSON.parse(protocols.stdout);
    const count = (protocol: string, way: string) =>
      results.filter((r: { protocol: string; way: string }) => r.protocol === protocol && r.way === way)
        .length;
    for (const protocol of ["subject-independent", "random-leaking"]) {
      for (const way of ["teacher", "alone", "distilled"]) expect(count(protocol, way)).toBe(3);
    }
    const table = await readFile(join(folder, "protocols", "tables.md"), "utf8");
    expect(table).toMatch(/\| by subject/);
    expect(table).toMatch(/\| random split \(leaking\)/);
  }, 180_000);

  it("says in one sentence what is missing", async () => {
    const noTeacher = await run("experiment", "protocols", ...data, "--out", "none");
    expect(noTeacher.code).toBe(2);
    expect(noTeacher.stderr.trim()).toMatch(/needs --teacher\.$/);
    const unknown = await run("experiment", "sizes", ...data, "--out", "none");
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('There is no experiment "sizes"');
  });
});
