import { type Dataset, DatasetError, sharedBytes, sharedFloats } from "@microexpnet/training";
import { forEachConcurrently } from "./concurrency.js";
import type { LoadContext } from "./dataset-kind.js";
import { decodeGreySquare, ImageError } from "./image.js";
import type { ListedImage, Listing } from "./listing.js";

/** Side of the images where they have no common small size. */
export const usualSize = 96;
/** Images decoded at a time; more gain nothing and hold more memory. */
const concurrency = 4;
const progressEvery = 32;

/** The images' own size if the first readable one is a small square, to be confirmed by all others. */
async function likelySize(images: readonly ListedImage[], signal?: AbortSignal): Promise<number> {
  for (const { file } of images) {
    signal?.throwIfAborted();
    try {
      const { width, height } = await decodeGreySquare(file, usualSize);
      return width === height && width < usualSize ? width : usualSize;
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
    }
  }
  return usualSize;
}

/** Thrown to stop decoding at the likely size when an image of another size is met. */
class OtherSize extends Error {}

interface Decoded {
  readonly size: number;
  /** Images in their places; those of images that could not be read are left zero. */
  readonly pixels: Uint8Array;
  /** Sentence for each image that could not be read, by its index. */
  readonly failures: ReadonlyMap<number, string>;
}

function allocate(name: string, count: number, size: number): Uint8Array {
  try {
    return sharedBytes(count * size * size);
  } catch {
    const gigabytes = ((count * size * size) / 1e9).toFixed(1);
    throw new DatasetError(
      `${name}: ${count} images of ${size}x${size} pixels need ${gigabytes} GB of memory, which cannot be had.`,
    );
  }
}

async function decodeAll(
  name: string,
  images: readonly ListedImage[],
  size: number,
  mustHaveSize: boolean,
  { onProgress, signal }: LoadContext,
): Promise<Decoded> {
  const pixels = allocate(name, images.length, size);
  const failures = new Map<number, string>();
  let done = 0;
  const decodeOne = async (index: number) => {
    try {
      const image = await decodeGreySquare(images[index].file, size);
      if (mustHaveSize && (image.width !== size || image.height !== size)) throw new OtherSize();
      pixels.set(image.pixels, index * size * size);
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      failures.set(index, `${images[index].path} ${error.message}.`);
    }
    done++;
    if (done % progressEvery === 0 || done === images.length) {
      onProgress?.(done, images.length, "reading images");
    }
  };
  await forEachConcurrently(images.length, concurrency, decodeOne, signal);
  return { size, pixels, failures };
}

async function decodeAtBestSize(
  name: string,
  images: readonly ListedImage[],
  context: LoadContext,
): Promise<Decoded> {
  if (context.size !== undefined) return decodeAll(name, images, context.size, false, context);
  const size = await likelySize(images, context.signal);
  try {
    return await decodeAll(name, images, size, size !== usualSize, context);
  } catch (error) {
    if (!(error instanceof OtherSize)) throw error;
    return decodeAll(name, images, usualSize, false, context);
  }
}

/** Moves the kept images to the front, in a buffer of just their size. */
function keepOnly(pixels: Uint8Array, kept: readonly number[], area: number): Uint8Array {
  if (kept.length * area === pixels.length) return pixels;
  const result = sharedBytes(kept.length * area);
  for (const [to, from] of kept.entries()) {
    result.set(pixels.subarray(from * area, (from + 1) * area), to * area);
  }
  return result;
}

function subjectIndices(images: readonly ListedImage[]): Int32Array | undefined {
  if (!images.some(({ subject }) => subject !== undefined)) return undefined;
  const indexOf = new Map<string, number>();
  const indices = new Int32Array(new SharedArrayBuffer(images.length * 4)).fill(-1);
  for (const [i, { subject }] of images.entries()) {
    if (subject === undefined) continue;
    if (!indexOf.has(subject)) indexOf.set(subject, indexOf.size);
    indices[i] = indexOf.get(subject)!;
  }
  return indices;
}

/** Labels that were named for some image, but for none that could be read. */
function lostLabels({ labels, images }: Listing, kept: readonly ListedImage[]): string[] {
  const left = new Set(kept.map((image) => image.class));
  const lost = new Set(images.map((image) => image.class).filter((label) => !left.has(label)));
  return [...lost].map((label) => `No image of the class ${labels[label]} could be read.`);
}

/**
 * Decodes the images of a listing, four at a time. An image that cannot be read is left out and gets a
 * sentence in `problems`.
 * @throws DatasetError when no image can be read.
 */
export async function decodeListing(name: string, listing: Listing, context: LoadContext): Promise<Dataset> {
  const { images, labels } = listing;
  if (labels.length > 256) {
    throw new DatasetError(`${name} has ${labels.length} classes, and at most 256 can be told apart.`);
  }
  const { size, pixels, failures } = await decodeAtBestSize(name, images, context);
  const kept = images.map((_, index) => index).filter((index) => !failures.has(index));
  const sentences = [...failures].sort(([a], [b]) => a - b).map(([, sentence]) => sentence);
  if (kept.length === 0) {
    const example = sentences.length > 0 ? `, for example: ${sentences[0]}` : ".";
    throw new DatasetError(`${name}: none of the ${images.length} images it names can be read${example}`);
  }
  const keptImages = kept.map((index) => images[index]);
  const classes = sharedBytes(kept.length);
  classes.set(keptImages.map((image) => image.class));
  const subjects = subjectIndices(keptImages);
  const hasVotes = keptImages[0].votes !== undefined;
  const votes = hasVotes ? sharedFloats(kept.length * labels.length) : undefined;
  if (votes) {
    for (const [index, image] of keptImages.entries()) votes.set(image.votes!, index * labels.length);
  }
  return {
    name,
    labels,
    count: kept.length,
    size,
    pixels: keepOnly(pixels, kept, size * size),
    classes,
    ...(votes && { votes }),
    ...(subjects && { subjects }),
    ...(keptImages[0].split && { splits: keptImages.map(({ split }) => split!) }),
    paths: keptImages.map(({ path }) => path),
    problems: [...listing.problems, ...sentences, ...lostLabels(listing, keptImages)],
  };
}
