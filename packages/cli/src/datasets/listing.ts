import type { Split } from "@microexpnet/training";

/** One image that a data set names, not yet decoded. */
export interface ListedImage {
  /** Where the file lies. */
  readonly file: string;
  /** Its path as messages and reports show it, relative to the data set. */
  readonly path: string;
  /** Index into the listing's labels. */
  readonly class: number;
  /** The person's name, where known. */
  readonly subject?: string;
  /** The data set's own split; either all images of a listing have one or none. */
  readonly split?: Split;
  /** One value a label that sum to 1; either all images of a listing have them or none. */
  readonly votes?: readonly number[];
}

/** What a data set holds by its folders, file names and label files. */
export interface Listing {
  readonly labels: readonly string[];
  readonly images: readonly ListedImage[];
  /** What was left out already, one sentence each. */
  readonly problems: readonly string[];
}

/** "1 image", "2 images". */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** One sentence for files that were passed over, or none where there are none; `why` as in "in no class folder". */
export function passedOver(files: readonly string[], why: string): string[] {
  if (files.length === 0) return [];
  const were = files.length === 1 ? "was" : "were";
  const names = files.length > 1 ? `${files[0]}, ...` : files[0];
  return [`${counted(files.length, "file")} ${were} passed over: ${why} (${names}).`];
}
