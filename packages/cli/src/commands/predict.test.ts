import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { beforeAll, expect, it } from "vitest";
import { brightnessModel, putModel } from "../../test/models.js";
import { put, putPicture, temporaryFolder } from "../../test/pictures.js";
import { lastLine, runCommand } from "../../test/run-command.js";

const folder = temporaryFolder();
const model = join(folder, "model.safetensors");
const find = (...words: string[]) => runCommand("predict", ...words, "--model", model);
const predict = (...words: string[]) => find(...words, "--crop", "none");

/** Says "dark" of black pictures and "bright" of bright ones. */
beforeAll(async () => {
  await putModel(model, brightnessModel(["dark", "bright"]));
});

it("gives each picture's face in the contract's form", async () => {
  const wide = await putPicture(join(folder, "good", "wide.png"), 0, 60, 41);
  const large = await putPicture(join(folder, "good", "deep", "large.jpg"), 240, 300);
  const run = await predict(join(folder, "good"), "--json");
  expect(run.code).toBe(0);
  const { files } = JSON.parse(run.stdout);
  expect(files).toEqual([
    {
      path: large,
      faces: [{ box: [0, 0, 300, 300], label: "bright", probabilities: expect.anything(), uncertain: false }],
    },
    {
      path: wide,
      faces: [{ box: [9, 0, 41, 41], label: "dark", probabilities: expect.anything(), uncertain: false }],
    },
  ]);
  for (const { faces } of files) {
    const { label, probabilities } = faces[0];
    expect(Object.keys(probabilities)).toEqual(["dark", "bright"]);
    expect(probabilities.dark + probabilities.bright).toBeCloseTo(1, 5);
    expect(probabilities[label]).toBeGreaterThan(0.5);
  }
  const table = (await predict(wide, large)).stdout.split("\n");
  expect(table[2]).toMatch(/wide\.png +dark +[\d.]+ % +bright +[\d.]+ %$/);
  expect(table[3]).toMatch(/large\.jpg +bright /);
});

it("answers among the classes asked for, and refuses a reading that does not fit the model", async () => {
  const picture = await putPicture(join(folder, "read", "bright.png"), 240);
  const among = JSON.parse((await predict(picture, "--among", "dark", "--json")).stdout);
  expect(among.files[0].faces[0]).toMatchObject({ label: "dark", probabilities: { dark: 1, bright: 0 } });
  const unknown = await predict(picture, "--among", "dark,grey");
  expect([unknown.code, lastLine(unknown)]).toEqual([
    1,
    'A reading needs labels among dark, bright, not "grey".',
  ]);
  const uniform = await predict(picture, "--prior", "uniform");
  expect([uniform.code, lastLine(uniform)]).toEqual([
    1,
    "The model does not say how often its training data had each class.",
  ]);
});

it("classifies what it can of a folder of junk, gives the rest a sentence each, and ends with 1", async () => {
  const junk = join(folder, "junk");
  const good = await putPicture(join(junk, "good.png"), 0);
  const empty = await put(join(junk, "empty.png"), "");
  const text = await put(join(junk, "text.png"), "this is no picture");
  const cut = await put(join(junk, "cut.png"), await cutPng());
  const huge = await put(join(junk, "huge.png"), blackPng(20_000, 20_000));
  await put(join(junk, "notes.txt"), "not named as an image, so not looked at");
  await symlink(junk, join(junk, "loop"));
  await symlink(join(junk, "gone.png"), join(junk, "dangling.png"));
  const missing = join(folder, "missing.png");

  const run = await predict(junk, missing, "--json");
  expect(run.code).toBe(1);
  const { files } = JSON.parse(run.stdout);
  const errors = Object.fromEntries(
    files.map((file: { path: string; error?: string }) => [file.path, file.error]),
  );
  expect(errors).toEqual({
    [good]: undefined,
    [empty]: `${empty} is empty.`,
    [text]: `${text} is not an image of a known format.`,
    [cut]: expect.stringMatching(/cut\.png is damaged \(.*\)\.$/),
    [huge]: `${huge} has more than 64 million pixels.`,
    [join(junk, "dangling.png")]: `${join(junk, "dangling.png")} cannot be read, because it does not exist.`,
    [missing]: `${missing} cannot be read, because it does not exist.`,
  });
  for (const { faces, error } of files) expect(faces.length).toBe(error ? 0 : 1);
  expect(run.stderr).toContain(`${empty} is empty.\n`);
  expect(lastLine(run)).toBe("6 of 7 pictures could not be classified.");
});

it("says when a folder holds no pictures", async () => {
  const path = join(folder, "bare");
  await mkdir(path);
  const run = await predict(path);
  expect(run.code).toBe(1);
  expect(run.stdout).toBe("No picture was classified.\n");
  expect(run.stderr).toContain(`The folder ${path} holds no file that is named as an image.\n`);
});

async function cutPng(): Promise<Uint8Array> {
  const data = Uint8Array.from({ length: 64 * 64 }, (_, i) => (i * 131) % 256);
  const png = await sharp(data, { raw: { width: 64, height: 64, channels: 1 } })
    .png()
    .toBuffer();
  return png.subarray(0, png.length >> 1);
}

/** A whole PNG of one bit a pixel, which is quickly made at any size. */
function blackPng(width: number, height: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    checksum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, checksum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = Buffer.alloc(height * (1 + Math.ceil(width / 8)));
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 1 })),
    chunk("IEND", new Uint8Array()),
  ]);
}
