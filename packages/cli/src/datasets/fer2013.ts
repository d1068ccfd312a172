import { join, resolve } from "node:path";
import { type Dataset, DatasetError, type Split, sharedBytes } from "@microexpnet/training";
import { cachedDataset } from "./cache.js";
import { forEachConcurrently } from "./concurrency.js";
import { type CsvRow, csvRows, rowError } from "./csv-rows.js";
import type { DatasetKind, LoadContext } from "./dataset-kind.js";
import { isFile, isFolder, requireFile } from "./files.js";
import { resizeGreySquare } from "./image.js";
import { datasetName } from "./image-kind.js";

/** The challenge's order of the classes 0..6. */
const labels = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"] as const;
const side = 48;
const splits: Readonly<Record<string, Split>> = {
  training: "train",
  publictest: "valid",
  privatetest: "test",
};
const expected = "a CSV file with the header emotion,pixels,Usage";
const layout = `PATH is the challenge's fer2013.csv (or the folder it lies in), header emotion,pixels,Usage;
pixels are 48x48 values with spaces between; Training, PublicTest and PrivateTest are train, valid and test`;

interface Columns {
  readonly emotion: number;
  readonly pixels: number;
  /** -1 in a file without it. */
  readonly usage: number;
  readonly count: number;
}

function readHeader(file: string, { fields, line }: CsvRow): Columns {
  const names = fields.map((field) => field.toLowerCase());
  const [emotion, pixels, usage] = ["emotion", "pixels", "usage"].map((name) => names.indexOf(name));
  if (emotion < 0 || pixels < 0) {
    throw rowError(
      file,
      line,
      `expected the header emotion,pixels,Usage, found "${fields.join(",").slice(0, 80)}"`,
    );
  }
  return { emotion, pixels, usage, count: fields.length };
}

/** The 48x48 values of a pixel string; undefined when they are not that many bytes. */
function readPixels(text: string): Uint8Array | undefined {
  const values = text.split(/\s+/);
  if (values.length !== side * side) return undefined;
  const pixels = new Uint8Array(side * side);
  for (const [index, value] of values.entries()) {
    if (!/^\d{1,3}$/.test(value) || Number(value) > 255) return undefined;
    pixels[index] = Number(value);
  }
  return pixels;
}

async function build(file: string, bytes: number, name: string, context: LoadContext): Promise<Dataset> {
  const size = context.size ?? side;
  const images: Uint8Array[] = [];
  const classes: number[] = [];
  const usages: Split[] = [];
  let columns: Columns | undefined;
  const onBytes = (read: number) => context.onProgress?.(read, bytes, "reading bytes of the CSV file");
  for await (const row of csvRows(file, { signal: context.signal, onBytes })) {
    if (!columns) {
      columns = readHeader(file, row);
      continue;
    }
    const { fields, line } = row;
    if (fields.length !== columns.count) {
      throw rowError(file, line, `expected ${columns.count} fields as in the header, found ${fields.length}`);
    }
    const emotion = fields[columns.emotion];
    if (!/^[0-6]$/.test(emotion)) {
      throw rowError(file, line, `the emotion is "${emotion.slice(0, 20)}", not 0 to 6`);
    }
    const pixels = readPixels(fields[columns.pixels]);
    if (!pixels) throw rowError(file, line, `the pixels are not ${side}x${side} values of 0 to 255`);
    if (columns.usage >= 0) {
      const split = splits[fields[columns.usage].toLowerCase()];
      if (!split) {
        throw rowError(
          file,
          line,
          `the usage "${fields[columns.usage]}" is none of Training, PublicTest and PrivateTest`,
        );
      }
      usages.push(split);
    }
    images.push(pixels);
    classes.push(Number(emotion));
  }
  if (images.length === 0) throw new DatasetError(`fer2013: ${file} holds no images.`);
  const packed = sharedBytes(images.length * size * size);
  const pack = async (index: number) => {
    packed.set(await resizeGreySquare(images[index], side, size), index * size * size);
  };
  await forEachConcurrently(images.length, 4, pack, context.signal);
  const sharedClasses = sharedBytes(classes.length);
  sharedClasses.set(classes);
  return {
    name,
    labels,
    count: images.length,
    size,
    pixels: packed,
    classes: sharedClasses,
    ...(usages.length > 0 && { splits: usages }),
    paths: images.map((_, index) => `image ${index + 1}`),
    problems: [],
  };
}

/** FER2013 (Goodfellow et al.: Challenges in Representation Learning, ICONIP 2013) as the challenge's CSV file. */
export const fer2013: DatasetKind = {
  name: "fer2013",
  description: "FER2013 as the challenge's CSV file, 7 classes",
  layout,
  async load(path, context) {
    const inside = join(path, "fer2013.csv");
    const file = (await isFolder(path)) && (await isFile(inside)) ? inside : path;
    const { size, mtimeMs } = await requireFile("fer2013", file, expected);
    const name = datasetName("fer2013", file);
    return cachedDataset(
      { kind: "fer2013", path: resolve(file), fingerprint: `1 ${size} ${mtimeMs}` },
      context,
      () => build(file, size, name, context),
    );
  },
};
