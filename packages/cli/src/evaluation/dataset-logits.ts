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
  signal: AbortSignal,
  precision?: ClassifierOptions["precision"],
  sample: SampledView = unchanged(dataset.size),
): Promise<Float32Array> {
  const classifier = createClassifier(model, { batch, precision });
  const [height, width] = classifier.inputShape;
  const { size, count } = dataset;
  const area = size ** 2;
  const input = new Uint8Array(batch * height * width);
  const logits = new Float32Array(count * model.labels.length);
  const progress = new Progress();
  for (let first = 0; first < count; first += batch) {
    const n = Math.min(batch, count - first);
    for (let i = 0; i < n; i++) {
      const source = dataset.pixels.subarray((first + i) * area, (first + i + 1) * area);
      const target = input.subarray(i * height * width, (i + 1) * height * width);
      renderSample(source, size, sample, target, height, width);
    }
    logits.set(classifier.logits(input.subarray(0, n * height * width)), first * model.labels.length);
    progress.update(first + n, count, "images");
    await breathe(signal);
  }
  progress.done();
  return logits;
}
