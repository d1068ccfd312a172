import { renderAligned } from "./view-aligned.js";
import { renderTurned } from "./view-turned.js";

/** Thrown when a view cannot be drawn from a picture. */
export class ViewError extends Error {
  override name = "ViewError";
}

/**
 * A part of a picture: maps the unit square of the output to pixels of the source,
 * `x = xx * u + xy * v + x0` and `y = yx * u + yy * v + y0`, u across and v down, both 0..1.
 *
 * Source coordinates are continuous: pixel (column, row) covers column..column + 1 and row..row + 1, and its
 * centre lies at + 0.5. A view may turn, mirror and shear, and may reach beyond the picture, whose edge pixels
 * then go on for ever.
 */
export interface View {
  readonly xx: number;
  readonly xy: number;
  readonly x0: number;
  readonly yx: number;
  readonly yy: number;
  readonly y0: number;
}

/** The view that shows a whole picture. */
export const wholeImageView = (width: number, height: number): View => ({
  xx: width,
  xy: 0,
  x0: 0,
  yx: 0,
  yy: height,
  y0: 0,
});

/** So that a position in 16-bit fractions of a pixel fits into 32 bits. */
const longestSide = 32767;
/** Beyond this, coordinates lose the fractions of a pixel. */
const farthest = 1e9;

/**
 * Draws a view of a grey picture: the one function that makes a network's input from a picture, in training,
 * on the command line and in the browser.
 *
 * Every output pixel is the mean of the source over a box as large as the part of the source it shows, but at
 * least one source pixel wide and high. Where the view enlarges, that is bilinear interpolation between pixel
 * centres; where it shrinks, area averaging; both agree where they meet. Views along the source's axes are
 * averaged exactly. Turned and sheared ones are averaged over a grid of bilinear samples which lie at most one
 * source pixel apart and together reach as far as the box (64 samples along a side at most, so that shrinking
 * further than 64 times skips source pixels). Values are rounded to the nearest byte, halves up.
 *
 * @param source width * height grey bytes, row after row
 * @param target targetHeight * targetWidth bytes, overwritten
 * @throws ViewError when an array is too short, a side is not a whole number from 1 to 32767 or
 *   the view is not finite
 */
export function renderView(
  source: Uint8Array,
  width: number,
  height: number,
  view: View,
  target: Uint8Array,
  targetHeight: number,
  targetWidth: number,
): void {
  requireSize(width, height, source.length, "picture");
  requireSize(targetWidth, targetHeight, target.length, "view");
  const { xx, xy, x0, yx, yy, y0 } = view;
  const reach = Math.abs(xx) + Math.abs(xy) + Math.abs(x0) + Math.abs(yx) + Math.abs(yy) + Math.abs(y0);
  if (!(reach <= farthest)) {
    throw new ViewError(`The view must consist of finite numbers within ${farthest} pixels.`);
  }
  if (xy === 0 && yx === 0) {
    renderAligned(source, width, height, xx, x0, yy, y0, target, targetHeight, targetWidth);
    return;
  }
  renderTurned(source, width, height, view, target, targetHeight, targetWidth);
}

const isSide = (side: number) => Number.isInteger(side) && side >= 1 && side <= longestSide;

function requireSize(width: number, height: number, length: number, what: string): void {
  if (!isSide(width) || !isSide(height)) {
    throw new ViewError(
      `The ${what}'s width and height must be whole numbers from 1 to ${longestSide}, not ${width}x${height}.`,
    );
  }
  if (length < width * height) {
    throw new ViewError(`A ${what} of ${width}x${height} needs ${width * height} bytes, not ${length}.`);
  }
}
