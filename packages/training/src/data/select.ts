import { createRandom, shuffledIndices } from "../random.js";
import { type Dataset, type Split, sharedBytes, sharedFloats } from "./dataset.js";
import { DatasetError } from "./dataset-error.js";

/**
 * A data set of the given images in the given order, with copies of everything, so that the original may be
 * let go. An image may be taken more than once. Class and subject indices keep their meaning.
 * @throws RangeError for an index that is not a whole number in 0 .. count - 1.
 */
export function selectImages(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const { labels, size, votes, subjects, splits, paths } = dataset;
  const count = indices.length;
  const area = size * size;
  const pixels = sharedBytes(count * area);
  const classes = sharedBytes(count);
  const selectedVotes = votes && sharedFloats(count * labels.length);
  const selectedSubjects = subjects && new Int32Array(new SharedArrayBuffer(count * 4));
  for (let to = 0; to < count; to++) {
    const from = indices[to];
    if (!Number.isInteger(from) || from < 0 || from >= dataset.count) {
      throw new RangeError(`${dataset.name} has ${dataset.count} images, so none of index ${from}.`);
    }
    pixels.set(dataset.pixels.subarray(from * area, (from + 1) * area), to * area);
    classes[to] = dataset.classes[from];
    if (votes) {
      selectedVotes?.set(
        votes.subarray(from * labels.length, (from + 1) * labels.length),
        to * labels.length,
      );
    }
    if (subjects && selectedSubjects) selectedSubjects[to] = subjects[from];
  }
  const pick = <T>(values: readonly T[]): T[] => Array.from(indices, (index) => values[index]);
  return {
    name: dataset.name,
    labels: [...labels],
    count,
    size,
    pixels,
    classes,
    ...(selectedVotes && { votes: selectedVotes }),
    ...(selectedSubjects && { subjects: selectedSubjects }),
    ...(splits && { splits: pick(splits) }),
    ...(paths && { paths: pick(paths) }),
    ...(dataset.problems && { problems: [...dataset.problems] }),
  };
}

/**
 * Indices, rising, of the images of one of the data set's own splits, or of all images.
 * Empty where the data set has no such images, and for a data set without splits of its own.
 */
export function splitIndices(dataset: Dataset, split: Split | "all"): Int32Array {
  const all = Int32Array.from({ length: dataset.count }, (_, index) => index);
  return split === "all" ? all : all.filter((index) => dataset.splits?.[index] === split);
}

/** Images kept for training and images held out, both rising. */
export interface HeldOut {
  readonly train: Int32Array;
  readonly valid: Int32Array;
  /** "subject": no person is on both sides. "class": drawn by chance within each class, so persons may be. */
  readonly by: "subject" | "class";
  /** One sentence that says how the split was made, for logs and reports. */
  readonly note: string;
}

/** Draws whole subjects for as long as each brings the held-out images nearer to the wanted number. */
function drawSubjects(subjects: Int32Array, share: number, seed: number): Set<number> {
  const imagesOf = new Map<number, number>();
  for (const subject of subjects) {
    if (subject >= 0) imagesOf.set(subject, (imagesOf.get(subject) ?? 0) + 1);
  }
  const known = [...imagesOf.keys()].sort((a, b) => a - b);
  const order = shuffledIndices(known.length, createRandom(seed, "hold out by subject"));
  const wanted = share * [...imagesOf.values()].reduce((sum, images) => sum + images, 0);
  const drawn = new Set<number>();
  let images = 0;
  for (const position of order) {
    if (drawn.size === known.length - 1) break;
    const more = imagesOf.get(known[position])!;
    if (drawn.size > 0 && Math.abs(images + more - wanted) >= Math.abs(images - wanted)) continue;
    drawn.add(known[position]);
    images += more;
  }
  return drawn;
}

/** Draws the share of each class, at least one image of each class that has two. */
function drawByClass(dataset: Dataset, share: number, seed: number): Set<number> {
  const drawn = new Set<number>();
  for (let label = 0; label < dataset.labels.length; label++) {
    const members: number[] = [];
    for (let index = 0; index < dataset.count; index++) {
      if (dataset.classes[index] === label) members.push(index);
    }
    const order = shuffledIndices(members.length, createRandom(seed, "hold out by class", label));
    const wanted = Math.min(Math.max(Math.round(share * members.length), 1), members.length - 1);
    for (const position of order.subarray(0, Math.max(wanted, 0))) drawn.add(members[position]);
  }
  return drawn;
}

/**
 * Holds out about the given share of the images for validation: whole subjects where subjects are known,
 * else a share of each class, which `by` and `note` say. Images whose subject is not known, in a data set
 * where others' are, stay in training. The same seed gives the same images.
 * @param share above 0 and below 1.
 * @throws RangeError for another share; DatasetError when only one subject is known, or no image is left for a side.
 */
export function holdOutBySubject(dataset: Dataset, share: number, seed: number): HeldOut {
  if (!(share > 0 && share < 1)) {
    throw new RangeError(`The held-out share must be above 0 and below 1, and is ${share}.`);
  }
  const { subjects } = dataset;
  const known = new Set(subjects?.filter((subject) => subject >= 0));
  const sides = (isHeldOut: (index: number) => boolean) => {
    const all = splitIndices(dataset, "all");
    const train = all.filter((index) => !isHeldOut(index));
    const valid = all.filter((index) => isHeldOut(index));
    if (train.length === 0 || valid.length === 0) {
      throw new DatasetError(`${dataset.name} has too few images (${dataset.count}) to hold any out.`);
    }
    return { train, valid };
  };
  if (subjects && known.size > 0) {
    if (known.size === 1) {
      throw new DatasetError(`${dataset.name} shows one subject only, so no subject can be held out.`);
    }
    const drawn = drawSubjects(subjects, share, seed);
    const unknown = subjects.filter((subject) => subject < 0).length;
    const rest = unknown > 0 ? `; ${unknown} images of unknown subjects stay in training` : "";
    return {
      ...sides((index) => drawn.has(subjects[index])),
      by: "subject",
      note: `${drawn.size} of ${known.size} subjects were held out for validation${rest}.`,
    };
  }
  const drawn = drawByClass(dataset, share, seed);
  return {
    ...sides((index) => drawn.has(index)),
    by: "class",
    note: `${dataset.name} names no subjects, so a share of each class was held out by chance and one person may be on both sides.`,
  };
}
