import {
  argMax,
  type Dataset,
  type Evaluation,
  evaluateLogits,
  matchLabels,
  type SampledView,
} from "@microexpnet/training";
import { type Model, type Precision, type Reading, readingOffsets } from "microexpnet/internal";
import { type AgreementBin, accuracyByAgreement } from "./agreement.js";
import { committeeOf } from "./committee.js";
import { datasetLogits, unchanged } from "./dataset-logits.js";

/** An evaluation with what the model and the data do not share. */
export interface ModelEvaluation extends Evaluation {
  /** The model's calibration temperature, which `ece` and `reliability` are at. */
  readonly temperature: number;
  /** Classes of the data which the model lacks, with their numbers of images: all counted as wrong. */
  readonly missingInModel: Readonly<Record<string, number>>;
  /** Classes of the model which the data lacks. */
  readonly missingInData: readonly string[];
  readonly among: AnswerChoice;
  readonly prior: "training" | "uniform";
  /** Accuracy by how far the annotators agreed, where the data has their votes. */
  readonly agreement?: readonly AgreementBin[];
}

/** Which of its classes a model may answer with: all of them, or those alone that occur in the data. */
export type AnswerChoice = "all" | "data";

/** How often a model expects each class; "auto" is "uniform" where the data lacks some of its classes. */
export type PriorChoice = "auto" | "training" | "uniform";

/**
 * Measures a model, or several that answer together, on images, each seen whole. Classes are matched by meaning. The labels of the result are
 * the model's, followed by those of the data that the model lacks: it can only be wrong on their images, which
 * count in every figure.
 *
 * Where the data lacks some of the model's classes, the model answers among the others, and expects each of them
 * equally often, as the shares of its own training data say nothing about such data; unless asked otherwise.
 *
 * @returns the figures, each image's answer as an index into their labels, and sentences on what the two do not share
 */
export async function evaluateModel(
  models: Model | readonly Model[],
  dataset: Dataset,
  signal: AbortSignal,
  options: {
    readonly precision?: Precision;
    readonly among?: AnswerChoice;
    readonly prior?: PriorChoice;
    /** Each model sees each image mirrored, too, and the answers are averaged. */
    readonly mirror?: boolean;
    /** It sees each image moved to each of the four sides, too, by so many percent of its side; 0 by default. */
    readonly shift?: number;
    /** How all images are changed before the model sees them. */
    readonly sample?: SampledView;
  } = {},
): Promise<{ figures: ModelEvaluation; answers: ArrayLike<number>; notes: string[] }> {
  const look = options.sample ?? unchanged(dataset.size);
  const places = options.shift ? [look, ...shifted(look, (options.shift / 100) * dataset.size)] : [look];
  const looks = options.mirror ? [...places, ...places.map(mirrored)] : places;
  const committee = committeeOf(
    ("network" in models ? [models] : models).flatMap((member) =>
      looks.map((sample) => ({
        model: member,
        logits: (images: Dataset) => datasetLogits(member, images, signal, options.precision, sample),
      })),
    ),
  );
  const { model } = committee;
  const { toModel, missingInModel, missingInDataset } = matchLabels(model.labels, dataset.labels);
  const known = model.labels.length;
  const labels = [...model.labels, ...missingInModel];
  let next = known;
  const place = Array.from(toModel, (index) => (index >= 0 ? index : next++));
  const truth = Array.from(dataset.classes, (label) => place[label]);
  const ofModel = await committee.logits(dataset);
  const { among = "data", prior: choice = "auto" } = options;
  const usesUniform =
    missingInDataset.length > 0 && among === "data" && model.calibration.prior !== undefined;
  const prior = choice === "auto" ? (usesUniform ? "uniform" : "training") : choice;
  const shared = model.labels.filter((label) => !missingInDataset.includes(label));
  read(ofModel, model, {
    prior,
    ...(among === "data" && shared.length > 0 && { among: shared }),
  });
  const logits = withUnknownClasses(ofModel, known, labels.length);
  const { temperature } = model.calibration;
  const answers = argMax(logits, labels.length);
  const agreement = accuracyByAgreement(dataset, (image) => answers[image] === truth[image]);
  const figures = {
    ...evaluateLogits({ logits, truth, labels, temperature }),
    temperature,
    missingInModel: Object.fromEntries(
      missingInModel.map((label, i) => [label, truth.filter((index) => index === known + i).length]),
    ),
    missingInData: missingInDataset,
    among,
    prior,
    ...(agreement && { agreement }),
  };
  return { figures, answers, notes: notesOn(figures) };
}

/** The same view, its left side on the right. */
function mirrored(sample: SampledView): SampledView {
  const { view } = sample;
  const turned = { ...view, xx: -view.xx, x0: view.x0 + view.xx, yx: -view.yx, y0: view.y0 + view.yx };
  return { ...sample, view: turned };
}

/** The view moved by so many pixels of the image to each side. */
function shifted(sample: SampledView, pixels: number): SampledView[] {
  const { view } = sample;
  return [
    [pixels, 0],
    [-pixels, 0],
    [0, pixels],
    [0, -pixels],
  ].map(([right, down]) => ({ ...sample, view: { ...view, x0: view.x0 + right, y0: view.y0 + down } }));
}

function notesOn({ missingInModel, missingInData, among, prior }: ModelEvaluation): string[] {
  const missing = Object.entries(missingInModel).map(([label, count]) => `${label} (${count} images)`);
  return [
    ...(missing.length > 0
      ? [`The model lacks ${missing.join(", ")} of the data, which is counted as wrong.`]
      : []),
    ...(missingInData.length > 0
      ? [
          `The data lacks ${missingInData.join(", ")} of the model, which ${
            among === "data" ? "answers among the other classes" : "may answer with it all the same"
          }.`,
        ]
      : []),
    ...(prior === "uniform" ? ["Every class is expected equally often."] : []),
  ];
}

/** Far below every score, so that the probability is 0 at any temperature in use. */
const hopeless = (logits: Float32Array) => logits.reduce((a, b) => Math.min(a, b)) - 1e6;

/** Changes logits so that their softmax over the model's temperature is read as asked. */
function read(logits: Float32Array, model: Model, reading: Reading): void {
  const offsets = readingOffsets(model, reading);
  if (!offsets) return;
  const score = hopeless(logits);
  const { temperature } = model.calibration;
  for (let i = 0; i < logits.length; i++) {
    const offset = offsets[i % offsets.length];
    logits[i] = offset === Number.NEGATIVE_INFINITY ? score : logits[i] + temperature * offset;
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
