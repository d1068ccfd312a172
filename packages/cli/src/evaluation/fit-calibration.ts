import {
  classShares,
  confidenceThreshold,
  type Dataset,
  fitTemperature,
  softmax,
} from "@microexpnet/training";
import type { Calibration } from "microexpnet";

/** How often answers above a model's threshold are right. */
const certainty = 0.9;

/**
 * The temperature and the threshold that a model's logits on images ask for.
 *
 * @param logits count * labels.length values, in the order of the data's labels
 */
export function fitCalibration(
  logits: Float32Array,
  { classes: truth, labels }: Pick<Dataset, "classes" | "labels">,
): Calibration {
  const temperature = fitTemperature(logits, truth, labels.length);
  const probabilities = softmax(logits, labels.length, temperature);
  return { temperature, threshold: confidenceThreshold(probabilities, truth, labels.length, certainty) };
}

/**
 * The prior of training images; none where a class never occurs. It counts the classes, not the annotators' votes:
 * the temperature is fitted to classes, and it is their probability that the prior goes with.
 */
export function priorOf(images: Dataset): readonly number[] | undefined {
  const shares = classShares(images);
  return shares.every((share) => share > 0) ? shares : undefined;
}
