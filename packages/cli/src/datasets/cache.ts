import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Dataset } from "@microexpnet/training";
import type { LoadContext } from "./dataset-kind.js";
import { reasonOf } from "./files.js";
import { readPackedFile, writePackedFile } from "./packed-file.js";

const partialSuffix = ".partial";
/** A partial file of this age belongs to a process that was killed. */
const abandonedAfter = 24 * 60 * 60 * 1000;

/** `$XDG_CACHE_HOME/microexpnet`, or `~/.cache/microexpnet` where that is not set. */
export function defaultCacheDirectory(): string {
  const configured = process.env["XDG_CACHE_HOME"];
  // A relative path there is to be ignored, says the XDG Base Directory Specification.
  if (configured && isAbsolute(configured)) return join(configured, "microexpnet");
  try {
    return join(homedir(), ".cache", "microexpnet");
  } catch {
    return join(tmpdir(), "microexpnet-cache");
  }
}

/** What a cache belongs to. */
export interface CacheKey {
  readonly kind: string;
  /** Whole path of the data set, or what it is made from. */
  readonly path: string;
  /** Changes whenever the files of the data set do. */
  readonly fingerprint: string;
}

/**
 * One file for each kind, path and size; the fingerprint stands inside, so that the cache of a changed data set
 * replaces the old one and they do not pile up.
 */
export function cacheFile(directory: string, { kind, path }: CacheKey, size: number | undefined): string {
  const place = createHash("sha256").update(path).digest("hex").slice(0, 16);
  return join(directory, `${kind}-${place}-${size ?? "own"}.pack`);
}

async function removeAbandoned(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.endsWith(partialSuffix)) continue;
    const file = join(directory, name);
    const age = Date.now() - (await stat(file).then(({ mtimeMs }) => mtimeMs, Date.now));
    if (age > abandonedAfter) await rm(file, { force: true });
  }
}

/** Writes beside the place and renames, so that a killed process never leaves half a cache there. */
async function writeCache(
  directory: string,
  file: string,
  fingerprint: string,
  dataset: Dataset,
  signal?: AbortSignal,
): Promise<void> {
  const partial = `${file}.${randomUUID()}${partialSuffix}`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  try {
    await writePackedFile(partial, fingerprint, dataset, signal);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
  await removeAbandoned(directory).catch(() => undefined);
}

/**
 * Takes a data set from its packed cache, or builds it and writes the cache. A cache that is damaged, foreign or
 * out of date is built anew; one that cannot be written adds a sentence to `problems` and no more.
 */
export async function cachedDataset(
  key: CacheKey,
  context: LoadContext,
  build: () => Promise<Dataset>,
): Promise<Dataset> {
  const { cacheDirectory, signal, size } = context;
  if (cacheDirectory === false) return build();
  const file = cacheFile(cacheDirectory, key, size);
  const cached = await readPackedFile(file, key.fingerprint, signal);
  if (cached) return cached;
  const dataset = await build();
  try {
    await writeCache(cacheDirectory, file, key.fingerprint, dataset, signal);
    return dataset;
  } catch (error) {
    if (signal?.aborted) throw error;
    const note = `The packed cache could not be written to ${cacheDirectory}, because ${reasonOf(error)}; the next start reads the images again.`;
    return { ...dataset, problems: [...(dataset.problems ?? []), note] };
  }
}
