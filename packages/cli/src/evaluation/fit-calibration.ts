import {
  classShares,
  confidenceThreshold,
  type Dataset,
  fitTemperature,
  runnerUpShares,
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
 * The prior of training images and, where they have votes, what they would be called without their class; nothing
 * where a class never occurs. It counts the classes, not the annotators' votes: the temperature is fitted to
 * classes, and it is their probability that the prior goes with.
 *
 * @param order the index of each class of the model among the data's, the same by default
 */
export function priorOf(
  images: Dataset,
  order: readonly number[] = [...images.labels.keys()],
): Pick<Calibration, "prior" | "runnersUp"> {
  const shares = classShares(images);
  if (shares.includes(0)) return {};
  const runnersUp = runnerUpShares(images);
  return {
    prior: order.map((i) => shares[i]),
    // Six digits are exact enough for shares of a million images.
    ...(runnersUp && { runnersUp: order.map((i) => order.map((k) => +runnersUp[i][k].toFixed(6))) }),
  };
}
