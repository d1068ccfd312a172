import { type Dataset, matchLabels, softmax } from "@microexpnet/training";
import type { Model } from "microexpnet/internal";
import { CommandError } from "../errors.js";

/** What several models say together: the first one's classes, each model's say as much as any other's. */
export interface Committee {
  /** The first model, with the temperature at which the common logits are calibrated. */
  readonly model: Model;
  logits(dataset: Dataset): Promise<Float32Array>;
}

/**
 * Models as one: their calibrated probabilities are averaged, as when they teach together. A single model stays
 * as it is.
 *
 * @param logitsOf count * labels.length logits of a model on a data set
 * @throws CommandError where their classes are not the same
 */
export function committeeOf(
  models: readonly Model[],
  logitsOf: (model: Model, dataset: Dataset) => Promise<Float32Array>,
): Committee {
  const [first] = models;
  if (models.length === 1) return { model: first, logits: (dataset) => logitsOf(first, dataset) };
  const { labels } = first;
  const orders = models.map((model) => {
    const { toModel, missingInModel } = matchLabels(model.labels, labels);
    if (missingInModel.length > 0 || model.labels.length !== labels.length) {
      throw new CommandError("Models that answer together must have the same classes.");
    }
    return toModel;
  });
  return {
    model: { ...first, calibration: { ...first.calibration, temperature: 1 } },
    async logits(dataset) {
      const sum = new Float64Array(dataset.count * labels.length);
      for (const [m, model] of models.entries()) {
        const own = softmax(await logitsOf(model, dataset), labels.length, model.calibration.temperature);
        for (let i = 0; i < sum.length; i++) {
          const column = i % labels.length;
          sum[i] += own[i - column + orders[m][column]];
        }
      }
      // Kept above 0, whose logarithm is no number.
      return Float32Array.from(sum, (value) => Math.log(Math.max(value / models.length, 1e-30)));
    },
  };
}
