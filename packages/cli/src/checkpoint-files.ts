import { readFileSync, statSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { CommandError, fileProblem } from "./errors.js";

/** The networks here need less than a megabyte; a file beyond this is something else. */
const byteLimit = 512 * 1024 * 1024;

/** A TensorFlow V2 checkpoint on disk. */
export interface CheckpointFiles {
  /** Path without ".index". */
  readonly prefix: string;
  /** Bytes of the index. */
  readonly index: Uint8Array;
  /** Reads a data file. @throws CommandError where it cannot be read */
  readonly shard: (id: number, count: number) => Uint8Array;
}

/**
 * Finds a checkpoint by its prefix, by one of its files (.index, .meta, .data-00000-of-00001), or by a folder
 * with a file `checkpoint` that names it or with one index only.
 *
 * @throws CommandError with one sentence that says what was looked for
 */
export async function openCheckpoint(path: string): Promise<CheckpointFiles> {
  const prefix = await findPrefix(path);
  return {
    prefix,
    index: readBytes(`${prefix}.index`),
    shard: (id, count) => {
      const five = (value: number) => String(value).padStart(5, "0");
      return readBytes(`${prefix}.data-${five(id)}-of-${five(count)}`);
    },
  };
}

async function findPrefix(path: string): Promise<string> {
  const about = await stat(path).catch(() => undefined);
  if (about?.isDirectory()) return prefixInFolder(path);
  const prefix = path.replace(/\.(index|meta|data-\d{5}-of-\d{5})$/, "");
  if (await isFile(`${prefix}.index`)) return prefix;
  throw new CommandError(
    `${path} is no TensorFlow V2 checkpoint, because there is no file ${prefix}.index beside it.`,
  );
}

async function prefixInFolder(folder: string): Promise<string> {
  const list = await readFile(join(folder, "checkpoint"), "utf8").catch(() => "");
  const named = /^model_checkpoint_path:\s*"(.*)"/m.exec(list)?.[1];
  // Checkpoints are often moved; what counts then is the name beside the list.
  const places = named ? [join(folder, named), named, join(folder, basename(named))] : [];
  for (const place of places) if (await isFile(`${place}.index`)) return place;
  const indices = (await readdir(folder)).filter((name) => name.endsWith(".index")).sort();
  if (indices.length === 1) return join(folder, indices[0].slice(0, -".index".length));
  const found = indices.length === 0 ? "none" : indices.slice(0, 6).join(", ");
  throw new CommandError(
    `The folder ${folder} has no file "checkpoint" that names one, and not exactly one .index file but ${found}.`,
  );
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (about) => about.isFile(),
    () => false,
  );

function readBytes(file: string): Uint8Array {
  const failed = (why: string, cause?: unknown) =>
    new CommandError(`The checkpoint's file ${file} cannot be read, because ${why}.`, { cause });
  try {
    const about = statSync(file);
    if (!about.isFile()) throw failed("it is not a regular file");
    if (about.size > byteLimit) throw failed(`it is larger than ${byteLimit / 1024 / 1024} MiB`);
    return readFileSync(file);
  } catch (error) {
    throw error instanceof CommandError
      ? error
      : failed(fileProblem(error) ?? (error as Error).message, error);
  }
}
