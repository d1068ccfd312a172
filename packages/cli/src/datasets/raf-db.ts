import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatasetError, type Split } from "@microexpnet/training";
import { rowError } from "./csv-rows.js";
import { isFile, isFolder, layoutError, reasonOf, requireFolder } from "./files.js";
import { imageKind } from "./image-kind.js";
import type { ListedImage } from "./listing.js";

/** The codes 1..7 of the label file. */
const labels = ["surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"] as const;
// The word is spelt so in the data set.
const labelFiles = ["EmoLabel/list_patition_label.txt", "list_patition_label.txt"];
const imageFolders = ["Image/aligned", "aligned", "Image"];
const expected = `EmoLabel/list_patition_label.txt and the folder Image/aligned (also below the folder basic)`;
const layout = `PATH/EmoLabel/list_patition_label.txt (train_00001.jpg 5 a line) and
PATH/Image/aligned/train_00001_aligned.jpg; PATH may be the folder basic or the one above`;

async function firstOf(paths: readonly string[], exists: (path: string) => Promise<boolean>) {
  for (const path of paths) if (await exists(path)) return path;
  return undefined;
}

async function readLines(file: string): Promise<string[]> {
  try {
    return (await readFile(file, "utf8")).split(/\r?\n/);
  } catch (error) {
    throw new DatasetError(`${file} cannot be read, because ${reasonOf(error)}.`);
  }
}

/** RAF-DB, basic expressions (Li, Deng, Du: Reliable Crowdsourcing and Deep Locality-Preserving Learning, CVPR 2017). */
export const rafDb = imageKind({
  name: "raf-db",
  description: "Real-world Affective Faces, basic expressions, 7 classes",
  layout,
  async list(path, { signal }) {
    await requireFolder("raf-db", path, expected);
    const roots = [path, join(path, "basic")];
    const under = (names: readonly string[]) =>
      roots.flatMap((root) => names.map((name) => join(root, name)));
    const labelFile = await firstOf(under(labelFiles), isFile);
    const folder = await firstOf(under(imageFolders), isFolder);
    if (!labelFile || !folder) throw await layoutError("raf-db", path, expected);
    const images: ListedImage[] = [];
    for (const [index, text] of (await readLines(labelFile)).entries()) {
      signal?.throwIfAborted();
      if (text.trim() === "") continue;
      const match = /^((train|test)_\S+)\.(\w+)\s+([1-7])$/.exec(text.trim());
      if (!match) {
        throw rowError(labelFile, index + 1, `expected train_00001.jpg 5, found "${text.slice(0, 40)}"`);
      }
      const [, stem, split, extension, code] = match;
      const aligned = `${stem}_aligned.${extension}`;
      const name = (await isFile(join(folder, aligned))) ? aligned : `${stem}.${extension}`;
      images.push({
        file: join(folder, name),
        path: name,
        class: Number(code) - 1,
        split: split as Split,
      });
    }
    return { labels, images, problems: [] };
  },
});
