import { ClassifierError } from "./classifier-error.js";
import type { Model } from "./model-file.js";

/** How class scores are read as probabilities. */
export interface Reading {
  /** Labels that may be answered, for example all but contempt; every one by default. */
  readonly among?: readonly string[];
  /**
   * How often each class is expected before a face is seen: as often as in the training data ("training", the
   * default), where half of all faces are neutral or happy, or equally often ("uniform"), which finds rare
   * expressions at the price of some common ones.
   */
  readonly prior?: "training" | "uniform";
}

/**
 * What a reading adds to each class's logit over the temperature: minus infinity where it may not be answered,
 * minus the logarithm of the model's mean probability for it where all are expected equally often, which is Bayes'
 * rule and the logit adjustment of Menon et al. (arXiv 2007.07314). Where some classes may not be answered, the
 * means are those that remain without them: a neutral face counts as what it would be called next.
 *
 * @returns one value a label, or nothing where the reading changes nothing
 * @throws ClassifierError for a label that the model lacks, no label at all, or a model without a prior
 */
export function readingOffsets(
  { labels, calibration }: Pick<Model, "labels" | "calibration">,
  { among, prior = "training" }: Reading,
): Float32Array | undefined {
  if (!among && prior === "training") return undefined;
  const unknown = among?.find((label) => !labels.includes(label));
  if (unknown !== undefined || among?.length === 0) {
    throw new ClassifierError(
      `A reading needs labels among ${labels.join(", ")}${unknown === undefined ? "" : `, not "${unknown}"`}.`,
    );
  }
  const { prior: shares, runnersUp } = calibration;
  if (prior === "uniform" && !shares) {
    throw new ClassifierError("The model does not say how often its training data had each class.");
  }
  return Float32Array.from(labels, (label, i) => {
    if (among && !among.includes(label)) return Number.NEGATIVE_INFINITY;
    if (prior === "training") return 0;
    const from = (share: number, other: string, j: number) =>
      among?.includes(other) !== false ? share : share + (runnersUp?.[j][i] ?? 0);
    return -Math.log(labels.reduce(from, (shares as readonly number[])[i]));
  });
}
