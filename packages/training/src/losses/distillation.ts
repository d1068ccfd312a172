import { crossEntropy } from "./cross-entropy.js";
import { LossError, requireLength } from "./loss-error.js";
import { logSoftmax } from "./softmax.js";

/**
 * With z the student's logits, p the mean over the teachers of softmax(teacher logits / T), H cross-entropy:
 *
 * - "paper": (1 - lambda) H(target, softmax(z)) + lambda H(p, softmax(z / T)). MicroExpNet's loss (Cugu,
 *   Sener & Akbas, arXiv 1711.07011, and the authors' code, where T is 8 and lambda 0.5). The soft part's
 *   gradient shrinks with 1 / T squared, so T also changes what lambda means.
 * - "hinton": the same with the soft part times T squared (Hinton, Vinyals & Dean, arXiv 1503.02531).
 * - "standardized": (1 - lambda) H(target, softmax(z)) + lambda T^2 KL(p || softmax(Z(z) / T)), where
 *   Z(x) = (x - mean(x)) / deviation(x) over one image's classes (population deviation), for the student and
 *   for each teacher: logit standardisation (Sun et al., CVPR 2024, arXiv 2403.01427, algorithms 1 and 2).
 *   The student learns how the teacher's logits lie to each other, not how large they are.
 */
export type DistillationKind = "paper" | "hinton" | "standardized";

export interface DistillationOptions {
  readonly kind: DistillationKind;
  /** T, above 0. */
  readonly temperature: number;
  /** Share of the soft part, the teachers', 0..1; the hard part has the rest. */
  readonly lambda: number;
}

/**
 * Defaults of each kind. "paper" and "hinton" have the authors' temperature and lambda. Lambda 0.9 of
 * "standardized" is that of Sun et al. (weights 1 and 9). Their temperature for 100 classes is 2; Z-scores of
 * K classes lie within sqrt(K - 1), so that eight classes need a lower one to be told apart as clearly.
 */
export const distillationPresets: Readonly<Record<DistillationKind, DistillationOptions>> = {
  paper: { kind: "paper", temperature: 8, lambda: 0.5 },
  hinton: { kind: "hinton", temperature: 8, lambda: 0.5 },
  standardized: { kind: "standardized", temperature: 1, lambda: 0.9 },
};

export const distillationDefaults: DistillationOptions = distillationPresets.standardized;

/**
 * Added to the variance under the root, so that equal logits have Z-scores of 0 and a gradient at most 100
 * times the unstandardised one, instead of an unlimited one. Changes ordinary logits' scores by under 1e-4.
 */
const varianceFloor = 1e-4;

/** Grown when a larger number of classes comes along, so that a step allocates nothing. */
let scores = new Float64Array(16);
let logProbabilities = new Float64Array(16);
let softTargets = new Float64Array(16);

/** Writes the Z-scores of one image's logits to `scores`; returns the deviation they were divided by. */
function standardize(logits: Float32Array, offset: number, classes: number): number {
  let mean = 0;
  for (let c = 0; c < classes; c++) mean += logits[offset + c];
  mean /= classes;
  let variance = 0;
  for (let c = 0; c < classes; c++) {
    const difference = logits[offset + c] - mean;
    scores[c] = difference;
    variance += difference * difference;
  }
  const deviation = Math.sqrt(variance / classes + varianceFloor);
  for (let c = 0; c < classes; c++) scores[c] /= deviation;
  return deviation;
}

/** Writes the mean of the teachers' softened probabilities of one image to `softTargets`. */
function soften(
  teacherLogits: readonly Float32Array[],
  offset: number,
  classes: number,
  temperature: number,
  standardized: boolean,
): void {
  softTargets.fill(0, 0, classes);
  for (let teacher = 0; teacher < teacherLogits.length; teacher++) {
    if (standardized) {
      standardize(teacherLogits[teacher], offset, classes);
      logSoftmax(scores, 0, classes, temperature, logProbabilities);
    } else {
      logSoftmax(teacherLogits[teacher], offset, classes, temperature, logProbabilities);
    }
    for (let c = 0; c < classes; c++) softTargets[c] += Math.exp(logProbabilities[c]);
  }
  for (let c = 0; c < classes; c++) softTargets[c] /= teacherLogits.length;
}

