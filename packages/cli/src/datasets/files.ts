import type { Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { DatasetError } from "@microexpnet/training";

const imageExtensions = new Set(
  ".png .jpg .jpeg .jpe .jfif .webp .gif .tif .tiff .avif .bmp .pgm .ppm".split(" "),
);

/** Whether a file calls itself an image; what it really holds is seen when it is decoded. */
export const hasImageName = (path: string): boolean => imageExtensions.has(extname(path).toLowerCase());

/** Orders by code units, the same in every locale. */
export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The short reason of a failed file operation, such as "no permission". */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOENT") return "it does not exist";
  if (code === "EACCES" || code === "EPERM") return "there is no permission";
  return code ?? String((error as Error | undefined)?.message ?? error).split("\n")[0];
}

async function statOf(kind: string, path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw new DatasetError(`${kind}: ${path} cannot be opened, because ${reasonOf(error)}.`);
  }
}

/** Quotes up to six names, and tells how many more there are. */
export function nameSome(names: readonly string[]): string {
  const shown = names.slice(0, 6).join(", ");
  return names.length > 6 ? `${shown} and ${names.length - 6} more` : shown;
}

/** What lies in a folder, for messages. */
export async function contentsOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort(byName);
  return names.length === 0 ? "an empty folder" : nameSome(names);
}

/** The sentence for a folder whose contents are not what the kind expects. */
export async function layoutError(kind: string, path: string, expected: string): Promise<DatasetError> {
  return new DatasetError(`${kind}: expected in ${path} ${expected}; found ${await contentsOf(path)}.`);
}

/** Checks that a path is a folder which can be read. @throws DatasetError */
export async function requireFolder(kind: string, path: string, expected: string): Promise<void> {
  if (!(await statOf(kind, path)).isDirectory()) {
    throw new DatasetError(`${kind}: ${path} is a file, and a folder is expected (${expected}).`);
  }
  try {
    await readdir(path);
  } catch (error) {
    throw new DatasetError(`${kind}: the folder ${path} cannot be read, because ${reasonOf(error)}.`);
  }
}

/** Checks that a path is a file. @throws DatasetError */
export async function requireFile(kind: string, path: string, expected: string): Promise<Stats> {
  const stats = await statOf(kind, path);
  if (stats.isFile()) return stats;
  throw stats.isDirectory()
    ? new DatasetError(
        `${kind}: ${path} is a folder, and a file is expected (${expected}); found in it ${await contentsOf(path)}.`,
      )
    : new DatasetError(`${kind}: ${path} is not a regular file.`);
}

/** Whether a folder of that path exists. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

/** Whether a file of that path exists. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

export interface Walk {
  /** Paths of all files below the folder, relative to it, with "/" between the parts, in order of name. */
  readonly files: readonly string[];
  /** Folders that could not be read, one sentence each. */
  readonly problems: readonly string[];
}

/** What file managers and tools leave behind; never data. */
const isHidden = (name: string): boolean =>
  name.startsWith(".") || name === "__MACOSX" || name === "Thumbs.db" || name === "desktop.ini";

/** Lists all files below a folder; links are followed, and a folder that links back to itself is seen once. */
export async function walkFolder(root: string, signal?: AbortSignal): Promise<Walk> {
  const files: string[] = [];
  const problems: string[] = [];
  const seen = new Set<string>();
  const walk = async (relative: string): Promise<void> => {
    signal?.throwIfAborted();
    const folder = join(root, relative);
    try {
      const real = await realpath(folder);
      if (seen.has(real)) return;
      seen.add(real);
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        if (isHidden(entry.name)) continue;
        const path = relative === "" ? entry.name : `${relative}/${entry.name}`;
        const link = entry.isSymbolicLink() ? await stat(join(root, path)).catch(() => undefined) : undefined;
        if ((link ?? entry).isDirectory()) await walk(path);
        else if (entry.isSymbolicLink() || entry.isFile()) files.push(path);
      }
    } catch (error) {
      if (signal?.aborted) throw error;
      problems.push(`The folder ${relative || root} could not be read, because ${reasonOf(error)}.`);
    }
  };
  await walk("");
  return { files: files.sort(byName), problems };
}
