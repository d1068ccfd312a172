import type { CropGeometry } from "../model-file.js";
import type { Detection } from "./detection.js";
import { type Picture, type Point, requirePicture } from "./picture.js";
import { renderView, type View } from "./view.js";

/**
 * Where the eyes of FER+ faces lie: the means of BlazeFace's answers over every third training picture and its
 * mirror image, 9,462 pictures in 99.4 % of which it found a face (`scripts/measure-crop.mjs`; standard
 * deviation 0.07 each way). The left eye is lower because BlazeFace sees level faces turned by 1.5 degrees.
 */
export const ferPlusCrop = {
  source: "whole-image",
  leftEye: [0.3212, 0.3843],
  rightEye: [0.6856, 0.3746],
} as const satisfies CropGeometry;

/** Where the same measurement found the eyes in the detector's boxes, as fractions of their sides. */
const eyesInBox = { left: [0.2901, 0.2927], right: [0.7041, 0.2817] } as const;

/** Shares of the box's width below which the eyes are too close to say how large the face is: it looks aside. */
const closestEyes = 0.2;

/** The eyes of a face: its landmarks, or where they usually lie in its box. */
function eyesOf({ box, landmarks }: Detection): { left: Point; right: Point } {
  const [x, y, width, height] = box;
  if (landmarks) {
    const { leftEye: left, rightEye: right } = landmarks;
    const distance = Math.hypot(right[0] - left[0], right[1] - left[1]);
    if (distance >= closestEyes * width && right[0] > left[0]) return { left, right };
  }
  const { left, right } = eyesInBox;
  return {
    left: [x + left[0] * width, y + left[1] * height],
    right: [x + right[0] * width, y + right[1] * height],
  };
}

/**
 * The part of a picture that shows a face as a model wants it: turned and scaled so that both eyes come to lie
 * where the crop's geometry has them.
 *
 * @param aspect height over width of the network's input
 */
export function faceView(face: Detection, crop: CropGeometry, aspect = 1): View {
  if (face.exact) {
    const [x0, y0, width, height] = face.box;
    return { xx: width, xy: 0, x0, yx: 0, yy: height, y0 };
  }
  const { leftEye, rightEye } = crop.leftEye && crop.rightEye ? (crop as typeof ferPlusCrop) : ferPlusCrop;
  const { left, right } = eyesOf(face);
  // The turning and scaling that takes one difference of eyes to the other: a quotient of complex numbers.
  const across = rightEye[0] - leftEye[0];
  const down = (rightEye[1] - leftEye[1]) * aspect;
  const dx = right[0] - left[0];
  const dy = right[1] - left[1];
  const square = across * across + down * down;
  const real = (dx * across + dy * down) / square;
  const imaginary = (dy * across - dx * down) / square;
  return {
    xx: real,
    xy: -imaginary * aspect,
    x0: left[0] - real * leftEye[0] + imaginary * leftEye[1] * aspect,
    yx: imaginary,
    yy: real * aspect,
    y0: left[1] - imaginary * leftEye[0] - real * leftEye[1] * aspect,
  };
}

/** Grown when a larger part of a picture comes along. */
let grey = new Uint8Array(0);
let sums = new Float64Array(0);

/**
 * Draws a view of a picture in grey: luma of Rec. 601 of the gamma-coded values, rounded, then `renderView`. Only
 * the part of the picture that the view shows is looked at; where the view shrinks it to less than a half, that
 * part is first averaged over blocks of k x k pixels, k being the whole number of source pixels along an output
 * pixel, which keeps turned views of large faces fast.
 *
 * @param target rows * columns bytes, overwritten
 * @throws ViewError, PictureError where sizes do not fit
 */
export function drawGreyView(
  picture: Picture,
  view: View,
  target: Uint8Array,
  rows: number,
  columns: number,
): void {
  requirePicture(picture);
  const { width, height } = picture;
  const extents = [Math.hypot(view.xx, view.yx) / columns, Math.hypot(view.xy, view.yy) / rows];
  const block = Math.max(Math.floor(Math.min(...extents)), 1);
  const reach = Math.max(...extents, 1) + 2 * block;
  const range = (start: number, a: number, b: number, size: number) => {
    const low = start + Math.min(0, a) + Math.min(0, b) - reach;
    const high = start + Math.max(0, a) + Math.max(0, b) + reach;
    const from = Math.min(Math.max(Math.floor(low), 0), size - 1);
    return [from, Math.min(Math.max(Math.ceil(high), from + 1), size)] as const;
  };
  const [left, right] = range(view.x0, view.xx, view.xy, width);
  const [top, bottom] = range(view.y0, view.yx, view.yy, height);
  const partWidth = Math.ceil((right - left) / block);
  const partHeight = Math.ceil((bottom - top) / block);
  if (grey.length < partWidth * partHeight) grey = new Uint8Array(partWidth * partHeight);
  if (sums.length < partWidth) sums = new Float64Array(partWidth);
  const share = 1 / (1000 * block * block);
  for (let row = 0; row < partHeight; row++) {
    sums.fill(0, 0, partWidth);
    // A block at the picture's edge counts the edge's pixels for those that it lacks, as views do.
    for (let i = 0; i < block; i++)
      addLuma(picture, Math.min(top + row * block + i, bottom - 1), left, right, block);
    for (let column = 0; column < partWidth; column++) {
      grey[row * partWidth + column] = (sums[column] * share + 0.5 + rounding) | 0;
    }
  }
  const part: View = {
    xx: view.xx / block,
    xy: view.xy / block,
    x0: (view.x0 - left) / block,
    yx: view.yx / block,
    yy: view.yy / block,
    y0: (view.y0 - top) / block,
  };
  renderView(grey, partWidth, partHeight, part, target, rows, columns);
}

/** So that a value that lies at a half is rounded up although its share of a thousand is not exact. */
const rounding = 1e-9;

/** Adds 299 R + 587 G + 114 B of a row's pixels to the sums of their blocks. */
function addLuma(
  { data, width, channels }: Picture,
  y: number,
  left: number,
  right: number,
  block: number,
): void {
  let at = (y * width + left) * channels;
  const second = channels === 1 ? 0 : 1;
  const third = channels === 1 ? 0 : 2;
  for (let x = left, column = 0; x < right; column++) {
    const end = Math.min(x + block, right);
    const missing = x + block - end;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (; x < end; x++, at += channels) {
      red += data[at];
      green += data[at + second];
      blue += data[at + third];
    }
    const edge = at - channels;
    red += missing * data[edge];
    green += missing * data[edge + second];
    blue += missing * data[edge + third];
    sums[column] += 299 * red + 587 * green + 114 * blue;
  }
}
