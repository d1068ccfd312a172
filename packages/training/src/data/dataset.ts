/**
 * Labelled faces in memory. Every image is a grey square of one size, which the views (crops, augmentation)
 * are later drawn from. Arrays are backed by SharedArrayBuffer so that workers read them without a copy.
 */
export type Split = "train" | "valid" | "test";

export interface Dataset {
  /** The kind and where it came from, for messages and reports, for example "ferplus:faces". */
  readonly name: string;
  /** Class names in the data set's own words, in its own order. */
  readonly labels: readonly string[];
  /** Number of images. */
  readonly count: number;
  /** Side of the square images in pixels. */
  readonly size: number;
  /** count * size * size grey bytes 0..255, image after image, row after row. */
  readonly pixels: Uint8Array;
  /** Index into `labels` of each image. */
  readonly classes: Uint8Array;
  /** Annotators' votes as a distribution, count * labels.length values that sum to 1 per image, where known. */
  readonly votes?: Float32Array;
  /** Index of the person of each image, where known; -1 for an image whose person is not known. */
  readonly subjects?: Int32Array;
  /** The data set's own split of each image, where it has one. */
  readonly splits?: readonly Split[];
  /** Where each image came from, for messages; absent for drawn faces. */
  readonly paths?: readonly string[];
  /** Images that could not be read or were left out, each with one sentence. */
  readonly problems?: readonly string[];
}

/**
 * Share of each class in a data set.
 *
 * @returns labels.length values that sum to 1
 */
export function classShares({ labels, count, classes }: Dataset): number[] {
  const sums = new Array<number>(labels.length).fill(0);
  for (let image = 0; image < count; image++) sums[classes[image]]++;
  return sums.map((sum) => sum / count);
}

/**
 * What the images would be called without their class: [i][k] is the share of all images that are of class i and have
 * k as the class with the next most votes, in equal parts where several have as many. An image with votes for its
 * own class alone counts nowhere.
 *
 * @returns labels.length rows of labels.length values, whose diagonal is 0; nothing without votes
 */
export function runnerUpShares({ labels, count, classes, votes }: Dataset): number[][] | undefined {
  if (!votes) return undefined;
  const shares = labels.map(() => new Array<number>(labels.length).fill(0));
  for (let image = 0; image < count; image++) {
    const own = classes[image];
    const others = Array.from(labels, (_, k) => (k === own ? 0 : votes[image * labels.length + k]));
    const most = Math.max(...others);
    if (most === 0) continue;
    const tied = others.filter((share) => share === most).length;
    for (const [k, share] of others.entries()) if (share === most) shares[own][k] += 1 / tied / count;
  }
  return shares;
}

/** A shared byte array of a given length. */
export const sharedBytes = (length: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(length));

/** A shared float array of a given length. */
export const sharedFloats = (length: number): Float32Array =>
  new Float32Array(new SharedArrayBuffer(length * 4));
