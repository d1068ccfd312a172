import { join } from "node:path";
import { canonicalLabel, type Split } from "@microexpnet/training";
import { type CsvRow, csvRows, rowError } from "./csv-rows.js";
import type { LoadContext } from "./dataset-kind.js";
import { isFile, isFolder, layoutError, requireFolder } from "./files.js";
import { imageKind } from "./image-kind.js";
import { counted, type ListedImage, type Listing } from "./listing.js";

/** The classes in the order of the label files' columns. */
const labels = [
  "neutral",
  "happiness",
  "surprise",
  "sadness",
  "anger",
  "disgust",
  "fear",
  "contempt",
] as const;
/** Two further columns: what the annotators could not tell, and what is not a face. */
const columns = [...labels, "unknown", "NF"];
const parts: readonly (readonly [folder: string, split: Split])[] = [
  ["FER2013Train", "train"],
  ["FER2013Valid", "valid"],
  ["FER2013Test", "test"],
];
const expected = "any of the folders FER2013Train, FER2013Valid and FER2013Test, each with label.csv";
const layout = `PATH/FER2013Train, PATH/FER2013Valid, PATH/FER2013Test (any of them), each with its images and
label.csv: file, box, and the votes for ${columns.join(", ")}`;

/** Column with the most votes, the first on a tie. */
function winner(votes: readonly number[]): number {
  let best = 0;
  for (let column = 1; column < votes.length; column++) if (votes[column] > votes[best]) best = column;
  return best;
}

/** Whether the first row names columns; refuses one that names them in another order. */
function isHeader(file: string, { fields, line }: CsvRow): boolean {
  const names = fields.slice(2);
  if (names.length === 0 || names.some((name) => /^\d/.test(name))) return false;
  if (names.some((name, index) => canonicalLabel(name) !== canonicalLabel(columns[index] ?? ""))) {
    throw rowError(
      file,
      line,
      `expected the vote columns ${columns.join(",")}, found ${names.join(",").slice(0, 120)}`,
    );
  }
  return true;
}

function readVotes(file: string, { fields, line }: CsvRow): number[] {
  if (fields.length !== columns.length + 2) {
    throw rowError(
      file,
      line,
      `expected a file name, a box and ${columns.length} vote counts, found ${fields.length} fields`,
    );
  }
  return fields.slice(2).map((field, index) => {
    if (!/^\d+$/.test(field)) {
      throw rowError(file, line, `the votes for ${columns[index]} are "${field}", not a count`);
    }
    return Number(field);
  });
}

interface Part {
  readonly images: readonly ListedImage[];
  readonly left: number;
}

async function listPart(root: string, folder: string, split: Split, context: LoadContext): Promise<Part> {
  const labelFile = join(root, folder, "label.csv");
  const images: ListedImage[] = [];
  let left = 0;
  let isFirst = true;
  for await (const row of csvRows(labelFile, context)) {
    const skip = isFirst && isHeader(labelFile, row);
    isFirst = false;
    if (skip) continue;
    const counts = readVotes(labelFile, row);
    const name = row.fields[0];
    if (name === "") throw rowError(labelFile, row.line, "the file name is empty");
    const column = winner(counts);
    const sum = counts.slice(0, labels.length).reduce((total, count) => total + count, 0);
    if (column >= labels.length || sum === 0) {
      left++;
      continue;
    }
    const votes = counts.slice(0, labels.length).map((count) => count / sum);
    const path = `${folder}/${name}`;
    images.push({ file: join(root, folder, name), path, class: column, split, votes });
  }
  return { images, left };
}

/** Finds the images by their label files; exported for the tests. */
export async function listFerplus(path: string, context: LoadContext): Promise<Listing> {
  await requireFolder("ferplus", path, expected);
  const images: ListedImage[] = [];
  const problems: string[] = [];
  let found = 0;
  for (const [folder, split] of parts) {
    if (!(await isFolder(join(path, folder)))) continue;
    if (!(await isFile(join(path, folder, "label.csv")))) {
      throw await layoutError("ferplus", join(path, folder), "the file label.csv");
    }
    found++;
    const part = await listPart(path, folder, split, context);
    for (const image of part.images) images.push(image);
    if (part.left > 0) {
      problems.push(
        `${counted(part.left, "image")} of ${folder} ${part.left === 1 ? "was" : "were"} left out, because unknown or NF won the vote or nobody voted.`,
      );
    }
  }
  if (found === 0) throw await layoutError("ferplus", path, expected);
  return { labels, images, problems };
}

/**
 * FER+ (Barsoum, Zhang, Canton Ferrer, Zhang: Training Deep Networks for Facial Expression Recognition with
 * Crowd-Sourced Label Distribution, ICMI 2016). An image's class is the column with the most votes of all ten,
 * the first on a tie; images won by unknown or NF are left out. `votes` are those for the eight classes.
 */
export const ferplus = imageKind({
  name: "ferplus",
  description: "FER2013 faces with the FER+ votes of ten annotators, 8 classes",
  layout,
  list: listFerplus,
});
