import { createHash } from "node:crypto";
import { type Dataset, DatasetError, drawSyntheticDataset } from "@microexpnet/training";
import { cachedDataset } from "./cache.js";
import type { DatasetKind } from "./dataset-kind.js";

/** The words of the specification and the options of the drawing that they set. */
const optionNames = {
  subjects: "subjects",
  images: "imagesPerSubject",
  seed: "seed",
  size: "size",
} as const;
type Word = keyof typeof optionNames;
type Options = Record<(typeof optionNames)[Word], number>;

const defaults: Options = { subjects: 120, imagesPerSubject: 32, seed: 1, size: 64 };

const words = Object.keys(optionNames) as Word[];
const mostImages = 1_000_000;
const mostSide = 1024;

/** Reads "subjects=200,images=16"; refuses unknown words, and values that are no whole numbers. */
function readOptions(text: string): Partial<Options> {
  const options: Partial<Options> = {};
  for (const part of text.split(",").map((piece) => piece.trim())) {
    if (part === "") continue;
    const [word, value, ...rest] = part.split("=").map((piece) => piece.trim());
    if (!words.includes(word as Word)) {
      throw new DatasetError(`synthetic: "${part}" is no option; the options are ${words.join(", ")}.`);
    }
    if (rest.length > 0 || !/^\d{1,15}$/.test(value ?? "")) {
      throw new DatasetError(`synthetic: ${word} needs a whole number, as in ${word}=8, not "${part}".`);
    }
    options[optionNames[word as Word]] = Number(value);
  }
  return options;
}

/**
 * A few faces tell whether the program still draws the same ones: each picture depends on the seed, the person,
 * the picture's number and the size alone, so these are the first ones of the whole set.
 */
function fingerprintOf(options: Options): string {
  const few = drawSyntheticDataset({
    ...options,
    subjects: Math.min(options.subjects, 2),
    imagesPerSubject: Math.min(options.imagesPerSubject, 8),
  });
  return createHash("sha256")
    .update(JSON.stringify(options))
    .update(few.pixels)
    .update(few.classes)
    .digest("hex");
}

/** Faces drawn by program; the path is a list of options, or empty. */
export const synthetic: DatasetKind = {
  name: "synthetic",
  description: "Faces drawn by program, 8 classes, subjects known; the embedded default",
  layout:
    "no path, or any of the options in synthetic:subjects=120,images=32,seed=1,size=64, which are the defaults",
  async load(path, context): Promise<Dataset> {
    const { onProgress, signal, size } = context;
    const options = { ...defaults, ...(size !== undefined && { size }), ...readOptions(path) };
    if (options.subjects * options.imagesPerSubject > mostImages) {
      throw new DatasetError(`synthetic: at most ${mostImages} images can be drawn at once.`);
    }
    if (options.size > mostSide) {
      throw new DatasetError(`synthetic: the size is ${options.size}, and at most ${mostSide} pixels.`);
    }
    signal?.throwIfAborted();
    try {
      const key = { kind: "synthetic", path: JSON.stringify(options), fingerprint: fingerprintOf(options) };
      const draw = async () =>
        drawSyntheticDataset({
          ...options,
          onProgress: (done, total) => onProgress?.(done, total, "drawing faces"),
        });
      return await cachedDataset(key, context, draw);
    } catch (error) {
      if (error instanceof RangeError) throw new DatasetError(`synthetic: ${error.message}`);
      throw error;
    }
  },
};
