import { stat } from "node:fs/promises";
import { join } from "node:path";
import { hasImageName, reasonOf, walkFolder } from "../datasets/files.js";

/** A picture to read, or the sentence that says why there is none. */
export interface ListedPicture {
  readonly path: string;
  readonly error?: string;
}

/**
 * The pictures that files and folders stand for, each once: files as named, whatever their names end with; of
 * folders, at any depth, the files that are named as images.
 */
export async function listPictures(paths: readonly string[], signal?: AbortSignal): Promise<ListedPicture[]> {
  const pictures = new Map<string, ListedPicture>();
  const add = (path: string, error?: string) => {
    if (!pictures.has(path)) pictures.set(path, { path, ...(error && { error }) });
  };
  for (const path of paths) {
    try {
      if (!(await stat(path)).isDirectory()) {
        add(path);
        continue;
      }
    } catch (error) {
      add(path, `${path} cannot be read, because ${reasonOf(error)}.`);
      continue;
    }
    const { files, problems } = await walkFolder(path, signal);
    const images = files.filter(hasImageName);
    for (const file of images) add(join(path, file));
    if (problems.length > 0) add(path, `${path}: ${problems.join(" ")}`);
    else if (images.length === 0) add(path, `The folder ${path} holds no file that is named as an image.`);
  }
  return [...pictures.values()];
}
