import type { Dataset } from "@microexpnet/training";

/** Images on whose class a share of their annotators agreed, above `from` and at most `to`, and how often it was found. */
export interface AgreementBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Share of the images that were answered rightly, 0..1; 0 where there are none. */
  readonly accuracy: number;
}

/** From faces on which most annotators say something else than their class to nearly unanimous ones. */
const borders = [0, 0.5, 0.7, 0.9, 1];

/** Shares are kept in float32, so that seven tenths are a little more than 0.7. */
const slack = 1e-6;

/**
 * How an accuracy comes about, by how far the annotators agreed: where they do not, no answer can be relied on.
 *
 * @param isRight whether the image of an index was answered rightly
 * @returns nothing where the data has no votes
 */
export function accuracyByAgreement(
  { count, labels, classes, votes }: Pick<Dataset, "count" | "labels" | "classes" | "votes">,
  isRight: (image: number) => boolean,
): AgreementBin[] | undefined {
  if (!votes) return undefined;
  const bins = borders.slice(1).map((to, i) => ({ from: borders[i], to, count: 0, right: 0 }));
  for (let image = 0; image < count; image++) {
    const share = votes[image * labels.length + classes[image]];
    const bin = bins.find(({ to }) => share <= to + slack) ?? bins[bins.length - 1];
    bin.count++;
    if (isRight(image)) bin.right++;
  }
  return bins.map(({ right, ...bin }) => ({ ...bin, accuracy: bin.count > 0 ? right / bin.count : 0 }));
}
