import { covered, type Detection, type Landmarks, overlap } from "./detection.js";
import type { Box, Point } from "./picture.js";

/** Share of the smaller of two boxes that the other covers, from which one is no face of its own. */
const mostlyCovered = 0.5;

/** Mean of numbers with weights. */
function mean<T>(items: readonly T[], weights: readonly number[], value: (item: T) => number): number {
  let sum = 0;
  let total = 0;
  items.forEach((item, i) => {
    sum += weights[i] * value(item);
    total += weights[i];
  });
  return sum / total;
}

/** The mean of detections of one face, each weighted by its score; the score is that of the first. */
function merge(group: readonly Detection[]): Detection {
  const weights = group.map(({ score }) => score);
  const box = [0, 1, 2, 3].map((i) => mean(group, weights, (item) => item.box[i])) as unknown as Box;
  if (!group.every(({ landmarks }) => landmarks)) return { box, score: group[0].score };
  const point = (name: keyof Landmarks): Point => [
    mean(group, weights, (item) => item.landmarks![name][0]),
    mean(group, weights, (item) => item.landmarks![name][1]),
  ];
  const landmarks: Landmarks = {
    leftEye: point("leftEye"),
    rightEye: point("rightEye"),
    nose: point("nose"),
    mouth: point("mouth"),
    leftEar: point("leftEar"),
    rightEar: point("rightEar"),
  };
  return { box, score: group[0].score, landmarks };
}

/**
 * Weighted non-maximum suppression (Bazarevsky et al. 2019, section 4): the surest detection takes all that
 * overlap it by more than `threshold` (intersection over union) and becomes their mean, weighted by score;
 * then the surest of those left, and so on. Means instead of maxima make boxes tremble less from frame to frame.
 *
 * A detection that lies mostly within a surer one, or around it, is dropped: a part of a face that looks like one.
 *
 * @returns the surest first
 */
export function suppress(detections: readonly Detection[], threshold = 0.3): Detection[] {
  let left = [...detections].sort((a, b) => b.score - a.score);
  const result: Detection[] = [];
  while (left.length > 0) {
    const [first] = left;
    const isSame = (other: Detection) => other === first || overlap(first.box, other.box) > threshold;
    result.push(merge(left.filter(isSame)));
    left = left.filter((other) => !isSame(other) && covered(first.box, other.box) < mostlyCovered);
  }
  return result;
}
