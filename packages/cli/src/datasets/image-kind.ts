import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { DatasetError } from "@microexpnet/training";
import { cachedDataset } from "./cache.js";
import type { DatasetKind, LoadContext } from "./dataset-kind.js";
import { decodeListing } from "./decode-listing.js";
import type { Listing } from "./listing.js";

/** Raise it when images are decoded in another way, so that older caches are not taken. */
const decoderVersion = 1;

/** Size and time of a file; for one that cannot be reached, which is told when it is decoded, nothing. */
function markOf(file: string): string {
  try {
    const { size, mtimeMs } = statSync(file);
    return `${size} ${mtimeMs}`;
  } catch {
    return "";
  }
}

/**
 * Tells whether anything changed: the labels, each image's name, class, subject, split and votes, and the size and
 * time of each image file. Asking for these one after another, at some 5 microseconds each, is six times as fast as
 * in parallel, so that is done, with a pause now and then.
 */
async function fingerprintOf({ labels, images, problems }: Listing, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([decoderVersion, labels, problems]));
  for (const [index, { file, path, class: label, subject, split, votes }] of images.entries()) {
    if (index % 1000 === 0) {
      await setImmediate();
      signal?.throwIfAborted();
    }
    hash.update(JSON.stringify([path, label, subject, split, votes, markOf(file)]));
  }
  return hash.digest("hex");
}

/** The name of a data set, for messages and reports. */
export const datasetName = (kind: string, path: string): string => `${kind}:${basename(path)}`;

/** A kind of data set that names image files; they are decoded once and then read from the packed cache. */
export function imageKind(
  kind: Pick<DatasetKind, "name" | "description" | "layout"> & {
    /** Finds the images without decoding them. */
    list(path: string, context: LoadContext): Promise<Listing>;
  },
): DatasetKind {
  const { name, description, layout } = kind;
  return {
    name,
    description,
    layout,
    async load(path, context) {
      const listing = await kind.list(path, context);
      if (listing.images.length === 0) {
        const why = listing.problems[0] ? `: ${listing.problems[0]}` : ".";
        throw new DatasetError(`${datasetName(name, path)} holds no image that could be used${why}`);
      }
      const fingerprint = await fingerprintOf(listing, context.signal);
      return cachedDataset({ kind: name, path: resolve(path), fingerprint }, context, () =>
        decodeListing(datasetName(name, path), listing, context),
      );
    },
  };
}
