import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatasetError } from "@microexpnet/training";
import { forEachConcurrently } from "./concurrency.js";
import { hasImageName, isFolder, layoutError, reasonOf, requireFolder, walkFolder } from "./files.js";
import { imageKind } from "./image-kind.js";
import type { ListedImage } from "./listing.js";

/** The codes 0..7 of the emotion files. */
const labels = ["neutral", "anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise"] as const;
const peakFrames = 3;
const imageFolder = "cohn-kanade-images";
const emotionFolders = ["Emotion", "Emotion_labels/Emotion", "Emotion_labels"];
const expected = `the folders ${imageFolder} and Emotion, each with <subject>/<sequence>`;
const layout = `PATH/${imageFolder}/S005/001/S005_001_00000001.png and
PATH/Emotion/S005/001/S005_001_00000011_emotion.txt; of each labelled sequence the last three frames show
the expression and the first one is neutral`;
const framePattern = /^(S\d+)\/(\d+)\/S\d+_\d+_(\d+)\.\w+$/i;
const emotionPattern = /^(S\d+\/\d+)\/[^/]+_emotion\.txt$/i;

async function findEmotionFolder(path: string): Promise<string> {
  for (const name of emotionFolders) if (await isFolder(join(path, name))) return join(path, name);
  throw await layoutError("ckplus", path, expected);
}

async function readEmotion(file: string): Promise<number> {
  const text = await readFile(file, "utf8").catch((error) => {
    throw new DatasetError(`ckplus: ${file} cannot be read, because ${reasonOf(error)}.`);
  });
  const code = Number(text.trim());
  if (text.trim() === "" || !Number.isInteger(code) || code < 0 || code >= labels.length) {
    throw new DatasetError(`ckplus: ${file} holds "${text.trim().slice(0, 20)}", not a code of 0 to 7.`);
  }
  return code;
}

/** Class of each labelled sequence, by "S005/001". */
async function readEmotions(folder: string, signal?: AbortSignal): Promise<Map<string, number>> {
  const { files } = await walkFolder(folder, signal);
  const labelled = files.flatMap((file) => {
    const match = emotionPattern.exec(file);
    return match ? [{ file, sequence: match[1] }] : [];
  });
  const classes = new Map<string, number>();
  const read = async (index: number) => {
    classes.set(labelled[index].sequence, await readEmotion(join(folder, labelled[index].file)));
  };
  await forEachConcurrently(labelled.length, 16, read, signal);
  return classes;
}

/** CK+ as distributed (Lucey et al.: The Extended Cohn-Kanade Dataset, CVPR Workshops 2010). */
export const ckplus = imageKind({
  name: "ckplus",
  description: "CK+ as distributed, whole frames, 8 classes with neutral",
  layout,
  async list(path, { signal }) {
    await requireFolder("ckplus", path, expected);
    const root = join(path, imageFolder);
    if (!(await isFolder(root))) throw await layoutError("ckplus", path, expected);
    const classes = await readEmotions(await findEmotionFolder(path), signal);
    const { files, problems } = await walkFolder(root, signal);
    const sequences = new Map<string, string[]>();
    for (const file of files) {
      const match = hasImageName(file) ? framePattern.exec(file) : null;
      if (!match) continue;
      const sequence = `${match[1]}/${match[2]}`;
      // The walk is in order of name, and so are the frames, whose numbers have leading zeros.
      sequences.set(sequence, [...(sequences.get(sequence) ?? []), file]);
    }
    const images: ListedImage[] = [];
    const missing: string[] = [];
    for (const [sequence, label] of [...classes].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const frames = sequences.get(sequence) ?? [];
      if (frames.length === 0) missing.push(`The labelled sequence ${sequence} has no frames.`);
      const subject = sequence.split("/")[0].toUpperCase();
      for (const [index, frame] of frames.entries()) {
        const isPeak = index > 0 && index >= frames.length - peakFrames;
        if (index > 0 && !isPeak) continue;
        const shown = isPeak ? label : 0;
        images.push({ file: join(root, frame), path: `${imageFolder}/${frame}`, class: shown, subject });
      }
    }
    if (images.length === 0) throw await layoutError("ckplus", path, `${expected}, with labelled sequences`);
    return { labels, images, problems: [...problems, ...missing] };
  },
});
