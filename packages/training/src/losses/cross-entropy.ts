import { requireLength } from "./loss-error.js";
import { logSoftmax } from "./softmax.js";

/** Grown when a larger number of classes comes along, so that a step allocates nothing. */
let logProbabilities = new Float64Array(16);

/**
 * Cross-entropy between target distributions and the softmax of logits, summed over the images:
 * `scale * sum over images and classes of -w[c] * target[c] * log(softmax(logits)[c])`.
 *
 * Give `scale` as 1 / batch size for the mean over a batch, however it is split over workers. One-hot
 * targets give the usual loss on hard labels; votes as distributions give the soft one.
 *
 * @param logits n * classes
 * @param targets n * classes, each image's values sum to 1
 * @param scale factor of the loss and of its gradient
 * @param gradient n * classes, overwritten with the derivative of the returned value by each logit
 * @param classWeights `classes` factors of the classes' terms, all 1 by default
 * @returns the scaled sum; NaN where a logit is NaN
 * @throws LossError when an array is too short
 */
export function crossEntropy(
  logits: Float32Array,
  targets: Float32Array,
  n: number,
  classes: number,
  scale: number,
  gradient: Float32Array,
  classWeights?: Float32Array,
): number {
  requireLength(logits, n * classes, "The logits");
  requireLength(targets, n * classes, "The targets");
  requireLength(gradient, n * classes, "The gradient");
  if (classWeights) requireLength(classWeights, classes, "The class weights");
  if (logProbabilities.length < classes) logProbabilities = new Float64Array(classes);
  let loss = 0;
  for (let image = 0; image < n; image++) {
    const offset = image * classes;
    logSoftmax(logits, offset, classes, 1, logProbabilities);
    // Equal to the targets' sum, 1, where the classes weigh the same.
    let mass = 0;
    for (let c = 0; c < classes; c++) {
      const weight = classWeights ? classWeights[c] * targets[offset + c] : targets[offset + c];
      mass += weight;
      loss -= weight * logProbabilities[c];
    }
    for (let c = 0; c < classes; c++) {
      const weight = classWeights ? classWeights[c] * targets[offset + c] : targets[offset + c];
      gradient[offset + c] = scale * (mass * Math.exp(logProbabilities[c]) - weight);
    }
  }
  return scale * loss;
}
