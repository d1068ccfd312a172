import { readPicture } from "#pictures";
import { createClassifier, type ModelSource, readModel } from "../classifier.js";
import { loadBlazeFace } from "../face/blazeface.js";
import { drawGreyView, faceView } from "../face/crop.js";
import { type Detection, type FaceDetector, wholePictureDetector } from "../face/detection.js";
import type { Picture } from "../face/picture.js";
import { qualityOf } from "../face/quality.js";
import type { Model } from "../model-file.js";
import type { ImageSource } from "../pictures/image-source.js";
import { type Reading, readingOffsets } from "../reading.js";
import { defaultModel } from "../shipped.js";
import type { Face, Recognition } from "./face.js";
import { smooth, Tracker } from "./tracker.js";

/** Thrown when a recogniser is asked for with options that make no sense. */
export class RecognizerError extends Error {
  override name = "RecognizerError";
}

export interface RecognizerOptions {
  /** A shipped model's name, a URL, a path (Node), the bytes of a model file or a model; by default "micro". */
  readonly model?: ModelSource | Model;
  /**
   * "blazeface", the default, comes with the package; "whole" takes each picture as one face; `knownBoxesDetector`,
   * `browserDetector` or any object with the same method do as well.
   */
  readonly detector?: "blazeface" | "whole" | FaceDetector;
  /** Where the file of "blazeface" is, if not beside the library: a URL, a path (Node) or its bytes. */
  readonly detectorFile?: string | URL | Uint8Array;
  /** Sizes of faces that are searched for, 1 to 4; see `BlazeFaceOptions`. 1 by default, 2 or 3 for groups. */
  readonly levels?: number;
  /** Faces that the detector is less sure of, 0..1, are left out; 0.5 by default. */
  readonly minScore?: number;
  /** At most so many faces, the surest first; 16 by default. */
  readonly maxFaces?: number;
  /**
   * For the pictures of one video: faces are followed from one to the next, and probabilities are smoothed so that
   * half of what was is forgotten after so many milliseconds; 0 follows without smoothing. Without it, each
   * picture stands for itself.
   */
  readonly smoothing?: number;
  /** A label less probable than this is uncertain; by default the model's calibrated threshold, or 0.5. */
  readonly minProbability?: number;
  /** Among which classes to answer, and how often each is expected. */
  readonly reading?: Reading;
}

export interface RecognizeOptions {
  /** Stops between the stages. */
  readonly signal?: AbortSignal;
  /** When the picture was taken, in milliseconds from any start; now by default. */
  readonly time?: number;
}

/** Finds faces in pictures and says what they show. */
export interface Recognizer {
  /** Class names. */
  readonly labels: readonly string[];
  /**
   * @throws PictureError where the image gives no pixels; the signal's reason when aborted
   */
  recognize(image: ImageSource, options?: RecognizeOptions): Promise<Recognition>;
  /** Forgets the faces followed so far, as before another video. */
  reset(): void;
  /** Ends the recogniser's worker, where it has one; calls after it fail. */
  close(): void;
}

/** Pixels along a side below which a face tells too little, and degrees from which it is turned away. */
const smallest = 24;
const furthestYaw = 45;

const isModel = (source: ModelSource | Model): source is Model =>
  typeof source === "object" && "network" in source;

function checkOptions({ maxFaces = 1, smoothing = 0, minProbability = 0 }: RecognizerOptions): void {
  if (!(maxFaces >= 1)) throw new RecognizerError(`maxFaces must be at least 1, not ${maxFaces}.`);
  if (!(smoothing >= 0 && Number.isFinite(smoothing))) {
    throw new RecognizerError(`smoothing must be a half-life of 0 or more milliseconds, not ${smoothing}.`);
  }
  if (!(minProbability >= 0 && minProbability <= 1)) {
    throw new RecognizerError(`minProbability must lie between 0 and 1, not ${minProbability}.`);
  }
}

/**
 * Makes a recogniser.
 *
 * ```ts
 * const recognizer = await createRecognizer({ smoothing: 300 });
 * const { faces } = await recognizer.recognize(video);
 * for (const { id, box, label, probabilities } of faces) console.log(id, box, label, probabilities[label]);
 * ```
 *
 * @throws ModelFileError where a file cannot be read; RecognizerError where an option is out of its range
 */
export async function createRecognizer(options: RecognizerOptions = {}): Promise<Recognizer> {
  checkOptions(options);
  const { model = defaultModel, detector = "blazeface", levels, minScore, smoothing } = options;
  const { maxFaces = 16, reading } = options;
  const [classifier, finder] = await Promise.all([
    Promise.resolve(isModel(model) ? model : readModel(model)).then((loaded) => createClassifier(loaded)),
    detector === "blazeface"
      ? loadBlazeFace({ levels, minScore }, options.detectorFile)
      : detector === "whole"
        ? wholePictureDetector
        : detector,
  ]);
  const { labels } = classifier;
  const [rows, columns, channels] = classifier.inputShape;
  if (channels !== 1)
    throw new RecognizerError(`The model reads ${channels} channels, and faces are drawn in grey.`);
  const { crop, calibration } = classifier.model;
  const { minProbability = calibration.threshold ?? 0.5 } = options;
  if (reading) readingOffsets(classifier.model, reading);
  const tracker = smoothing === undefined ? undefined : new Tracker();
  const input = new Uint8Array(rows * columns);
  let closed = false;

  const classify = (picture: Picture, detection: Detection) => {
    const view = faceView(detection, crop, rows / columns);
    drawGreyView(picture, view, input, rows, columns);
    const quality = qualityOf(detection, view, input, rows, columns);
    return { quality, probabilities: classifier.probabilities(input, reading) };
  };

  const toFaces = (picture: Picture, detections: readonly Detection[], time: number): Face[] => {
    const tracks = tracker?.update(detections, time);
    return detections.map((detection, index) => {
      const { quality, probabilities: own } = classify(picture, detection);
      const track = tracks?.[index];
      const values = track ? smooth(track, own, smoothing as number, time) : own;
      const best = values.reduce((most, value, i) => (value > values[most] ? i : most), 0);
      const { box, landmarks, score } = detection;
      return {
        id: track?.id ?? index + 1,
        box,
        ...(landmarks && { landmarks }),
        score,
        label: labels[best],
        probabilities: Object.fromEntries(labels.map((label, i) => [label, values[i]])),
        uncertain:
          values[best] < minProbability || quality.size < smallest || Math.abs(quality.yaw) > furthestYaw,
        quality,
      };
    });
  };

  return {
    labels,
    async recognize(image, { signal, time = performance.now() } = {}) {
      if (closed) throw new RecognizerError("The recogniser was closed.");
      signal?.throwIfAborted();
      const start = performance.now();
      const picture = await readPicture(image, signal);
      signal?.throwIfAborted();
      const read = performance.now();
      const detections = (await finder.detect(picture, { maxFaces })).slice(0, maxFaces);
      signal?.throwIfAborted();
      const detected = performance.now();
      const faces = toFaces(picture, detections, time);
      const { width, height } = picture;
      const milliseconds = {
        read: read - start,
        detect: detected - read,
        classify: performance.now() - detected,
      };
      return { width, height, faces, milliseconds };
    },
    reset: () => tracker?.reset(),
    close() {
      closed = true;
    },
  };
}
