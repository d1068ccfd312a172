import type { Picture } from "../face/picture.js";

/** Pixels as a canvas gives them: four channels. */
export interface PixelData {
  readonly data: Uint8ClampedArray | Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Anything with a picture in it: raw pixels or an `ImageData` anywhere; a canvas, a video or image element, an
 * `ImageBitmap`, a `VideoFrame` or a `Blob` in a browser; a path, a file: URL or a file's bytes in Node.
 */
export type ImageSource =
  | Picture
  | PixelData
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | HTMLImageElement
  | ImageBitmap
  | VideoFrame
  | Blob
  | string
  | URL
  | Uint8Array;

/** The picture, where the source is pixels already. */
export function pixelsOf(source: unknown): Picture | undefined {
  if (typeof source !== "object" || source === null || !("data" in source) || !("width" in source))
    return undefined;
  const { data, width, height, channels = 4 } = source as Picture;
  return { data, width, height, channels };
}
