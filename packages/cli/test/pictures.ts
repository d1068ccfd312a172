import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll } from "vitest";

/** A folder for the drawn data sets of one test file, removed after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "microexpnet-datasets-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file and the folders it needs. */
export async function put(path: string, content: string | Uint8Array): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

/** The bytes of a picture of one colour, `grey` or [red, green, blue], in the format that the name ends with. */
export async function picture(
  name: string,
  colour: number | readonly [number, number, number],
  width = 48,
  height = width,
): Promise<Buffer> {
  const channels = typeof colour === "number" ? 1 : 3;
  const data = Buffer.alloc(width * height * channels);
  for (let i = 0; i < data.length; i++) data[i] = typeof colour === "number" ? colour : colour[i % 3];
  return encode(name, data, width, height);
}

/** Encodes grey (1) or RGB (3 channels) values without loss where the format can. */
export function encode(name: string, data: Uint8Array, width: number, height = width): Promise<Buffer> {
  const channels = data.length === width * height ? 1 : 3;
  const image = sharp(data, { raw: { width, height, channels } });
  if (channels === 1) image.toColourspace("b-w");
  if (/\.jpe?g$/i.test(name)) return image.jpeg({ quality: 100 }).toBuffer();
  if (/\.tiff?$/i.test(name)) return image.tiff({ compression: "none" }).toBuffer();
  return image.png().toBuffer();
}

/** Draws a picture of one grey value into a file. */
export async function putPicture(path: string, grey: number, width = 48, height = width): Promise<string> {
  return put(path, await picture(path, grey, width, height));
}
