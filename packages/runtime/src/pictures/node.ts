import { fileURLToPath } from "node:url";
import { type Picture, PictureError } from "../face/picture.js";
import { type ImageSource, pixelsOf } from "./image-source.js";

/** Larger pictures are refused, as four bytes a pixel must fit in memory. */
const pixelLimit = 64_000_000;

async function importSharp(): Promise<typeof import("sharp").default> {
  try {
    return (await import("sharp")).default;
  } catch (cause) {
    throw new PictureError(
      "Files are decoded by the package sharp, which is not installed; install it, or give raw pixels.",
      { cause },
    );
  }
}

/**
 * The pixels of a picture: as they are given, or decoded from a file by sharp, upright by its EXIF orientation.
 *
 * @throws PictureError with one sentence where that is not possible
 */
export async function readPicture(source: ImageSource, signal?: AbortSignal): Promise<Picture> {
  const pixels = pixelsOf(source);
  if (pixels) return pixels;
  if (!(typeof source === "string" || source instanceof URL || source instanceof Uint8Array)) {
    throw new PictureError("In Node a picture is a path, a file: URL, a file's bytes or pixels.");
  }
  const sharp = await importSharp();
  signal?.throwIfAborted();
  const input =
    source instanceof URL || /^file:/.test(String(source)) ? fileURLToPath(source as URL) : source;
  try {
    const { data, info } = await sharp(input as string | Uint8Array, { limitInputPixels: pixelLimit })
      .autoOrient()
      .flatten({ background: "#000000" })
      .toColourspace("srgb")
      .removeAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height, channels: info.channels as 1 | 3 };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    const what = typeof input === "string" ? input : "The picture";
    throw new PictureError(`${what} cannot be read (${reason}).`, { cause });
  }
}
