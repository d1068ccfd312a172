import { EvaluationError } from "./evaluation-error.js";
import { argMax, requireClasses, rowCount } from "./metrics.js";

/** Images whose top probability lies in (low, high]. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  /** Number of images. */
  readonly count: number;
  /** Mean top probability of these images, 0 where there is none. */
  readonly confidence: number;
  /** Share of these images that were classified rightly, 0 where there is none. */
  readonly accuracy: number;
}

/**
 * Probabilities of each row of logits divided by the temperature.
 * @param logits rows * classes values.
 * @param temperature above 0; above 1 softens, below 1 sharpens.
 * @returns rows * classes values in 0..1 that sum to 1 in each row.
 * @throws EvaluationError for a temperature that is not above 0 or a row without a finite softmax.
 */
export function softmax(logits: ArrayLike<number>, classes: number, temperature = 1): Float32Array {
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new EvaluationError(`The temperature must be a number above 0, not ${temperature}.`);
  }
  const rows = rowCount(logits, classes);
  const probabilities = new Float32Array(rows * classes);
  const row = new Float64Array(classes);
  for (let i = 0; i < rows; i++) {
    softmaxRow(logits, i, 1 / temperature, row);
    probabilities.set(row, i * classes);
  }
  return probabilities;
}

/** Writes the softmax of row `index` of the logits, multiplied by `sharpness`, into `output`. */
function softmaxRow(logits: ArrayLike<number>, index: number, sharpness: number, output: Float64Array): void {
  const offset = index * output.length;
  // The largest logit is taken off first, so that no exponential overflows.
  let largest = -Infinity;
  for (let c = 0; c < output.length; c++) largest = Math.max(largest, logits[offset + c]);
  let sum = 0;
  for (let c = 0; c < output.length; c++) {
    output[c] = Math.exp((logits[offset + c] - largest) * sharpness);
    sum += output[c];
  }
  if (!Number.isFinite(sum)) {
    throw new EvaluationError(`Row ${index} of the logits holds a value that is not a finite number.`);
  }
  for (let c = 0; c < output.length; c++) output[c] /= sum;
}

/** How often a model answers with each class, by the probabilities that it gives images like those it learned from. */
export interface PosteriorShares {
  /** Mean probability of each class; together 1. */
  readonly prior: number[];
  /**
   * [i][k] is the mean probability that an image is of class i and would be of class k if i could not be answered:
   * p_i p_k / (1 - p_i) on average. Each row sums to `prior[i]`; the diagonal is 0.
   */
  readonly runnersUp: number[][];
}

/**
 * What the probabilities of images say of the classes on average. A probability divided by these shares is one
 * under which every class is expected equally often: by Bayes' rule the divisor is the mean of the very
 * probabilities that it divides (Saerens et al. 2002), wherever the model's own expectation differs from a count
 * of labels.
 *
 * @param probabilities rows * classes values in 0..1 that sum to 1 in each row
 * @throws EvaluationError for no rows
 */
export function posteriorShares(probabilities: Float32Array, classes: number): PosteriorShares {
  const rows = rowCount(probabilities, classes);
  if (rows === 0) throw new EvaluationError("Without images no class has a share.");
  const prior = new Array<number>(classes).fill(0);
  const runnersUp = prior.map(() => new Array<number>(classes).fill(0));
  for (let row = 0; row < rows; row++) {
    const own = probabilities.subarray(row * classes, (row + 1) * classes);
    for (let i = 0; i < classes; i++) {
      prior[i] += own[i] / rows;
      let others = 0;
      for (let k = 0; k < classes; k++) if (k !== i) others += own[k];
      if (others === 0) continue;
      for (let k = 0; k < classes; k++) if (k !== i) runnersUp[i][k] += (own[i] * own[k]) / others / rows;
    }
  }
  return { prior, runnersUp };
}

/**
 * The temperature T > 0 that gives the true classes the highest likelihood under softmax(logits / T)
 * (Guo et al. 2017, "On Calibration of Modern Neural Networks"). Accuracy is not changed by it.
 *
 * The negative log-likelihood is convex in 1 / T with the slope mean(E_p[logit] - logit of the true class),
 * so the sign of the slope is bisected over log T, between 1/1000 and 1000 times the logits' own spread.
 * Where every image is classified rightly the likelihood has no maximum (it grows as T falls to 0) and
 * 1 is returned, as it is for logits that are equal in every row; logits that are worse than uniform ones
 * give the upper end of the range.
 * @param logits truth.length * classes values.
 * @param truth the true class of each row.
 * @throws EvaluationError for no rows, rows that do not match `truth`, or logits that are not finite.
 */
