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

/** A shared byte array of a given length. */
export const sharedBytes = (length: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(length));

/** A shared float array of a given length. */
export const sharedFloats = (length: number): Float32Array =>
  new Float32Array(new SharedArrayBuffer(length * 4));
