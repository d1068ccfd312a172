import { type Dataset, matchLabels, softmax } from "@microexpnet/training";
import type { Model } from "microexpnet/internal";
import { CommandError } from "../errors.js";

/** A model that sees the images in one manner, for example mirrored. */
export interface Member {
  readonly model: Model;
  /** The model's logits: count * labels.length values. */
  logits(dataset: Dataset): Promise<Float32Array>;
}

/**
 * Members as one: their calibrated probabilities are averaged, as when they teach together. A single one stays
 * as it is.
 *
 * @returns the first one's model, with the temperature at which the common logits are calibrated
 * @throws CommandError where their classes are not the same
 */
export function committeeOf(members: readonly Member[]): Member {
  const [first] = members;
  if (members.length === 1) return first;
  const { labels } = first.model;
  const orders = members.map(({ model }) => {
    const { toModel, missingInModel } = matchLabels(model.labels, labels);
    if (missingInModel.length > 0 || model.labels.length !== labels.length) {
      throw new CommandError("Models that answer together must have the same classes.");
    }
    return toModel;
  });
  return {
    model: { ...first.model, calibration: { ...first.model.calibration, temperature: 1 } },
    async logits(dataset) {
      const sum = new Float64Array(dataset.count * labels.length);
      for (const [m, member] of members.entries()) {
        const { temperature } = member.model.calibration;
        const own = softmax(await member.logits(dataset), labels.length, temperature);
        for (let i = 0; i < sum.length; i++) {
          const column = i % labels.length;
          sum[i] += own[i - column + orders[m][column]];
        }
      }
      // Kept above 0, whose logarithm is no number.
      return Float32Array.from(sum, (value) => Math.log(Math.max(value / members.length, 1e-30)));
    },
  };
}
