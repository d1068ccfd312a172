import {
  confidenceThreshold,
  type Dataset,
  fitTemperature,
  posteriorShares,
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
 * How often a model expects each class, by what it says of images like those it learned from.
 *
 * @param logits images.count * classes values, in the model's order
 * @returns nothing where a class never occurs, whose probability nobody taught the model, or is never expected
 */
export function priorOf(
  logits: Float32Array,
  temperature: number,
  { classes: truth, labels }: Pick<Dataset, "classes" | "labels">,
): Pick<Calibration, "prior" | "runnersUp"> {
  if (new Set(truth).size < labels.length) return {};
  const { prior, runnersUp } = posteriorShares(softmax(logits, labels.length, temperature), labels.length);
  if (prior.includes(0)) return {};
  // Six digits are exact enough for shares of a million images.
  return { prior, runnersUp: runnersUp.map((row) => row.map((share) => +share.toFixed(6))) };
}
