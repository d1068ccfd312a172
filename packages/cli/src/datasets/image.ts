import { readFile, stat } from "node:fs/promises";
import type { Picture } from "microexpnet";
import sharp, { type Sharp } from "sharp";
import { reasonOf } from "./files.js";

// Several pictures are decoded at a time and each once, so threads and a cache for each would only cost.
sharp.concurrency(1);
sharp.cache(false);

/** Larger pictures are left out: four at a time must fit in memory. */
const pixelLimit = 64_000_000;
/** Those that a decoder can read row by row may be larger, as they are made smaller on the way. */
const streamedPixelLimit = 500_000_000;
const byteLimit = 128 * 1024 * 1024;

/** Formats that are pixels; drawings such as SVG, which would be rendered, are not faces. */
const pixelFormats = new Set(["jpeg", "png", "webp", "gif", "tiff", "heif", "ppm"]);

/** Thrown when a file gives no image; the message ends a sentence that begins with the file's name. */
export class ImageError extends Error {
  override name = "ImageError";
}

/** A decoded image. */
export interface GreySquare {
  /** Width and height of the whole upright picture in pixels. */
  readonly width: number;
  readonly height: number;
  /** size * size grey bytes. */
  readonly pixels: Uint8Array;
}

/**
 * Grey by Rec. 601 luma of the gamma-coded sRGB values, rounded: (299 R + 587 G + 114 B + 500) / 1000, whole part.
 * Equal R, G and B give that value itself.
 * @param rgb three bytes a pixel, 0..255.
 */
export function luma(rgb: Uint8Array): Uint8Array {
  const grey = new Uint8Array(rgb.length / 3);
  for (let i = 0, j = 0; i < grey.length; i++, j += 3) {
    grey[i] = ((299 * rgb[j] + 587 * rgb[j + 1] + 114 * rgb[j + 2] + 500) / 1000) | 0;
  }
  return grey;
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    const stats = await stat(file);
    if (!stats.isFile()) throw new ImageError("is not a regular file");
    if (stats.size === 0) throw new ImageError("is empty");
    if (stats.size > byteLimit) throw new ImageError(`is larger than ${byteLimit / 1024 / 1024} MiB`);
    return await readFile(file);
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError(`cannot be read, because ${reasonOf(error)}`);
  }
}

/** Makes a sentence's end of what the decoder says. */
function imageErrorOf(error: unknown, limit = pixelLimit): ImageError {
  if (error instanceof ImageError) return error;
  const message = String((error as Error | undefined)?.message ?? error).split("\n")[0];
  if (/unsupported image format/i.test(message)) return new ImageError("is not an image of a known format");
  if (/pixel limit/i.test(message)) return new ImageError(`has more than ${limit / 1e6} million pixels`);
  return new ImageError(`is damaged (${message.replace(/[.\s]+$/, "")})`);
}

/** A picture in colour, made smaller where it is large. */
export interface DecodedPicture {
  readonly picture: Picture;
  /** Width and height of the whole upright picture in pixels, before it was made smaller. */
  readonly width: number;
  readonly height: number;
}

/**
 * Decodes an image file, turned upright by its EXIF orientation, its longer side reduced to `longest` pixels where it
 * is longer. Transparent parts become black; of an animation the first picture counts. Memory stays bounded:
 * pictures whose format can be read row by row may have up to 500 million pixels, others 64 million.
 *
 * @param source a path, or a file's bytes
 * @throws ImageError when the file gives no image.
 */
export async function decodePicture(source: string | Uint8Array, longest = 2048): Promise<DecodedPicture> {
  const bytes = typeof source === "string" ? await readBytes(source) : source;
  let limit = streamedPixelLimit;
  try {
    if (bytes.length === 0) throw new ImageError("is empty");
    const options = { failOn: "error", sequentialRead: true } as const;
    const about = await sharp(bytes, { ...options, limitInputPixels: limit }).metadata();
    if (!pixelFormats.has(about.format)) throw new ImageError(`is of the format ${about.format}, not pixels`);
    const { width, height } = about.autoOrient;
    const isStreamed = (about.format === "png" || about.format === "jpeg") && !about.isProgressive;
    if (!isStreamed || (about.orientation ?? 1) > 1) limit = pixelLimit;
    let image = sharp(bytes, { ...options, limitInputPixels: limit }).autoOrient();
    if (Math.max(width, height) > longest) image = image.resize(longest, longest, { fit: "inside" });
    if (about.hasAlpha) image = image.flatten({ background: "#000000" });
    const { data, info } = await image
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const { channels } = info;
    if (channels !== 1 && channels !== 3)
      throw new ImageError(`gave ${channels} channels in place of 1 or 3`);
    return { picture: { data, width: info.width, height: info.height, channels }, width, height };
  } catch (error) {
    throw imageErrorOf(error, limit);
  }
}

/** The largest centred square of a picture; of an odd remainder the greater half is cut at the right or bottom. */
const centredSquare = (width: number, height: number) => {
  const side = Math.min(width, height);
  return { left: (width - side) >> 1, top: (height - side) >> 1, width: side, height: side };
};

/** Resamples a grey or RGB square with Lanczos' kernel of three lobes. */
const resized = (image: Sharp, size: number) => image.resize(size, size, { fit: "fill", kernel: "lanczos3" });

/**
 * Decodes an image file to a grey square: turned upright by its EXIF orientation, the centre cropped to a
 * square, that resized to `size` x `size`, made grey by `luma`. A grey file's values are taken as they are.
 * Transparent parts become black. Of an animation the first picture counts.
 * @throws ImageError when the file gives no image.
 */
export async function decodeGreySquare(file: string, size: number): Promise<GreySquare> {
  const bytes = await readBytes(file);
  try {
    const options = { limitInputPixels: pixelLimit, failOn: "error" } as const;
    const about = await sharp(bytes, options).metadata();
    if (!pixelFormats.has(about.format)) throw new ImageError(`is of the format ${about.format}, not pixels`);
    const { width, height } = about.autoOrient;
    const isGrey = about.space === "b-w" || about.space === "grey16";
    let image = sharp(bytes, isGrey ? { ...options, ignoreIcc: true } : options);
    if ((about.orientation ?? 1) > 1) image = image.autoOrient();
    if (width !== height) image = image.extract(centredSquare(width, height));
    if (Math.min(width, height) !== size) image = resized(image, size);
    if (about.hasAlpha) image = image.flatten({ background: "#000000" });
    const raw = await image
      .toColourspace(isGrey ? "b-w" : "srgb")
      .raw({ depth: "uchar" })
      .toBuffer();
    const area = size * size;
    if (raw.length !== area && raw.length !== area * 3) {
      throw new ImageError(`gave ${raw.length} values in place of ${area} or ${area * 3}`);
    }
    return { width, height, pixels: raw.length === area ? raw : luma(raw) };
  } catch (error) {
    throw imageErrorOf(error);
  }
}

/** Resizes a grey square of `from` x `from` bytes to `to` x `to`, by the same kernel as image files. */
export async function resizeGreySquare(pixels: Uint8Array, from: number, to: number): Promise<Uint8Array> {
  if (from === to) return pixels;
  const image = sharp(pixels, { raw: { width: from, height: from, channels: 1 } });
  return resized(image, to).toColourspace("b-w").raw().toBuffer();
}
