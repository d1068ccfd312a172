import { dirname, resolve } from "node:path";
import { DatasetError } from "@microexpnet/training";
import { csvRows, rowError } from "./csv-rows.js";
import { byName, requireFile } from "./files.js";
import { imageKind } from "./image-kind.js";
import type { ListedImage } from "./listing.js";
import { splitOf } from "./split-names.js";

const layout = `PATH is a CSV file with the header path,label[,subject][,split]; paths are relative to that
file; split is train, valid or test`;
const known = ["path", "label", "subject", "split"];

/** Column of each known field; refuses a header without path and label. */
function readHeader(file: string, fields: readonly string[]): Map<string, number> {
  const names = fields.map((field) => field.toLowerCase());
  const columns = new Map<string, number>();
  for (const [column, name] of names.entries()) {
    if (!known.includes(name)) continue;
    if (columns.has(name)) throw rowError(file, 1, `the header names ${name} twice`);
    columns.set(name, column);
  }
  if (!columns.has("path") || !columns.has("label")) {
    throw rowError(
      file,
      1,
      `expected the header path,label[,subject][,split], found "${fields.join(",").slice(0, 80)}"`,
    );
  }
  return columns;
}

/** A CSV file that names images, their labels and, if known, subjects and splits. */
export const csv = imageKind({
  name: "csv",
  description: "A CSV file of image paths and labels",
  layout,
  async list(path, { signal }) {
    await requireFile("csv", path, "a CSV file with the header path,label[,subject][,split]");
    let header: Map<string, number> | undefined;
    let width = 0;
    const rows: (Omit<ListedImage, "class"> & { label: string })[] = [];
    let firstSplit: boolean | undefined;
    for await (const { fields, line } of csvRows(path, { signal })) {
      if (!header) {
        header = readHeader(path, fields);
        width = fields.length;
        continue;
      }
      if (fields.length !== width) {
        throw rowError(path, line, `expected ${width} fields as in the header, found ${fields.length}`);
      }
      const field = (name: string) => fields[header!.get(name) ?? -1] ?? "";
      for (const name of ["path", "label"]) {
        if (field(name) === "") throw rowError(path, line, `the ${name} is empty`);
      }
      const split = splitOf(field("split"));
      if (field("split") !== "" && !split) {
        throw rowError(path, line, `the split "${field("split")}" is none of train, valid and test`);
      }
      firstSplit ??= split !== undefined;
      if (firstSplit !== (split !== undefined)) {
        throw rowError(path, line, "either every row or none must have a split");
      }
      rows.push({
        file: resolve(dirname(path), field("path")),
        path: field("path"),
        label: field("label"),
        ...(field("subject") !== "" && { subject: field("subject") }),
        ...(split && { split }),
      });
    }
    if (!header) throw new DatasetError(`csv: ${path} is empty.`);
    if (rows.length === 0) throw new DatasetError(`csv: ${path} holds a header and no rows.`);
    const labels = [...new Set(rows.map(({ label }) => label))].sort(byName);
    const indexOf = new Map(labels.map((label, index) => [label, index]));
    return {
      labels,
      images: rows.map(({ label, ...image }) => ({ ...image, class: indexOf.get(label)! })),
      problems: [],
    };
  },
});