function check(options: DistillationOptions, teacherLogits: readonly Float32Array[], length: number): void {
  const { kind, temperature, lambda } = options;
  if (!Object.hasOwn(distillationPresets, kind)) {
    throw new LossError(
      `The kind of distillation must be one of ${Object.keys(distillationPresets).join(", ")}, not ${JSON.stringify(kind)}.`,
    );
  }
  if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY)) {
    throw new LossError(`The temperature of distillation must be above 0, not ${temperature}.`);
  }
  if (!(lambda >= 0 && lambda <= 1)) {
    throw new LossError(`The lambda of distillation must lie between 0 and 1, not ${lambda}.`);
  }
  if (teacherLogits.length === 0)
    throw new LossError("Distillation needs the logits of at least one teacher.");
  for (let teacher = 0; teacher < teacherLogits.length; teacher++) {
    requireLength(teacherLogits[teacher], length, "A teacher's logits");
  }
}

/**
 * Loss of a student that learns from labels and teachers, summed over the images and times `scale`; see
 * {@link DistillationKind} for the formulas.
 *
 * @param logits n * classes, the student's
 * @param targets n * classes, each image's values sum to 1
 * @param teacherLogits one array of n * classes for each teacher
 * @param scale factor of the loss and of its gradient, 1 / batch size for the mean
 * @param gradient n * classes, overwritten with the derivative of the returned value by each student's logit
 * @param classWeights weights of the classes in the hard part; the soft part has none, for the teachers were
 *   trained with them
 * @throws LossError when an array is too short, an option lies outside its range or there is no teacher
 */
export function distillationLoss(
  logits: Float32Array,
  targets: Float32Array,
  teacherLogits: readonly Float32Array[],
  n: number,
  classes: number,
  scale: number,
  gradient: Float32Array,
  options: DistillationOptions,
  classWeights?: Float32Array,
): number {
  check(options, teacherLogits, n * classes);
  if (scores.length < classes) {
    scores = new Float64Array(classes);
    logProbabilities = new Float64Array(classes);
    softTargets = new Float64Array(classes);
  }
  const { kind, temperature, lambda } = options;
  const hardScale = scale * (1 - lambda);
  const hardLoss = crossEntropy(logits, targets, n, classes, hardScale, gradient, classWeights);
  // Every soft gradient is T^2 or 1 times (q - p) / T.
  const softScale = scale * lambda * (kind === "paper" ? 1 : temperature * temperature);
  const slope = softScale / temperature;
  let soft = 0;
  for (let image = 0; image < n; image++) {
    const offset = image * classes;
    soften(teacherLogits, offset, classes, temperature, kind === "standardized");
    if (kind === "standardized") {
      const deviation = standardize(logits, offset, classes);
      logSoftmax(scores, 0, classes, temperature, logProbabilities);
      // Backwards through Z as through a layer normalisation. The gradient's mean over the classes, which it
      // takes off, is 0 here: both distributions sum to 1.
      let alongScores = 0;
      for (let c = 0; c < classes; c++) {
        const target = softTargets[c];
        if (target > 0) soft += target * (Math.log(target) - logProbabilities[c]);
        alongScores += (Math.exp(logProbabilities[c]) - target) * scores[c];
      }
      alongScores /= classes;
      for (let c = 0; c < classes; c++) {
        const difference = Math.exp(logProbabilities[c]) - softTargets[c];
        gradient[offset + c] += (slope * (difference - scores[c] * alongScores)) / deviation;
      }
    } else {
      logSoftmax(logits, offset, classes, temperature, logProbabilities);
      for (let c = 0; c < classes; c++) {
        soft -= softTargets[c] * logProbabilities[c];
        gradient[offset + c] += slope * (Math.exp(logProbabilities[c]) - softTargets[c]);
      }
    }
  }
  return hardLoss + softScale * soft;
}
