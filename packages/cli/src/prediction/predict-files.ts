import { buffer } from "node:stream/consumers";
import {
  type Classifier,
  createClassifier,
  createRecognizer,
  type Face,
  type Reading,
  type Recognizer,
} from "microexpnet";
import { type Model, renderView, wholeImageView } from "microexpnet/internal";
import { Progress } from "../console.js";
import { forEachConcurrently } from "../datasets/concurrency.js";
import { usualSize } from "../datasets/decode-listing.js";
import { type DecodedPicture, decodeGreySquare, decodePicture, ImageError } from "../datasets/image.js";
import type { Annotator } from "./annotate.js";
import { hasVideoName, type ListedPicture } from "./list-pictures.js";
import { recognizeVideo, summarizeVideo } from "./video.js";

/** Pictures decoded at a time. */
const concurrency = 4;
/** Half-life in milliseconds of the smoothing over a video. */
const videoSmoothing = 300;

export interface FacePrediction {
  /** x, y, width, height in pixels of the upright picture. */
  readonly box: readonly [x: number, y: number, width: number, height: number];
  readonly label: string;
  /** Calibrated probability of each label. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** True where the label should not be relied on; see `Face`. */
  readonly uncertain: boolean;
}

export interface FilePrediction {
  readonly path: string;
  /** Of a video, one for each face that was followed: the mean over its frames. */
  readonly faces: readonly FacePrediction[];
  /** The frames of a video. */
  readonly frames?: readonly { readonly seconds: number; readonly faces: readonly FacePrediction[] }[];
  /** One sentence, for a file that gave no picture. */
  readonly error?: string;
}

export interface PredictionOptions {
  /** Whether faces are looked for; else each picture is taken as one face. */
  readonly crop: "face" | "none";
  readonly maxFaces: number;
  readonly levels: number;
  readonly reading?: Reading;
  readonly annotator?: Annotator;
  readonly signal: AbortSignal;
}

/** Finds and classifies the faces in pictures and videos. */
export async function predictFiles(
  model: Model,
  pictures: readonly ListedPicture[],
  options: PredictionOptions,
): Promise<FilePrediction[]> {
  const { signal, crop, maxFaces, levels, reading } = options;
  const recognizer = await createRecognizer({ model, maxFaces, levels, reading });
  const followers = await createRecognizer({ model, maxFaces, smoothing: videoSmoothing, reading });
  const classifier = createClassifier(model);
  const predictions = new Array<FilePrediction>(pictures.length);
  const progress = new Progress();
  let done = 0;
  const facesOf = async (path: string): Promise<FilePrediction> => {
    if (crop === "none") return predictWhole(classifier, path, options);
    return hasVideoName(path)
      ? predictVideo(followers, path, signal)
      : predictPicture(recognizer, path, options.annotator, signal);
  };
  const predictOne = async (index: number) => {
    const { path, error } = pictures[index];
    if (error) predictions[index] = { path, faces: [], error };
    else {
      try {
        predictions[index] = await facesOf(path);
      } catch (failure) {
        if (!(failure instanceof ImageError)) throw failure;
        const name = path === "-" ? "Standard input" : path;
        predictions[index] = { path, faces: [], error: `${name} ${failure.message}.` };
      }
    }
    progress.update(++done, pictures.length, "pictures");
  };
  // Videos follow their faces from frame to frame, one video at a time.
  const isVideo = ({ path }: ListedPicture) => crop === "face" && hasVideoName(path);
  const indices = pictures.map((_, index) => index);
  const stills = indices.filter((index) => !isVideo(pictures[index]));
  await forEachConcurrently(stills.length, concurrency, (i) => predictOne(stills[i]), signal);
  const videos = indices.filter((index) => isVideo(pictures[index]));
  await forEachConcurrently(videos.length, 1, (i) => predictOne(videos[i]), signal);
  progress.done();
  return predictions;
}

const decode = async (path: string): Promise<DecodedPicture> =>
  decodePicture(path === "-" ? new Uint8Array(await buffer(process.stdin)) : path);

/** The face in pixels of a picture that was `scale` times smaller when it was looked at, cut at its edges. */
function toPrediction(face: Face, scale: number, width: number, height: number): FacePrediction {
  const within = (value: number, size: number) => Math.min(Math.max(Math.round(value * scale), 0), size);
  const [x, y, w, h] = face.box;
  const [left, top, right, bottom] = [
    within(x, width),
    within(y, height),
    within(x + w, width),
    within(y + h, height),
  ];
  const { label, probabilities, uncertain } = face;
  return { box: [left, top, right - left, bottom - top], label, probabilities, uncertain };
}

async function predictPicture(
  recognizer: Recognizer,
  path: string,
  annotator: Annotator | undefined,
  signal: AbortSignal,
): Promise<FilePrediction> {
  const decoded = await decode(path);
  const { picture, width, height } = decoded;
  const found = await recognizer.recognize(picture, { signal });
  const faces = found.faces.map((face) => toPrediction(face, width / picture.width, width, height));
  await annotator?.write(path, decoded, faces);
  return { path, faces };
}

async function predictVideo(
  recognizer: Recognizer,
  path: string,
  signal: AbortSignal,
): Promise<FilePrediction> {
  const frames = await recognizeVideo(recognizer, path, signal);
  const limit = Number.MAX_SAFE_INTEGER;
  const plain = (faces: readonly Face[]) => faces.map((face) => toPrediction(face, 1, limit, limit));
  return {
    path,
    faces: plain(summarizeVideo(frames)),
    frames: frames.map(({ seconds, faces }) => ({ seconds, faces: plain(faces) })),
  };
}

/** Classifies a picture as one face: the largest square in its middle, as when a model is trained. */
async function predictWhole(
  classifier: Classifier,
  path: string,
  { annotator, reading }: PredictionOptions,
): Promise<FilePrediction> {
  if (path === "-") throw new ImageError("can be read with --crop face alone");
  const faces = [await classify(classifier, path, reading)];
  if (annotator) await annotator.write(path, await decodePicture(path), faces);
  return { path, faces };
}

async function classify(classifier: Classifier, path: string, reading?: Reading): Promise<FacePrediction> {
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
  const probabilities = classifier.probabilities(input, reading);
  const { labels, model } = classifier;
  const best = probabilities.indexOf(probabilities.reduce((a, b) => Math.max(a, b)));
  return {
    box: [(picture.width - side) >> 1, (picture.height - side) >> 1, side, side],
    label: labels[best],
    probabilities: Object.fromEntries(labels.map((label, index) => [label, probabilities[index]])),
    uncertain: probabilities[best] < (model.calibration.threshold ?? 0.5),
  };
}
