import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { type Dataset, DatasetError } from "@microexpnet/training";
import { affectnet } from "./affectnet.js";
import { defaultCacheDirectory } from "./cache.js";
import { ckplus } from "./ckplus.js";
import { ckplus48 } from "./ckplus48.js";
import { csv } from "./csv.js";
import type { DatasetKind, LoadContext } from "./dataset-kind.js";
import { fer2013 } from "./fer2013.js";
import { ferplus } from "./ferplus.js";
import { folder } from "./folder.js";
import { jaffe } from "./jaffe.js";
import { kdef } from "./kdef.js";
import { ouluCasia } from "./oulu-casia.js";
import { rafDb } from "./raf-db.js";
import { synthetic } from "./synthetic.js";

export { defaultCacheDirectory } from "./cache.js";
export type { DatasetKind, LoadContext } from "./dataset-kind.js";

/** All kinds of data set that can be loaded, in the order of the listing. */
export const datasetKinds: readonly DatasetKind[] = [
  synthetic,
  folder,
  csv,
  ckplus,
  ckplus48,
  ouluCasia,
  fer2013,
  ferplus,
  jaffe,
  rafDb,
  affectnet,
  kdef,
];

export interface LoadOptions extends Omit<LoadContext, "cacheDirectory"> {
  /** Folder of the packed caches, by default `defaultCacheDirectory()`; false for none. */
  readonly cacheDirectory?: string | false;
}

/** A shell does not expand "~" behind a colon. */
const expandHome = (path: string): string =>
  path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;

/**
 * Loads a data set by "kind:path", for example "ferplus:faces/ferplus", "synthetic" or "synthetic:subjects=40".
 * The path is relative to the working directory. Images that cannot be read are left out, with a sentence each
 * in the `problems` of the data set.
 * @param options.size side of the images in pixels, a whole number of 8 to 1024.
 * @throws DatasetError, one sentence, when the specification or the data set is not as expected; the signal's
 * reason when stopped.
 */
export async function loadDataset(spec: string, options: LoadOptions = {}): Promise<Dataset> {
  const colon = spec.indexOf(":");
  const name = colon < 0 ? spec : spec.slice(0, colon);
  const path = colon < 0 ? "" : spec.slice(colon + 1);
  const kind = datasetKinds.find((candidate) => candidate.name === name);
  if (!kind) {
    const names = datasetKinds.map((candidate) => candidate.name).join(", ");
    const what = colon < 0 ? "is not of the form kind:path" : `has the unknown kind "${name}"`;
    throw new DatasetError(`The data set "${spec}" ${what}; the kinds are ${names}.`);
  }
  const { size } = options;
  if (size !== undefined && !(Number.isInteger(size) && size >= 8 && size <= 1024)) {
    throw new DatasetError(`The size of the images must be a whole number of 8 to 1024 pixels, not ${size}.`);
  }
  options.signal?.throwIfAborted();
  const context = { ...options, cacheDirectory: options.cacheDirectory ?? defaultCacheDirectory() };
  if (kind === synthetic) return kind.load(path, context);
  if (path.trim() === "") throw new DatasetError(`The data set "${spec}" needs a path, as in ${name}:PATH.`);
  return kind.load(resolve(expandHome(path)), context);
}
