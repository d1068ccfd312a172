import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { drawSyntheticFace } from "@microexpnet/training";
import sharp from "sharp";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { brightnessModel, putModel } from "../../test/models.js";
import { encode, put, putPicture, temporaryFolder } from "../../test/pictures.js";
import { lastLine, runCommand } from "../../test/run-command.js";

const folder = temporaryFolder();
const model = join(folder, "model.safetensors");
const predict = (...words: string[]) => runCommand("predict", ...words, "--model", model);

/** A grey scene of 400x300 with drawn faces of 120x120 at these places. */
function scene(...places: readonly (readonly [number, number])[]): Uint8Array {
  const pixels = new Uint8Array(400 * 300).fill(120);
  for (const [index, [left, top]] of places.entries()) {
    const face = drawSyntheticFace({ subject: index, image: 0, size: 120 }).pixels;
    for (let y = 0; y < 120; y++) pixels.set(face.subarray(y * 120, (y + 1) * 120), (top + y) * 400 + left);
  }
  return pixels;
}

beforeAll(async () => {
  await putModel(model, brightnessModel(["dark", "bright"]));
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Whether a box lies about a drawn face at this place. */
const isAt = ([x, y, width, height]: readonly number[], [left, top]: readonly number[]) =>
  Math.hypot(x + width / 2 - left - 60, y + height / 2 - top - 60) < 25 && width > 60 && width < 160;

it("finds the faces of a picture, and gives their boxes in pixels of the upright picture", async () => {
  const places = [
    [30, 40],
    [240, 150],
  ] as const;
  const path = await put(join(folder, "two.png"), await encode("two.png", scene(...places), 400, 300));
  // The same picture lying on its side, to be turned upright by its orientation.
  const turned = join(folder, "turned.jpg");
  await sharp(path).rotate(-90).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toFile(turned);
  const large = join(folder, "large.png");
  await sharp(path).resize(4000, 3000).png().toFile(large);
  const run = await predict(path, turned, large, "--json");
  expect(run.code).toBe(0);
  const { files } = JSON.parse(run.stdout);
  expect(files.map((file: { path: string }) => file.path)).toEqual([path, turned, large]);
  for (const { path, faces } of files) {
    expect(faces.length, path).toBe(2);
    const scale = path === large ? 10 : 1;
    for (const place of places) {
      const found = faces.filter(({ box }: { box: number[] }) =>
        isAt(
          box.map((value) => value / scale),
          place,
        ),
      );
      expect(found.length, path).toBe(1);
    }
    for (const face of faces) {
      expect(Object.keys(face)).toEqual(["box", "label", "probabilities", "uncertain"]);
      expect(face.probabilities.dark + face.probabilities.bright).toBeCloseTo(1, 5);
    }
  }
  const one = await predict(path, "--json", "--max-faces", "1");
  expect(JSON.parse(one.stdout).files[0].faces.length).toBe(1);
});

it("answers a picture of 20,000x20,000 pixels and says that there is no face", async () => {
  const path = join(folder, "huge.png");
  const create = { width: 20_000, height: 20_000, channels: 3, background: "#000" } as const;
  await sharp({ create, limitInputPixels: false })
    .toColourspace("b-w")
    .png({ compressionLevel: 1 })
    .toFile(path);
  const run = await predict(path);
  expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(/huge\.png +no face/) });
});

it("takes patterns, prints comma-separated values and writes annotated pictures", async () => {
  const pictures = join(folder, "pictures");
  const bytes = await encode("a.png", scene([100, 60]), 400, 300);
  await put(join(pictures, 'a "one", two.png'), bytes);
  await put(join(pictures, "deep", "b.png"), bytes);
  await put(join(pictures, "c.txt"), "no picture");
  const annotated = join(folder, "annotated");
  const run = await predict(join(pictures, "**", "*"), "--csv", "--annotate", annotated);
  expect(run.code).toBe(0);
  const lines = run.stdout.trimEnd().split("\r\n");
  expect(lines[0]).toBe("path,seconds,x,y,width,height,label,uncertain,dark,bright,error");
  expect(lines.length).toBe(3);
  expect(lines[1]).toContain('a ""one"", two.png",,');
  const drawn = sharp(join(annotated, "b.png.jpg"));
  expect(await drawn.metadata()).toMatchObject({ width: 400, height: 300 });
  // The frame's colour, which no grey picture has.
  const { data } = await drawn.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  expect(data.some((_, i) => i % 3 === 0 && data[i] > data[i + 2] + 120)).toBe(true);
});

/** Puts a program named ffmpeg in front of all others, which writes what is given. */
async function stubFfmpeg(output: Uint8Array, code = 0): Promise<void> {
  const bin = join(folder, `bin-${code}-${output.length}`);
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "frames"), output);
  const script = `#!${process.execPath}
const bytes = require("fs").readFileSync(${JSON.stringify(join(bin, "frames"))});
process.stderr.write(${code} ? "moov atom not found\\n" : "");
process.stdout.write(bytes, () => process.exit(${code}));
`;
  await writeFile(join(bin, "ffmpeg"), script);
  await chmod(join(bin, "ffmpeg"), 0o755);
  vi.stubEnv("PATH", bin);
}

const pixmap = (grey: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from("P6\n400 300\n255\n"),
    Uint8Array.from({ length: 360_000 }, (_, i) => grey[(i / 3) | 0]),
  ]);

it("follows the faces of a video through ffmpeg's frames", async () => {
  const video = await put(join(folder, "clip.mp4"), "read by a stub");
  const frames = [0, 12, 24].map((shift) => pixmap(scene([40 + shift, 60], [250, 100])));
  await stubFfmpeg(Buffer.concat(frames));
  const run = await predict(video, "--json");
  expect(run.stderr).toBe("");
  const [file] = JSON.parse(run.stdout).files;
  expect(file.faces.length).toBe(2);
  expect(file.frames.map(({ seconds }: { seconds: number }) => seconds)).toEqual([0, 0.1, 0.2]);
  for (const [index, { faces }] of file.frames.entries()) {
    expect(faces.some(({ box }: { box: number[] }) => isAt(box, [40 + 12 * index, 60]))).toBe(true);
  }
});

it("says in a sentence what is wrong with a video, or that ffmpeg is missing", async () => {
  const video = await put(join(folder, "bad.mp4"), "no video");
  await stubFfmpeg(new Uint8Array(), 1);
  const damaged = await predict(video);
  expect(damaged.code).toBe(1);
  expect(damaged.stderr).toContain(`${video} is no video that ffmpeg can read (moov atom not found).\n`);
  vi.stubEnv("PATH", join(folder, "nowhere"));
  const missing = await predict(video, await putPicture(join(folder, "plain.png"), 99));
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain(
    `${video} is a video, which is read by ffmpeg, and ffmpeg is not installed.\n`,
  );
  expect(lastLine(missing)).toBe("1 of 2 pictures could not be classified.");
});

it("keeps a folder for annotations that cannot be made to one sentence", async () => {
  const file = await put(join(folder, "file"), "");
  const run = await predict(file, "--annotate", join(file, "inside"));
  expect(run.code).toBe(1);
  expect(lastLine(run)).toMatch(/^The folder .* cannot be made, because .*\.$/);
  expect(await readFile(file, "utf8")).toBe("");
});
