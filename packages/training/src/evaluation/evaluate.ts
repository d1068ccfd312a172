import { calibrationError, type ReliabilityBin, reliabilityBins, softmax } from "./calibration.js";
import { accuracy, argMax, type ClassMetrics, classMetrics, confusionMatrix, macroF1 } from "./metrics.js";

/** What a model is worth on a set of images; plain data, kept as JSON. Shares lie in 0..1. */
export interface Evaluation {
  /** Number of images. */
  readonly count: number;
  readonly accuracy: number;
  /** Mean F1 over the classes that occur in the truth. */
  readonly macroF1: number;
  /** Expected calibration error at the given temperature, 15 bins. */
  readonly ece: number;
  readonly labels: readonly string[];
  /** Counts, confusion[true][predicted]. */
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly (ClassMetrics & { readonly label: string })[];
  readonly reliability: readonly ReliabilityBin[];
}

/**
 * Evaluates logits against the true classes.
 * @param input.logits truth.length * labels.length values, row after row.
 * @param input.truth index into `labels` of each row.
 * @param input.temperature divides the logits before the softmax, for the calibration figures only; fitted
 *   on other images than these (see `fitTemperature`). Default 1.
 * @throws EvaluationError when shapes do not match, nothing is given, or a value is not finite.
 */
export function evaluateLogits(input: {
  readonly logits: ArrayLike<number>;
  readonly truth: ArrayLike<number>;
  readonly labels: readonly string[];
  readonly temperature?: number;
}): Evaluation {
  const { logits, truth, labels, temperature = 1 } = input;
  const classes = labels.length;
  const reliability = reliabilityBins(softmax(logits, classes, temperature), truth, classes);
  // Classes are taken from the logits: probabilities may tie where the logits do not.
  const confusion = confusionMatrix(truth, argMax(logits, classes), classes);
  return {
    count: truth.length,
    accuracy: accuracy(confusion),
    macroF1: macroF1(confusion),
    ece: calibrationError(reliability),
    labels: [...labels],
    confusion,
    perClass: classMetrics(confusion).map((metrics, c) => ({ label: labels[c], ...metrics })),
    reliability,
  };
}
