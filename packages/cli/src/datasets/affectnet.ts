import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Split } from "@microexpnet/training";
import { forEachConcurrently } from "./concurrency.js";
import { csvRows, rowError } from "./csv-rows.js";
import type { LoadContext } from "./dataset-kind.js";
import { byName, hasImageName, isFile, isFolder, layoutError, requireFolder, walkFolder } from "./files.js";
import { imageKind } from "./image-kind.js";
import { counted, type ListedImage, type Listing } from "./listing.js";
import { readNpyScalar } from "./npy-scalar.js";

/** The codes 0..7; 8, 9 and 10 are none, uncertain and not a face. */
const labels = ["neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt"] as const;
const expected = "train_set and val_set with images and annotations, or training.csv and validation.csv";
const layout = `PATH/train_set, PATH/val_set, each with images/<number>.jpg and annotations/<number>_exp.npy;
or PATH/training.csv, PATH/validation.csv (or in Manually_Annotated_file_lists), columns subDirectory_filePath
and expression, with the images in PATH/Manually_Annotated_Images or PATH`;
const sets: readonly (readonly [folder: string, split: Split])[] = [
  ["train_set", "train"],
  ["val_set", "valid"],
];
const lists: readonly (readonly [file: string, split: Split])[] = [
  ["training.csv", "train"],
  ["validation.csv", "valid"],
];
const listFolders = ["", "Manually_Annotated_file_lists"];
const imageFolders = ["Manually_Annotated_Images", "Manually_Annotated/Manually_Annotated_Images", ""];

type Found = Pick<Listing, "images" | "problems">;

/** A sentence for images whose label is none of the eight. */
function leftOut(count: number, where: string): string[] {
  if (count === 0) return [];
  return [
    `${counted(count, "image")} of ${where} ${count === 1 ? "was" : "were"} left out, labelled none, uncertain or not a face.`,
  ];
}

async function listSet(root: string, folder: string, split: Split, context: LoadContext): Promise<Found> {
  const { files, problems } = await walkFolder(join(root, folder, "images"), context.signal);
  const names = files
    .filter(hasImageName)
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || byName(a, b));
  const codes: (number | undefined)[] = new Array(names.length);
  const read = async (index: number) => {
    const stem = names[index].replace(/\.\w+$/, "");
    const bytes = await readFile(join(root, folder, "annotations", `${stem}_exp.npy`)).catch(() => undefined);
    codes[index] = bytes && readNpyScalar(bytes);
    if ((index + 1) % 256 === 0) context.onProgress?.(index + 1, names.length, "reading annotations");
  };
  await forEachConcurrently(names.length, 16, read, context.signal);
  const images: ListedImage[] = [];
  const unlabelled: string[] = [];
  let others = 0;
  for (const [index, name] of names.entries()) {
    const code = codes[index];
    const path = `${folder}/images/${name}`;
    if (code === undefined || !Number.isInteger(code) || code < 0) {
      unlabelled.push(`${path} has no readable annotation.`);
    } else if (code >= labels.length) others++;
    else images.push({ file: join(root, path), path, class: code, split });
  }
  return { images, problems: [...problems, ...unlabelled, ...leftOut(others, folder)] };
}

/** The first folder that holds the named image; the first of all where none does, so that it is told missing. */
async function findImageFolder(root: string, path: string): Promise<string> {
  for (const folder of imageFolders) if (await isFile(join(root, folder, path))) return folder;
  return imageFolders[0];
}

async function listCsv(root: string, file: string, split: Split, context: LoadContext): Promise<Found> {
  const images: ListedImage[] = [];
  let columns: { path: number; expression: number } | undefined;
  let folder: string | undefined;
  let others = 0;
  for await (const { fields, line } of csvRows(file, context)) {
    if (!columns) {
      columns = {
        path: fields.indexOf("subDirectory_filePath"),
        expression: fields.indexOf("expression"),
      };
      if (columns.path < 0 || columns.expression < 0) {
        throw rowError(file, line, "expected a header with subDirectory_filePath and expression");
      }
      continue;
    }
    const path = fields[columns.path] ?? "";
    const code = fields[columns.expression] ?? "";
    if (path === "" || !/^\d+$/.test(code) || Number(code) > 10) {
      throw rowError(
        file,
        line,
        `expected a path and an expression of 0 to 10, found "${path}" and "${code}"`,
      );
    }
    if (Number(code) >= labels.length) {
      others++;
      continue;
    }
    folder ??= await findImageFolder(root, path);
    images.push({ file: join(root, folder, path), path, class: Number(code), split });
  }
  return { images, problems: leftOut(others, file.slice(root.length + 1)) };
}

/** AffectNet, manually annotated (Mollahosseini, Hasani, Mahoor: IEEE Transactions on Affective Computing, 2019). */
export const affectnet = imageKind({
  name: "affectnet",
  description: "AffectNet, manually annotated, 8 classes",
  layout,
  async list(path, context) {
    await requireFolder("affectnet", path, expected);
    const found: Found[] = [];
    for (const [folder, split] of sets) {
      if (await isFolder(join(path, folder, "annotations")))
        found.push(await listSet(path, folder, split, context));
    }
    if (found.length === 0) {
      for (const folder of listFolders) {
        for (const [name, split] of lists) {
          const file = join(path, folder, name);
          if (await isFile(file)) found.push(await listCsv(path, file, split, context));
        }
      }
    }
    if (found.length === 0) throw await layoutError("affectnet", path, expected);
    return {
      labels,
      images: found.flatMap(({ images }) => images),
      problems: found.flatMap(({ problems }) => problems),
    };
  },
});
