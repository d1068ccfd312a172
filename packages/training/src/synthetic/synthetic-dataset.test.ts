import { describe, expect, it } from "vitest";
import type { Dataset } from "../data/dataset.js";
import { drawSyntheticFace } from "./face.js";
import { drawSyntheticDataset } from "./synthetic-dataset.js";

const picture = ({ pixels, size }: Dataset, index: number) =>
  pixels.subarray(index * size * size, (index + 1) * size * size);

describe("drawSyntheticDataset", () => {
  const small = drawSyntheticDataset({ subjects: 3, imagesPerSubject: 4, size: 32, seed: 6 });

  it("has the eight labels, subjects and no splits, votes or paths", () => {
    expect(small.name).toBe("synthetic");
    expect(small.labels).toEqual([
      "neutral",
      "happiness",
      "surprise",
      "sadness",
      "anger",
      "disgust",
      "fear",
      "contempt",
    ]);
    expect(small.count).toBe(12);
    expect([...small.subjects!]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    expect(small.pixels).toHaveLength(12 * 32 * 32);
    expect(small.pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect([small.splits, small.votes, small.paths]).toEqual([undefined, undefined, undefined]);
  });

  it("makes picture i of person s from the seed, s and i alone", () => {
    const larger = drawSyntheticDataset({ subjects: 4, imagesPerSubject: 6, size: 32, seed: 6 });
    for (let subject = 0; subject < 3; subject++) {
      for (let image = 0; image < 4; image++) {
        const [inSmall, inLarger] = [subject * 4 + image, subject * 6 + image];
        const alone = drawSyntheticFace({ seed: 6, subject, image, size: 32 });
        expect(picture(larger, inLarger)).toEqual(picture(small, inSmall));
        expect([...picture(small, inSmall)]).toEqual([...alone.pixels]);
        expect(small.labels[small.classes[inSmall]]).toBe(alone.expression);
        expect(larger.classes[inLarger]).toBe(small.classes[inSmall]);
      }
    }
    const other = drawSyntheticDataset({ subjects: 3, imagesPerSubject: 4, size: 32, seed: 7 });
    expect(other.pixels).not.toEqual(small.pixels);
  });

  it("balances the classes, within each person too", () => {
    const { classes } = drawSyntheticDataset({ subjects: 3, imagesPerSubject: 16, size: 16 });
    for (let subject = 0; subject < 3; subject++) {
      const counts = new Array(8).fill(0);
      for (const label of classes.subarray(subject * 16, subject * 16 + 16)) counts[label]++;
      expect(counts).toEqual([2, 2, 2, 2, 2, 2, 2, 2]);
    }
    const uneven = drawSyntheticDataset({ subjects: 8, imagesPerSubject: 3, size: 16 });
    const counts = new Array(8).fill(0);
    for (const label of uneven.classes) counts[label]++;
    expect(counts).toEqual([3, 3, 3, 3, 3, 3, 3, 3]);
  });

  it("tells how far it is after each person", () => {
    const seen: [number, number][] = [];
    drawSyntheticDataset({
      subjects: 2,
      imagesPerSubject: 3,
      size: 16,
      onProgress: (done, total) => seen.push([done, total]),
    });
    expect(seen).toEqual([
      [3, 6],
      [6, 6],
    ]);
  });

  it("refuses numbers that it cannot use", () => {
    expect(() => drawSyntheticDataset({ subjects: 0 })).toThrow(/number of subjects .* not 0/);
    expect(() => drawSyntheticDataset({ imagesPerSubject: 1.5 })).toThrow(RangeError);
    expect(() => drawSyntheticDataset({ size: 8 })).toThrow(/size/);
  });

  it("holds expressions that a plain classifier reads on new people, but not all of them", () => {
    const accuracy = nearestMeanAccuracy(drawSyntheticDataset({ subjects: 60, imagesPerSubject: 16 }), 45);
    // Chance is 0.125.
    expect(accuracy).toBeGreaterThan(0.28);
    expect(accuracy).toBeLessThan(0.95);
  });
});

/** Accuracy on the other people of the nearest class mean, each weighed by the spread within the classes. */
function nearestMeanAccuracy(dataset: Dataset, trainingSubjects: number): number {
  const features = Array.from({ length: dataset.count }, (_, i) => slopes(picture(dataset, i), dataset.size));
  const length = features[0].length;
  const means = dataset.labels.map(() => new Float64Array(length));
  const counts = dataset.labels.map(() => 0);
  const isTraining = (i: number) => dataset.subjects![i] < trainingSubjects;
  for (const [i, feature] of features.entries()) {
    if (!isTraining(i)) continue;
    counts[dataset.classes[i]]++;
    for (let k = 0; k < length; k++) means[dataset.classes[i]][k] += feature[k];
  }
  for (const [c, mean] of means.entries()) for (let k = 0; k < length; k++) mean[k] /= counts[c];
  const spread = new Float64Array(length);
  for (const [i, feature] of features.entries()) {
    if (!isTraining(i)) continue;
    for (let k = 0; k < length; k++) spread[k] += (feature[k] - means[dataset.classes[i]][k]) ** 2;
  }
  let right = 0;
  let tested = 0;
  for (const [i, feature] of features.entries()) {
    if (isTraining(i)) continue;
    const distances = means.map((mean) => {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += (feature[k] - mean[k]) ** 2 / spread[k];
      return sum;
    });
    if (distances.indexOf(Math.min(...distances)) === dataset.classes[i]) right++;
    tested++;
  }
  return right / tested;
}

/** Grey slopes down the rows, over the picture's contrast, of brows, eyes and mouth in blocks of 4 x 4. */
function slopes(pixels: Uint8Array, size: number): Float64Array {
  const side = size / 4;
  const blocks = new Float64Array(side * side);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) blocks[(y >> 2) * side + (x >> 2)] += pixels[y * size + x] / 16;
  }
  const result: number[] = [];
  for (let y = 3; y < side - 1; y++) {
    for (let x = 3; x < side - 3; x++) result.push(blocks[(y + 1) * side + x] - blocks[y * side + x]);
  }
  const norm = Math.sqrt(result.reduce((sum, slope) => sum + slope * slope, 0)) + 1;
  return Float64Array.from(result, (slope) => slope / norm);
}
