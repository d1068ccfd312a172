import { type Dataset, renderSample, type SampledView } from "@microexpnet/training";
import { type ClassifierOptions, createClassifier } from "microexpnet";
import { type Model, wholeImageView } from "microexpnet/internal";
import { breathe, Progress } from "../console.js";

/** A square image as it is, whole. */
export const unchanged = (size: number): SampledView => ({
  view: wholeImageView(size, size),
  gain: 1,
  bias: 0,
});

/**
 * Images of a data set as a network of `height` by `width` pixels sees them, one behind the other in `target`, each
 * looked at in the given manner.
 */
export function renderImages(
  dataset: Dataset,
  indices: ArrayLike<number>,
  { height, width }: { readonly height: number; readonly width: number },
  target = new Uint8Array(indices.length * height * width),
  sample: SampledView = unchanged(dataset.size),
): Uint8Array {
  const { size, pixels } = dataset;
  const area = size ** 2;
  for (let i = 0; i < indices.length; i++) {
    const source = pixels.subarray(indices[i] * area, (indices[i] + 1) * area);
    const to = target.subarray(i * height * width, (i + 1) * height * width);
    renderSample(source, size, sample, to, height, width);
  }
  return target;
}

/** Images that are run at once. */
const batch = 32;

/**
 * A model's logits for all images of a data set, each seen whole, or all changed in one manner.
 *
 * @returns dataset.count * model.labels.length values
 * @throws the signal's reason when stopped
 */
export async function datasetLogits(
  model: Model,
  dataset: Dataset,
  signal?: AbortSignal,
  precision?: ClassifierOptions["precision"],
  sample: SampledView = unchanged(dataset.size),
): Promise<Float32Array> {
  const classifier = createClassifier(model, { batch, precision });
  const [height, width] = classifier.inputShape;
  const { count } = dataset;
  const input = new Uint8Array(batch * height * width);
  const logits = new Float32Array(count * model.labels.length);
  const progress = new Progress();
  for (let first = 0; first < count; first += batch) {
    const n = Math.min(batch, count - first);
    const indices = Array.from({ length: n }, (_, i) => first + i);
    renderImages(dataset, indices, { height, width }, input, sample);
    logits.set(classifier.logits(input.subarray(0, n * height * width)), first * model.labels.length);
    progress.update(first + n, count, "images");
    await breathe(signal);
  }
  progress.done();
  return logits;
}
