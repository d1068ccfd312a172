import { existsSync, readdirSync } from "node:fs";
import { copyFile, mkdir, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadClassifier } from "microexpnet";
import { beforeAll, describe, expect, it } from "vitest";
import { put, temporaryFolder } from "../../test/pictures.js";
import { lastLine, runCommand } from "../../test/run-command.js";

const folder = temporaryFolder();
const authors = fileURLToPath(new URL("../../../../../shared/reference/authors/", import.meta.url));
const checkpoint = join(authors, "v4/CK/MicroExpNet_CK");
const out = (name: string) => join(folder, name);

it("says what it looked for where there is no checkpoint", async () => {
  const missing = join(folder, "nothing");
  const run = await runCommand("import", missing, "--out", out("a.safetensors"), "--json");
  expect([run.code, run.stdout]).toEqual([1, ""]);
  expect(lastLine(run)).toBe(
    `${missing} is no TensorFlow V2 checkpoint, because there is no file ${missing}.index beside it.`,
  );
  await mkdir(join(folder, "empty"));
  expect(lastLine(await runCommand("import", join(folder, "empty"), "--out", out("a")))).toMatch(
    /has no file "checkpoint" that names one, and not exactly one \.index file but none\.$/,
  );
});

it("tells junk from a checkpoint", async () => {
  await put(join(folder, "junk.index"), "junk".repeat(100));
  const run = await runCommand("import", join(folder, "junk"), "--out", out("junk.safetensors"));
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/^junk: .*\.\n$/);
  expect(existsSync(out("junk.safetensors"))).toBe(false);
});

describe.skipIf(!existsSync(authors))("the authors' checkpoints (skipped where ../shared is absent)", () => {
  let expected: { logits: { CK: number[][] } };
  let inputs: Uint8Array;

  beforeAll(async () => {
    expected = JSON.parse(await readFile(join(authors, "expected.json"), "utf8"));
    inputs = await readFile(join(authors, "inputs.u8"));
  });

  it("gives a file with which the library computes the reference's logits", async () => {
    const file = out("ck.safetensors");
    const run = await runCommand("import", checkpoint, "--out", file, "--json");
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({
      network: "microexpnet-2019",
      parameters: 65_000,
      checksums: "verified",
      out: file,
    });
    expect(run.stderr).toContain("p2-XXS");
    const { logits } = await loadClassifier(file);
    const reference = expected.logits.CK.flat();
    const largest = Math.max(...reference.map(Math.abs));
    const difference = logits(inputs).map((value, i) => Math.abs(value - reference[i]));
    expect(difference.length).toBe(reference.length);
    expect(Math.max(...difference) / largest).toBeLessThan(0.001);
  });

  it.each([".index", ".meta", ".data-00000-of-00001", "/.."])("is found by the path with %s", async (end) => {
    const file = out(`by${end.replace(/\W/g, "")}.safetensors`);
    const run = await runCommand(
      "import",
      `${checkpoint}${end}`.replace(/\/[^/]+\/\.\.$/, ""),
      "--out",
      file,
    );
    expect(run.code).toBe(0);
    expect(run.stdout).toContain("microexpnet-2019");
    expect((await readFile(file)).equals(await readFile(out("ck.safetensors")))).toBe(true);
  });

  it("takes the network that is asked for, and refuses one that does not fit", async () => {
    const asked = ["import", checkpoint, "--out", out("asked"), "--json", "--network"];
    expect(JSON.parse((await runCommand(...asked, "p2-XXS")).stdout).network).toBe("p2-XXS");
    const run = await runCommand(...asked, "microexpnet-2017");
    expect(run.code).toBe(1);
    expect(lastLine(run)).toMatch(/^MicroExpNet_CK: The network "microexpnet-2017" needs .*\.$/);
    expect((await runCommand(...asked, "teacher")).code).toBe(2);
  });

  it("notices a data file that was cut off or is absent, and leaves nothing behind", async () => {
    const copy = join(folder, "cut");
    await mkdir(copy);
    await copyFile(`${checkpoint}.index`, join(copy, "net.index"));
    const lacking = await runCommand("import", copy, "--out", join(copy, "out"));
    expect([lacking.code, lastLine(lacking)]).toEqual([
      1,
      `The checkpoint's file ${join(copy, "net.data-00000-of-00001")} cannot be read, because it does not exist.`,
    ]);
    await copyFile(`${checkpoint}.data-00000-of-00001`, join(copy, "net.data-00000-of-00001"));
    await truncate(join(copy, "net.data-00000-of-00001"), 100_000);
    const cut = await runCommand("import", copy, "--out", join(copy, "out"));
    expect(cut.code).toBe(1);
    expect(lastLine(cut)).toMatch(/^net: The checkpoint's tensor .* its data file has 100000 bytes\.$/);
    expect(readdirSync(copy).sort()).toEqual(["net.data-00000-of-00001", "net.index"]);
  });

  it("writes into no folder that does not exist", async () => {
    const file = join(folder, "absent", "ck.safetensors");
    const run = await runCommand("import", checkpoint, "--out", file);
    expect([run.code, lastLine(run)]).toEqual([
      1,
      `${file} cannot be written, because the folder ${join(folder, "absent")} does not exist.`,
    ]);
  });
});
