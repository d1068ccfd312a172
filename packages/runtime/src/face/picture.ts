/** Thrown when pixels do not have the form that they claim. */
export class PictureError extends Error {
  override name = "PictureError";
}

/** Pixels, row after row, channels side by side; an `ImageData` of a canvas has this form but for `channels`. */
export interface Picture {
  /** height * width * channels bytes, gamma-coded sRGB or grey. */
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB, 4 RGBA, whose transparency is not looked at. */
  readonly channels: 1 | 3 | 4;
}

/** A rectangle in pixels of a picture; x and y are its left and upper edge. */
export type Box = readonly [x: number, y: number, width: number, height: number];

/** A point in pixels of a picture: pixel (0, 0) covers 0..1. */
export type Point = readonly [x: number, y: number];

const longestSide = 32767;

/** @throws PictureError with one sentence where a size is wrong or the data are too short */
export function requirePicture({ data, width, height, channels }: Picture): void {
  const isSide = (side: number) => Number.isInteger(side) && side >= 1 && side <= longestSide;
  if (!isSide(width) || !isSide(height)) {
    throw new PictureError(
      `A picture's width and height must be whole numbers from 1 to ${longestSide}, not ${width}x${height}.`,
    );
  }
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new PictureError(`A picture has 1, 3 or 4 channels, not ${channels}.`);
  }
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new PictureError("A picture's data must be bytes.");
  }
  if (data.length < width * height * channels) {
    throw new PictureError(
      `A picture of ${width}x${height} with ${channels} channels needs ${width * height * channels} bytes, not ${data.length}.`,
    );
  }
}
