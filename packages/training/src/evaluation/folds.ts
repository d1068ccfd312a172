import type { Dataset } from "../data/dataset.js";
import { createRandom, type Random, shuffledIndices } from "../random.js";

/** Says in one sentence why images cannot be split as asked. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** How training and test images are kept apart. */
export type Protocol = "subject-independent" | "random-leaking";

/** Indices of a data set's images, ascending. */
export interface Fold {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** Every image is in the test part of exactly one fold and in the training part of all others. */
export interface ProtocolFolds {
  readonly protocol: Protocol;
  readonly folds: readonly Fold[];
}

type SplitDataset = Pick<Dataset, "name" | "labels" | "count" | "classes" | "subjects">;

/**
 * k folds in which no person is on both sides, alike in their number of images and, as far as the persons
 * allow it, in their classes. The same seed gives the same folds.
 *
 * The persons, those with most images first and in random order among equals, each go to the fold that
 * grows least in sum over classes of (images / images in all)^2, the number of images counting as one
 * class more.
 * @param k number of folds, 2 or more.
 * @throws ProtocolError when the data set does not know the person of every image or has fewer than k.
 */
export function foldsBySubject(dataset: SplitDataset, k: number, seed: number): ProtocolFolds {
  requireFoldCount(k);
  const subjects = requireSubjects(dataset);
  const classes = dataset.labels.length;
  const counts = countBySubject(dataset, subjects);
  if (counts.size < k) {
    throw new ProtocolError(
      `The data set "${dataset.name}" has ${counts.size} subjects, too few for ${k} folds by subject.`,
    );
  }
  const totals = new Float64Array(classes + 1);
  for (const own of counts.values()) for (let c = 0; c <= classes; c++) totals[c] += own[c];

  const filled = Array.from({ length: k }, () => new Float64Array(classes + 1));
  const foldOf = new Map<number, number>();
  for (const subject of subjectOrder(counts, createRandom(seed, "folds by subject"))) {
    const own = counts.get(subject)!;
    const fold = leastGrowth(filled, own, totals);
    for (let c = 0; c <= classes; c++) filled[fold][c] += own[c];
    foldOf.set(subject, fold);
  }
  const folds = foldsFrom(dataset.count, k, (image) => foldOf.get(subjects[image])!);
  for (const { train, test } of folds) assertSubjectIndependent(dataset, train, test);
  return { protocol: "subject-independent", folds };
}

/**
 * k folds of images drawn at random, whoever is on them. Images of one person come to lie on both sides,
 * so that figures from these folds are too good for faces never seen; they only serve to show how much.
 * @param k number of folds, 2 or more.
 * @throws ProtocolError when there are fewer images than folds.
 */
export function randomSplitFolds(dataset: SplitDataset, k: number, seed: number): ProtocolFolds {
  requireFoldCount(k);
  if (dataset.count < k) {
    throw new ProtocolError(
      `The data set "${dataset.name}" has ${dataset.count} images, too few for ${k} folds.`,
    );
  }
  const foldOf = new Int32Array(dataset.count);
  for (const [place, image] of shuffledIndices(dataset.count, createRandom(seed, "random folds")).entries()) {
    foldOf[image] = place % k;
  }
  return { protocol: "random-leaking", folds: foldsFrom(dataset.count, k, (image) => foldOf[image]) };
}

/**
 * The split that a protocol's name stands for; folds by subject unless the leaking one is asked for by its
 * full name.
 * @throws ProtocolError for any other name.
 */
export function splitForProtocol(
  name: string = "subject-independent",
): (dataset: SplitDataset, k: number, seed: number) => ProtocolFolds {
  if (name === "subject-independent") return foldsBySubject;
  if (name === "random-leaking") return randomSplitFolds;
  throw new ProtocolError(
    `There is no protocol "${name}"; there is "subject-independent", and "random-leaking", which puts one person on both sides of a split.`,
  );
}

/**
 * Makes sure that no person has images on both sides of a split.
 * @param train indices of images. @param test indices of images.
 * @throws ProtocolError that names a shared person, or when a person is not known, which could be anyone.
 */
export function assertSubjectIndependent(
  dataset: SplitDataset,
  train: ArrayLike<number>,
  test: ArrayLike<number>,
): void {
  const subjects = requireSubjects(dataset, [train, test]);
  const trained = new Set<number>();
  for (let i = 0; i < train.length; i++) trained.add(subjects[train[i]]);
  for (let i = 0; i < test.length; i++) {
    const subject = subjects[test[i]];
    if (trained.has(subject)) {
      throw new ProtocolError(
        `Subject ${subject} of "${dataset.name}" has images on both sides of the split; ask for "random-leaking" by name if that is meant.`,
      );
    }
  }
}

function requireFoldCount(k: number): void {
  if (!Number.isInteger(k) || k < 2) {
    throw new ProtocolError(`The number of folds must be a whole number of at least 2, not ${k}.`);
  }
}

/** The person of each image, refused where one of the asked images (all by default) has none. */
function requireSubjects(dataset: SplitDataset, parts?: readonly ArrayLike<number>[]): Int32Array {
  const { name, subjects } = dataset;
  if (!subjects?.some((subject) => subject >= 0)) {
    throw new ProtocolError(
      `The data set "${name}" does not know its subjects, so it cannot be split by them.`,
    );
  }
  let unknown = 0;
  for (const part of parts ?? [Array.from(subjects.keys())]) {
    for (let i = 0; i < part.length; i++) if (!(subjects[part[i]] >= 0)) unknown++;
  }
  if (unknown > 0) {
    throw new ProtocolError(
      `The subject of ${unknown} images of "${name}" is not known, so they cannot be split by subject; leave them out first.`,
    );
  }
  return subjects;
}

/** Images of each person by class, and in the last place in all. */
function countBySubject(dataset: SplitDataset, subjects: Int32Array): Map<number, Float64Array> {
  const classes = dataset.labels.length;
  const counts = new Map<number, Float64Array>();
  for (let image = 0; image < dataset.count; image++) {
    let own = counts.get(subjects[image]);
    if (!own) {
      own = new Float64Array(classes + 1);
      counts.set(subjects[image], own);
    }
    own[dataset.classes[image]]++;
    own[classes]++;
  }
  return counts;
}

/** The persons with most images first, shuffled among equals. */
function subjectOrder(counts: ReadonlyMap<number, Float64Array>, random: Random): number[] {
  const subjects = [...counts.keys()].sort((a, b) => a - b);
  const size = (subject: number) => counts.get(subject)!.at(-1)!;
  return Array.from(shuffledIndices(subjects.length, random), (i) => subjects[i]).sort(
    (a, b) => size(b) - size(a),
  );
}

function leastGrowth(filled: readonly Float64Array[], own: Float64Array, totals: Float64Array): number {
  let best = 0;
  let least = Infinity;
  for (const [fold, held] of filled.entries()) {
    let growth = 0;
    for (let c = 0; c < own.length; c++) {
      // (held + own)^2 - held^2 without own^2, which is the same for every fold.
      if (own[c] > 0) growth += (2 * held[c] * own[c]) / (totals[c] * totals[c]);
    }
    if (growth < least) {
      least = growth;
      best = fold;
    }
  }
  return best;
}

function foldsFrom(count: number, k: number, foldOf: (image: number) => number): Fold[] {
  const parts = Array.from({ length: k }, () => ({ train: [] as number[], test: [] as number[] }));
  for (let image = 0; image < count; image++) {
    const own = foldOf(image);
    for (const [fold, part] of parts.entries()) (fold === own ? part.test : part.train).push(image);
  }
  return parts.map(({ train, test }) => ({ train: Int32Array.from(train), test: Int32Array.from(test) }));
}
