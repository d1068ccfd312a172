import { type Dataset, type Evaluation, evaluateLogits, matchLabels } from "@microexpnet/training";
import { createClassifier } from "microexpnet";
import { type Model, renderView, wholeImageView } from "microexpnet/internal";
import { breathe, Progress } from "../console.js";

/** Images that are run at once. */
const batch = 32;

/** An evaluation with what the model and the data do not share. */
export interface ModelEvaluation extends Evaluation {
  /** The model's calibration temperature, which `ece` and `reliability` are at. */
  readonly temperature: number;
  /** Classes of the data which the model lacks, with their numbers of images: all counted as wrong. */
  readonly missingInModel: Readonly<Record<string, number>>;
  /** Classes of the model which the data lacks. */
  readonly missingInData: readonly string[];
}

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
): Promise<{ figures: ModelEvaluation; notes: string[] }> {
  const { toModel, missingInModel, missingInDataset } = matchLabels(model.labels, dataset.labels);
  const known = model.labels.length;
  const labels = [...model.labels, ...missingInModel];
  let next = known;
  const place = Array.from(toModel, (index) => (index >= 0 ? index : next++));
  const truth = Array.from(dataset.classes, (label) => place[label]);
  const logits = withUnknownClasses(await logitsOf(model, dataset, signal), known, labels.length);
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

/** Logits of all images, dataset.count * model.labels.length values. */
async function logitsOf(model: Model, dataset: Dataset, signal: AbortSignal): Promise<Float32Array> {
  const classifier = createClassifier(model, { batch });
  const [height, width] = classifier.inputShape;
  const { size, count } = dataset;
  const view = wholeImageView(size, size);
  const area = size ** 2;
  const input = new Uint8Array(batch * height * width);
  const logits = new Float32Array(count * model.labels.length);
  const progress = new Progress();
  for (let first = 0; first < count; first += batch) {
    const n = Math.min(batch, count - first);
    for (let i = 0; i < n; i++) {
      const source = dataset.pixels.subarray((first + i) * area, (first + i + 1) * area);
      const target = input.subarray(i * height * width, (i + 1) * height * width);
      renderView(source, size, size, view, target, height, width);
    }
    logits.set(classifier.logits(input.subarray(0, n * height * width)), first * model.labels.length);
    progress.update(first + n, count, "images");
    await breathe(signal);
  }
  progress.done();
  return logits;
}

/**
 * Widens rows of `known` scores to `all`, the new ones so far below the others that their probability is 0 at
 * any temperature in use.
 */
function withUnknownClasses(logits: Float32Array, known: number, all: number): Float32Array {
  if (known === all) return logits;
  const rows = logits.length / known;
  const lowest = logits.reduce((a, b) => Math.min(a, b));
  const wide = new Float32Array(rows * all).fill(lowest - 1e6);
  for (let row = 0; row < rows; row++) {
    wide.set(logits.subarray(row * known, (row + 1) * known), row * all);
  }
  return wide;
}
