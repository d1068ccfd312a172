import { EvaluationError } from "./evaluation-error.js";

/** What one class's predictions are worth; all but `support` lie in 0..1. */
export interface ClassMetrics {
  /** Of the images called this class, the share that is; 0 where none was called so. */
  readonly precision: number;
  /** Of the images of this class, the share that was called so; 0 where there is none. */
  readonly recall: number;
  /** Harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN); 0 where that is 0 / 0. */
  readonly f1: number;
  /** Number of images of this class. */
  readonly support: number;
}

/**
 * Index of the largest score of each row, the first one on a tie.
 * @param scores rows * classes values, row after row: logits or probabilities.
 * @throws EvaluationError when the values do not fill whole rows or one of them is not a number.
 */
export function argMax(scores: ArrayLike<number>, classes: number): Int32Array {
  const rows = rowCount(scores, classes);
  const best = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let found = 0;
    for (let c = 0; c < classes; c++) {
      const score = scores[row * classes + c];
      if (Number.isNaN(score)) throw new EvaluationError(`Row ${row} of the scores holds a NaN.`);
      if (score > scores[row * classes + found]) found = c;
    }
    best[row] = found;
  }
  return best;
}

/**
 * How often each class was taken for each other: `confusion[true][predicted]`, classes * classes counts.
 * @throws EvaluationError when the two lists differ in length or name a class outside 0 .. classes - 1.
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): number[][] {
  if (truth.length !== predicted.length) {
    throw new EvaluationError(
      `${truth.length} true classes do not match ${predicted.length} predicted ones.`,
    );
  }
  requireClasses(truth, classes, "true");
  requireClasses(predicted, classes, "predicted");
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < truth.length; i++) confusion[truth[i]][predicted[i]]++;
  return confusion;
}

/** Share of the images that were classified rightly, 0..1; NaN for an empty matrix. */
export function accuracy(confusion: readonly (readonly number[])[]): number {
  let right = 0;
  let all = 0;
  for (const [c, row] of confusion.entries()) {
    right += row[c];
    for (const count of row) all += count;
  }
  return right / all;
}

/** Precision, recall, F1 and support of every class, in the matrix's order. */
export function classMetrics(confusion: readonly (readonly number[])[]): ClassMetrics[] {
  return confusion.map((row, c) => {
    const hits = row[c];
    const support = row.reduce((sum, count) => sum + count, 0);
    const called = confusion.reduce((sum, other) => sum + other[c], 0);
    return {
      precision: called === 0 ? 0 : hits / called,
      recall: support === 0 ? 0 : hits / support,
      f1: called + support === 0 ? 0 : (2 * hits) / (called + support),
      support,
    };
  });
}

/**
 * Mean F1 over the classes that occur in the truth, 0..1, each class counting the same; NaN for an empty
 * matrix. A class that has no image is left out, also where it was predicted: its F1 could only be 0, and
 * the predictions that went to it already lower the recall of the class they were taken from.
 */
export function macroF1(confusion: readonly (readonly number[])[]): number {
  const present = classMetrics(confusion).filter(({ support }) => support > 0);
  return present.reduce((sum, { f1 }) => sum + f1, 0) / present.length;
}

/**
 * Number of rows of `classes` values.
 * @throws EvaluationError when the values do not fill whole rows.
 */
export function rowCount(values: ArrayLike<number>, classes: number): number {
  if (!Number.isInteger(classes) || classes < 1 || values.length % classes !== 0) {
    throw new EvaluationError(`${values.length} values cannot be split into rows of ${classes} classes.`);
  }
  return values.length / classes;
}

/** Refuses a class index outside 0 .. classes - 1; `which` names the list in the message. */
export function requireClasses(indices: ArrayLike<number>, classes: number, which: string): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    if (!Number.isInteger(index) || index < 0 || index >= classes) {
      throw new EvaluationError(
        `The ${which} class of image ${i} is ${index}, which is not one of the ${classes} classes from 0.`,
      );
    }
  }
}
