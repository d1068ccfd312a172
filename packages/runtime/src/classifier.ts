import { readSource } from "#files";
import { ClassifierError } from "./classifier-error.js";
import { fasterPrecision } from "./engine/faster-precision.js";
import { type Precision, Program } from "./engine/program.js";
import { foldBatchNormalization } from "./fold.js";
import { type Model, ModelFileError, readModelFile, writeModelFile } from "./model-file.js";
import { type ClassifierPool, createPool } from "./pool/pool.js";
import { type Reading, readingOffsets } from "./reading.js";
import { shippedModels } from "./shipped.js";

/** A shipped model's name, a URL, a path (in Node) or the bytes of a model file. */
export type ModelSource = string | URL | Uint8Array | ArrayBuffer;

export { ClassifierError } from "./classifier-error.js";

export interface Classifier {
  /** Class names, in the order of the scores. */
  readonly labels: readonly string[];
  /** Height, width and channels of one face, for example [84, 84, 1]. */
  readonly inputShape: readonly [height: number, width: number, channels: number];
  /** The model as read: its network, crop, calibration and provenance. */
  readonly model: Model;
  /** What its products are made of; the faster one where "auto" was asked for. */
  readonly precision: Precision;
  /**
   * Class scores before softmax.
   *
   * @param pixels n * height * width * channels values 0..255, image after image, row after row
   * @returns n * labels values, the caller's own
   * @throws ClassifierError where the number of values is not that of whole images
   */
  logits(pixels: ArrayLike<number>): Float32Array;
  /**
   * Probabilities, softmax of the logits over the calibrated temperature; arguments as for `logits`.
   *
   * @param reading among which classes, expected how often; see `Reading`
   * @throws ClassifierError as `logits` does, and for a reading that does not fit the model
   */
  probabilities(pixels: ArrayLike<number>, reading?: Reading): Float32Array;
  /**
   * Starts `workers` threads that do the same, for folders and video.
   *
   * @throws PoolError where the threads cannot be started
   */
  pool(workers: number): Promise<ClassifierPool>;
}

export interface ClassifierOptions {
  /** Images that are run at once; more are run in turns. Memory grows with it. 16 by default. */
  readonly batch?: number;
  /**
   * "float32" by default. "int16" multiplies 16-bit integers, which is nearly twice as fast on the
   * paper's networks and moves a score by about a thousandth of the largest; pixels are then rounded to whole
   * grey values, and depthwise convolutions stay in float32. "auto" runs both for some milliseconds and takes
   * the faster.
   */
  readonly precision?: Precision | "auto";
}

/**
 * Loads a classifier.
 *
 * ```ts
 * const classifier = await loadClassifier("micro");
 * const probabilities = classifier.probabilities(pixels); // 48 * 48 grey values 0..255
 * ```
 *
 * @throws ModelFileError with one sentence where the source cannot be read or is not a model
 */
export async function loadClassifier(
  source: ModelSource,
  options: ClassifierOptions = {},
): Promise<Classifier> {
  return createClassifier(await readModel(source), options);
}

/** Reads a model from any source that `loadClassifier` takes. */
export async function readModel(source: ModelSource): Promise<Model> {
  if (source instanceof ArrayBuffer) return readModelFile(new Uint8Array(source));
  if (source instanceof Uint8Array) return readModelFile(source);
  const isShipped = typeof source === "string" && Object.hasOwn(shippedModels, source);
  const place = isShipped ? shippedModels[source] : source;
  let bytes: Uint8Array;
  try {
    bytes = await readSource(place);
  } catch (cause) {
    const names = Object.keys(shippedModels).join(", ");
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelFileError(
      isShipped
        ? `The shipped model "${source}" cannot be read (${reason}).`
        : `The model "${source}" cannot be read (${reason}); the shipped models are ${names}.`,
      { cause },
    );
  }
  return readModelFile(bytes);
}

/** A classifier from a model in memory. */
export function createClassifier(model: Model, options: ClassifierOptions = {}): Classifier {
  const { batch = 16 } = options;
  const folded = foldBatchNormalization(model);
  const source = (name: string) => folded.weights.get(name) as Float32Array;
  const precision =
    options.precision === "auto" ? fasterPrecision(folded.network, source) : (options.precision ?? "float32");
  // One image at a time is the common case and needs a fraction of the memory; batches get a program of
  // their own when they first come.
  const single = new Program(folded.network, source, 1, { precision });
  let many: Program | undefined;
  const { labels } = model;
  const { inputLength } = single;
  const { height, width, channels } = model.network.input;

  const logits = (pixels: ArrayLike<number>): Float32Array => {
    const count = pixels.length / inputLength;
    if (!Number.isInteger(count) || count < 1) {
      throw new ClassifierError(
        `${pixels.length} values are no whole number of ${height}x${width}x${channels} images (${inputLength} values each).`,
      );
    }
    if (count === 1) return single.run(pixels, 1).slice();
    many ??= new Program(folded.network, source, batch, { precision });
    const result = new Float32Array(count * labels.length);
    for (let first = 0; first < count; first += batch) {
      const n = Math.min(batch, count - first);
      const part = slice(pixels, first * inputLength, (first + n) * inputLength);
      result.set(many.run(part, n), first * labels.length);
    }
    return result;
  };

  return {
    labels,
    inputShape: [height, width, channels],
    model,
    precision,
    logits,
    probabilities(pixels, reading = {}) {
      const offsets = readingOffsets(model, reading);
      const values = logits(pixels);
      for (let first = 0; first < values.length; first += labels.length) {
        softmaxInPlace(values.subarray(first, first + labels.length), model.calibration.temperature, offsets);
      }
      return values;
    },
    pool: (workers) => createPool(workers, { kind: "start", model: writeModelFile(model), precision, batch }),
  };
}

function slice(values: ArrayLike<number>, from: number, to: number): ArrayLike<number> {
  if (ArrayBuffer.isView(values)) return (values as Uint8Array).subarray(from, to);
  return Array.prototype.slice.call(values, from, to);
}

function softmaxInPlace(logits: Float32Array, temperature: number, offsets?: Float32Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) {
    logits[i] = logits[i] / temperature + (offsets ? offsets[i] : 0);
    largest = Math.max(largest, logits[i]);
  }
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    logits[i] = Math.exp(logits[i] - largest);
    sum += logits[i];
  }
  for (let i = 0; i < logits.length; i++) logits[i] /= sum;
}