export function fitTemperature(
  logits: Float32Array | Float64Array,
  truth: ArrayLike<number>,
  classes: number,
): number {
  requireRows(logits, truth, classes, "logits");
  if (!logits.every(Number.isFinite)) {
    throw new EvaluationError("The logits hold a value that is not a finite number.");
  }
  const spread = meanSpread(logits, classes);
  if (spread === 0 || truthAlwaysLargest(logits, truth, classes)) return 1;
  let low = Math.log(spread / 1000);
  let high = Math.log(spread * 1000);
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    // A positive slope along 1 / T means that a smaller 1 / T, a larger T, is better.
    if (slope(logits, truth, classes, Math.exp(-middle)) > 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** Derivative of the mean negative log-likelihood by 1 / T. */
function slope(
  logits: ArrayLike<number>,
  truth: ArrayLike<number>,
  classes: number,
  sharpness: number,
): number {
  const row = new Float64Array(classes);
  let sum = 0;
  for (let i = 0; i < truth.length; i++) {
    softmaxRow(logits, i, sharpness, row);
    const right = logits[i * classes + truth[i]];
    // Differences to the true class's logit keep small gaps between large logits exact.
    for (let c = 0; c < classes; c++) sum += row[c] * (logits[i * classes + c] - right);
  }
  return sum / truth.length;
}

/** Mean over the rows of largest minus smallest logit. */
function meanSpread(logits: ArrayLike<number>, classes: number): number {
  const rows = logits.length / classes;
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    let largest = -Infinity;
    let smallest = Infinity;
    for (let c = 0; c < classes; c++) {
      largest = Math.max(largest, logits[i * classes + c]);
      smallest = Math.min(smallest, logits[i * classes + c]);
    }
    sum += largest - smallest;
  }
  return sum / rows;
}

function truthAlwaysLargest(logits: ArrayLike<number>, truth: ArrayLike<number>, classes: number): boolean {
  for (let i = 0; i < truth.length; i++) {
    const right = logits[i * classes + truth[i]];
    for (let c = 0; c < classes; c++) if (logits[i * classes + c] > right) return false;
  }
  return true;
}

/**
 * The lowest threshold above which answers are right as often as asked: of the images whose top probability
 * reaches it, at least a share of `accuracy` is classified rightly, and so it is above every higher threshold
 * that leaves at least `fewest` images.
 * @param probabilities truth.length * classes values in 0..1.
 * @param accuracy 0..1.
 * @returns 0..1; 1 where even the surest `fewest` answers are not right so often.
 * @throws EvaluationError as `reliabilityBins` does.
 */
export function confidenceThreshold(
  probabilities: ArrayLike<number>,
  truth: ArrayLike<number>,
  classes: number,
  accuracy: number,
  fewest = 20,
): number {
  requireRows(probabilities, truth, classes, "probabilities");
  const predicted = argMax(probabilities, classes);
  const answers = Array.from(predicted, (label, i) => ({
    top: probabilities[i * classes + label],
    right: label === truth[i],
  })).sort((a, b) => b.top - a.top);
  let threshold = 1;
  let right = 0;
  for (const [i, answer] of answers.entries()) {
    if (answer.right) right++;
    const isLastOfEqual = answer.top !== answers[i + 1]?.top;
    if (i + 1 < fewest || !isLastOfEqual) continue;
    if (right < accuracy * (i + 1)) break;
    threshold = answer.top;
  }
  return threshold;
}

/**
 * Images gathered by their top probability into bins of equal width; bin m of M holds (m / M, (m + 1) / M].
 * @param probabilities truth.length * classes values in 0..1.
 * @throws EvaluationError for no rows, rows that do not match `truth`, or values outside 0..1.
 */
export function reliabilityBins(
  probabilities: ArrayLike<number>,
  truth: ArrayLike<number>,
  classes: number,
  bins = 15,
): ReliabilityBin[] {
  requireRows(probabilities, truth, classes, "probabilities");
  if (!Number.isInteger(bins) || bins < 1) {
    throw new EvaluationError(`The number of bins must be a whole number above 0, not ${bins}.`);
  }
  const predicted = argMax(probabilities, classes);
  const count = new Array<number>(bins).fill(0);
  const confidence = new Array<number>(bins).fill(0);
  const right = new Array<number>(bins).fill(0);
  for (let i = 0; i < truth.length; i++) {
    const top = probabilities[i * classes + predicted[i]];
    // Sums of rounded exponentials may pass 1 by a rounding step.
    if (!(top >= 0 && top <= 1 + 1e-6)) {
      throw new EvaluationError(`Row ${i} of the probabilities holds ${top}, which does not lie in 0..1.`);
    }
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(top * bins) - 1));
    count[bin]++;
    confidence[bin] += top;
    if (predicted[i] === truth[i]) right[bin]++;
  }
  return count.map((images, bin) => ({
    low: bin / bins,
    high: (bin + 1) / bins,
    count: images,
    confidence: images === 0 ? 0 : confidence[bin] / images,
    accuracy: images === 0 ? 0 : right[bin] / images,
  }));
}

/**
 * Expected calibration error, 0..1: the distance between accuracy and mean top probability in each bin,
 * weighted by the bin's images (Guo et al. 2017, equation 3).
 * @throws EvaluationError as `reliabilityBins` does.
 */
export function expectedCalibrationError(
  probabilities: ArrayLike<number>,
  truth: ArrayLike<number>,
  classes: number,
  bins = 15,
): number {
  return calibrationError(reliabilityBins(probabilities, truth, classes, bins));
}

/** The same from bins that are already there. */
export function calibrationError(bins: readonly ReliabilityBin[]): number {
  let sum = 0;
  let count = 0;
  for (const bin of bins) {
    sum += bin.count * Math.abs(bin.accuracy - bin.confidence);
    count += bin.count;
  }
  return sum / count;
}

function requireRows(
  values: ArrayLike<number>,
  truth: ArrayLike<number>,
  classes: number,
  what: string,
): void {
  const rows = rowCount(values, classes);
  if (rows !== truth.length) {
    throw new EvaluationError(`${rows} rows of ${what} do not match ${truth.length} true classes.`);
  }
  if (rows === 0) throw new EvaluationError("There are no images to evaluate.");
  requireClasses(truth, classes, "true");
}
