import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { shippedModels } from "microexpnet";
import { type Model, ModelFileError, readModelFile } from "microexpnet/internal";
import { CommandError, fileProblem } from "./errors.js";

/**
 * Loads a model by a shipped model's name or from a file.
 *
 * @throws CommandError with one sentence that names the model and says what is wrong with it
 */
export async function loadModel(nameOrFile: string): Promise<Model> {
  const isShipped = Object.hasOwn(shippedModels, nameOrFile);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(isShipped ? shippedModels[nameOrFile] : nameOrFile);
  } catch (error) {
    const problem = fileProblem(error) ?? (error as Error).message;
    const names = Object.keys(shippedModels).join(", ");
    throw new CommandError(
      isShipped
        ? `The shipped model "${nameOrFile}" cannot be read, because ${problem}.`
        : `The model "${nameOrFile}" cannot be read, because ${problem}; the shipped models are ${names}.`,
      { cause: error },
    );
  }
  try {
    return readModelFile(bytes);
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error;
    throw new CommandError(`${nameOrFile}: ${error.message}`, { cause: error });
  }
}

/**
 * Writes a file so that its path holds the old contents or the new ones, whole, at any moment.
 *
 * @throws CommandError with one sentence where the folder is missing, the disk is full, ...
 */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const failed = (why: string, cause?: unknown) =>
    new CommandError(`${path} cannot be written, because ${why}.`, { cause });
  const about = await stat(folder).catch(() => undefined);
  if (!about?.isDirectory()) {
    throw failed(about ? `${folder} is not a folder` : `the folder ${folder} does not exist`);
  }
  if ((await stat(path).catch(() => undefined))?.isDirectory()) throw failed("it is a folder");
  // Beside the target, as a rename cannot cross disks.
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.partial`);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw failed(fileProblem(error) ?? (error as Error).message, error);
  }
}
