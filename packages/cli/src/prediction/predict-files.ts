import { type Classifier, createClassifier } from "microexpnet";
import { type Model, renderView, wholeImageView } from "microexpnet/internal";
import { Progress } from "../console.js";
import { forEachConcurrently } from "../datasets/concurrency.js";
import { usualSize } from "../datasets/decode-listing.js";
import { decodeGreySquare, ImageError } from "../datasets/image.js";
import type { ListedPicture } from "./list-pictures.js";

/** Pictures decoded at a time. */
const concurrency = 4;

export interface FacePrediction {
  /** x, y, width, height in pixels of the upright picture. */
  readonly box: readonly [x: number, y: number, width: number, height: number];
  readonly label: string;
  /** Calibrated probability of each label. */
  readonly probabilities: Readonly<Record<string, number>>;
}

export interface FilePrediction {
  readonly path: string;
  readonly faces: readonly FacePrediction[];
  /** One sentence, for a file that gave no picture. */
  readonly error?: string;
}

/** Classifies each picture as one face: the largest square in its middle, as when a model is trained. */
export async function predictFiles(
  model: Model,
  pictures: readonly ListedPicture[],
  signal: AbortSignal,
): Promise<FilePrediction[]> {
  const classifier = createClassifier(model);
  const predictions = new Array<FilePrediction>(pictures.length);
  const progress = new Progress();
  let done = 0;
  const predictOne = async (index: number) => {
    const { path, error } = pictures[index];
    predictions[index] = error ? { path, faces: [], error } : await predictFile(classifier, path);
    progress.update(++done, pictures.length, "pictures");
  };
  await forEachConcurrently(pictures.length, concurrency, predictOne, signal);
  progress.done();
  return predictions;
}

async function predictFile(classifier: Classifier, path: string): Promise<FilePrediction> {
  try {
    return { path, faces: [await classify(classifier, path)] };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { path, faces: [], error: `${path} ${error.message}.` };
  }
}

async function classify(classifier: Classifier, path: string): Promise<FacePrediction> {
  let picture = await decodeGreySquare(path, usualSize);
  const side = Math.min(picture.width, picture.height);
  let size = usualSize;
  // Small faces keep their own pixels, as in a data set of such faces.
  if (picture.width === picture.height && side < usualSize) {
    size = side;
    picture = await decodeGreySquare(path, size);
  }
  const [height, width] = classifier.inputShape;
  const input = new Uint8Array(height * width);
  renderView(picture.pixels, size, size, wholeImageView(size, size), input, height, width);
  const probabilities = classifier.probabilities(input);
  const { labels } = classifier;
  const best = probabilities.indexOf(probabilities.reduce((a, b) => Math.max(a, b)));
  return {
    box: [(picture.width - side) >> 1, (picture.height - side) >> 1, side, side],
    label: labels[best],
    probabilities: Object.fromEntries(labels.map((label, index) => [label, probabilities[index]])),
  };
}
