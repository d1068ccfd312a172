import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { lastLine, runCommand } from "../test/run-command.js";

const verbs = "start train distill evaluate predict experiment import bench networks datasets".split(" ");

describe("wrong usage ends with 2 and one sentence", () => {
  it.each([
    [["evaluat"], 'Unknown command "evaluat"; did you mean evaluate?'],
    [["networks", "--jsn"], 'Unknown option "--jsn"; did you mean --json?'],
    [["networks", "extra"], 'Too many arguments for "networks": expected 0 arguments but got 1.'],
    [["evaluate", "--data", "synthetic"], 'The argument "model" is missing.'],
    [["evaluate", "m"], "The option --data <kind:path> is missing."],
    [["networks", "--seed"], "The option --seed <number> lacks its value."],
    [
      ["networks", "--seed", "two"],
      'The option --seed cannot be "two": it must be a whole number from 0 to 4294967295.',
    ],
    [
      ["networks", "--seed", "-1"],
      'The option --seed cannot be "-1": it must be a whole number from 0 to 4294967295.',
    ],
    [
      ["networks", "--seed", "1.5"],
      'The option --seed cannot be "1.5": it must be a whole number from 0 to 4294967295.',
    ],
    [
      ["evaluate", "m", "--data", "synthetic", "--split", "some"],
      'The option --split cannot be "some": allowed choices are train, valid, test, all.',
    ],
    [["bench", "--network", "big"], /^There is no network "big"; there are .*\.$/],
    [["predict", "a.png", "--csv", "--json"], /^The options --csv and --json exclude each other\.$/],
  ])("%j", async (argv, sentence) => {
    const run = await runCommand(argv[0], "--json", ...argv.slice(1));
    expect(run.code).toBe(2);
    expect(run.stdout).toBe("");
    expect(run.stderr.split("\n").length).toBe(2);
    expect(run.stderr.trimEnd()).toEqual(
      typeof sentence === "string" ? sentence : expect.stringMatching(sentence),
    );
  });

  it("no verb at all prints the help where errors go", async () => {
    const run = await runCommand();
    expect(run.code).toBe(2);
    expect(run.stdout).toBe("");
    for (const verb of verbs) expect(run.stderr).toContain(`\n  ${verb} `);
  });
});

it.each(verbs)("%s has --json, --seed and --help", async (verb) => {
  const run = await runCommand(verb, "--help");
  expect(run.code).toBe(0);
  expect(run.stderr).toBe("");
  for (const option of ["--json", "--seed <number>"]) expect(run.stdout).toContain(option);
});

it("tells a failure from wrong usage", async () => {
  const run = await runCommand("evaluate", "no-such-model", "--data", "synthetic", "--json");
  expect(run.code).toBe(1);
  expect(run.stdout).toBe("");
  expect(lastLine(run)).toMatch(
    /^The model "no-such-model" cannot be read, because it does not exist; the shipped models are .*microexpnet-2019.*\.$/,
  );
});

it("lists the networks with the paper's figures", async () => {
  const { code, stdout, stderr } = await runCommand("networks", "--json");
  expect([code, stderr]).toEqual([0, ""]);
  const { networks } = JSON.parse(stdout);
  // Parameters and millions of multiply-accumulates as the paper's tables give them.
  const expected = {
    "v-M": 1_002_808,
    "p2-S": 232_184,
    "microexpnet-2017": 71_368,
    "microexpnet-2019": 65_000,
  };
  for (const [name, parameters] of Object.entries(expected)) {
    expect(networks.find((network: { name: string }) => network.name === name)).toMatchObject({
      parameters,
      kilobytes: (parameters * 4) / 1000,
    });
  }
  const macs = networks.find((network: { name: string }) => network.name === "p12-XXS").megaMacs;
  expect(macs.toFixed(2)).toBe("2.85");
  expect((await runCommand("networks")).stdout).toMatch(/^microexpnet-2019 +84x84 +65,000 +260\.0 +2\.85$/m);
});

it("lists the kinds of data set with their layouts", async () => {
  const { code, stdout } = await runCommand("datasets", "--json");
  expect(code).toBe(0);
  const { datasets } = JSON.parse(stdout);
  expect(datasets.map((kind: { name: string }) => kind.name)).toEqual(
    expect.arrayContaining(["synthetic", "folder", "csv", "ckplus48", "fer2013", "ferplus"]),
  );
  for (const { name, description, layout } of datasets) {
    expect([name, description, layout].every((text) => text.length > 0)).toBe(true);
  }
  expect((await runCommand("datasets")).stdout).toContain("    PATH/<class>/.../<image>");
});

const built = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const bin = fileURLToPath(new URL("../bin/microexpnet.js", import.meta.url));

describe.skipIf(!existsSync(built))("the built command (skipped where packages/cli/dist is absent)", () => {
  it("prints its result on standard output only", () => {
    const run = spawnSync(process.execPath, [bin, "networks", "--json"], { encoding: "utf8" });
    expect([run.status, run.stderr]).toEqual([0, ""]);
    expect(JSON.parse(run.stdout).networks.length).toBeGreaterThan(16);
  });

  it("ends with 2 on wrong usage, without a stack trace", () => {
    const run = spawnSync(process.execPath, [bin, "predct"], { encoding: "utf8" });
    expect([run.status, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).toBe('Unknown command "predct"; did you mean predict?\n');
  });

  it("ends quietly when its reader goes away", async () => {
    const child = spawn(process.execPath, [bin, "datasets"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (text) => {
      stderr += text;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("stops in order on Ctrl-C", async () => {
    const child = spawn(process.execPath, [bin, "bench"], { stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (text) => {
      stdout += text;
    });
    child.stderr.on("data", (text) => {
      // The first words tell that the work has begun.
      if (stderr === "") child.kill("SIGINT");
      stderr += text;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, stdout]).toEqual([130, ""]);
    expect(stderr).toMatch(/\nStopped; nothing was printed\.\n$/);
  });
});
