import { stat } from "node:fs/promises";
import { extname, isAbsolute, join } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { byName, hasImageName, reasonOf, walkFolder } from "../datasets/files.js";

/** A picture or video to read, or the sentence that says why there is none. */
export interface ListedPicture {
  /** "-" is standard input. */
  readonly path: string;
  readonly error?: string;
}

const videoExtensions = new Set(".mp4 .m4v .mov .webm .mkv .avi .mpg .mpeg .ogv .mjpeg .y4m".split(" "));

/** Whether a file calls itself a video. */
export const hasVideoName = (path: string): boolean => videoExtensions.has(extname(path).toLowerCase());

/**
 * The pictures and videos that files, folders and patterns stand for, each once: files as named, whatever their
 * names end with; of folders, at any depth, the files that are named as images or videos; of patterns such as
 * "*.jpg", where no file has that very name, the files that match.
 */
export async function listPictures(paths: readonly string[], signal?: AbortSignal): Promise<ListedPicture[]> {
  const pictures = new Map<string, ListedPicture>();
  const add = (path: string, error?: string) => {
    if (!pictures.has(path)) pictures.set(path, { path, ...(error && { error }) });
  };
  for (const path of paths) {
    if (path === "-") {
      add(path);
      continue;
    }
    try {
      if (!(await stat(path)).isDirectory()) {
        add(path);
        continue;
      }
    } catch (error) {
      const matches = isDynamicPattern(path) ? await matchesOf(path, signal) : [];
      for (const match of matches) add(match);
      if (matches.length === 0) add(path, `${path} cannot be read, because ${reasonOf(error)}.`);
      continue;
    }
    const { files, problems } = await walkFolder(path, signal);
    const images = files.filter((file) => hasImageName(file) || hasVideoName(file));
    for (const file of images) add(join(path, file));
    if (problems.length > 0) add(path, `${path}: ${problems.join(" ")}`);
    else if (images.length === 0) add(path, `The folder ${path} holds no file that is named as an image.`);
  }
  return [...pictures.values()];
}

/** Files that a pattern matches; links to folders are not followed, so that no circle of them is walked. */
async function matchesOf(pattern: string, signal?: AbortSignal): Promise<string[]> {
  const matches = await glob(pattern, {
    followSymbolicLinks: false,
    expandDirectories: false,
    absolute: isAbsolute(pattern),
    signal,
  });
  return matches.filter((file) => hasImageName(file) || hasVideoName(file)).sort(byName);
}
