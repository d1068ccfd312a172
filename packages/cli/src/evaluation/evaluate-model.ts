import { type Dataset, type Evaluation, evaluateLogits, matchLabels } from "@microexpnet/training";
import type { Model, Precision } from "microexpnet/internal";
import { datasetLogits } from "./dataset-logits.js";

/** An evaluation with what the model and the data do not share. */
export interface ModelEvaluation extends Evaluation {
  /** The model's calibration temperature, which `ece` and `reliability` are at. */
  readonly temperature: number;
  /** Classes of the data which the model lacks, with their numbers of images: all counted as wrong. */
  readonly missingInModel: Readonly<Record<string, number>>;
  /** Classes of the model which the data lacks. */
  readonly missingInData: readonly string[];
}

/** Which of its classes a model may answer with: all of them, or those alone that occur in the data. */
export type AnswerChoice = "all" | "data";

/**
 * Measures a model on images, each seen whole. Classes are matched by meaning. The labels of the result are
 * the model's, followed by those of the data that the model lacks: it can only be wrong on their images, which
 * count in every figure.
 *
 * @returns the figures, and sentences on what the two do not share
 */
export async function evaluateModel(
  model: Model,
  dataset: Dataset,
  signal: AbortSignal,
  options: { readonly precision?: Precision; readonly among?: AnswerChoice } = {},
): Promise<{ figures: ModelEvaluation; notes: string[] }> {
  const { toModel, missingInModel, missingInDataset } = matchLabels(model.labels, dataset.labels);
  const known = model.labels.length;
  const labels = [...model.labels, ...missingInModel];
  let next = known;
  const place = Array.from(toModel, (index) => (index >= 0 ? index : next++));
  const truth = Array.from(dataset.classes, (label) => place[label]);
  const ofModel = await datasetLogits(model, dataset, signal, options.precision);
  if (options.among === "data") ruleOut(ofModel, model.labels, missingInDataset);
  const logits = withUnknownClasses(ofModel, known, labels.length);
  const { temperature } = model.calibration;
  const figures = {
    ...evaluateLogits({ logits, truth, labels, temperature }),
    temperature,
    missingInModel: Object.fromEntries(
      missingInModel.map((label, i) => [label, truth.filter((index) => index === known + i).length]),
    ),
    missingInData: missingInDataset,
  };
  return { figures, notes: notesOn(figures) };
}

function notesOn({ missingInModel, missingInData }: ModelEvaluation): string[] {
  const missing = Object.entries(missingInModel).map(([label, count]) => `${label} (${count} images)`);
  return [
    ...(missing.length > 0
      ? [`The model lacks ${missing.join(", ")} of the data, which is counted as wrong.`]
      : []),
    ...(missingInData.length > 0 ? [`The data lacks ${missingInData.join(", ")} of the model.`] : []),
  ];
}

/** Far below every score, so that the probability is 0 at any temperature in use. */
const hopeless = (logits: Float32Array) => logits.reduce((a, b) => Math.min(a, b)) - 1e6;

/** Makes the classes that the data lacks impossible. */
function ruleOut(logits: Float32Array, labels: readonly string[], missing: readonly string[]): void {
  const score = hopeless(logits);
  for (const label of missing) {
    const column = labels.indexOf(label);
    for (let at = column; at < logits.length; at += labels.length) logits[at] = score;
  }
}

/** Widens rows of `known` scores to `all`, the new ones impossible. */
function withUnknownClasses(logits: Float32Array, known: number, all: number): Float32Array {
  if (known === all) return logits;
  const rows = logits.length / known;
  const wide = new Float32Array(rows * all).fill(hopeless(logits));
  for (let row = 0; row < rows; row++) {
    wide.set(logits.subarray(row * known, (row + 1) * known), row * all);
  }
  return wide;
}
