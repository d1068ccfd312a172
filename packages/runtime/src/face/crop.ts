import type { CropGeometry } from "../model-file.js";
import type { Detection } from "./detection.js";
import { type Picture, type Point, requirePicture } from "./picture.js";
import { pictureRows } from "./picture-rows.js";
import { renderView, type View } from "./view.js";

/**
 * Where the eyes and mouth of FER+ faces lie: the means of BlazeFace's answers over every third training picture and its
 * mirror image, 9,462 pictures in 99.4 % of which it found a face (`scripts/measure-crop.mjs`; standard
 * deviation 0.07 each way). The left eye is lower because BlazeFace sees level faces turned by 1.5 degrees.
 */
export const ferPlusCrop = {
  source: "whole-image",
  leftEye: [0.3212, 0.3843],
  rightEye: [0.6856, 0.3746],
  mouth: [0.5093, 0.7685],
} as const satisfies CropGeometry;

/** Where the same measurement found the eyes in the detector's boxes, as fractions of their sides. */
const eyesInBox = { left: [0.2901, 0.2927], right: [0.7041, 0.2817] } as const;

/** Shares of the box's width below which the eyes are too close to say how large the face is: it looks aside. */
const closestEyes = 0.2;

/** The eyes and the mouth of a face: its landmarks, or where the eyes usually lie in its box. */
function pointsOf({ box, landmarks }: Detection): { left: Point; right: Point; mouth?: Point } {
  const [x, y, width, height] = box;
  if (landmarks) {
    const { leftEye: left, rightEye: right, mouth } = landmarks;
    const distance = Math.hypot(right[0] - left[0], right[1] - left[1]);
    if (distance >= closestEyes * width && right[0] > left[0]) return { left, right, mouth };
  }
  const { left, right } = eyesInBox;
  return {
    left: [x + left[0] * width, y + left[1] * height],
    right: [x + right[0] * width, y + right[1] * height],
  };
}

/**
 * The part of a picture that shows a face as a model wants it: turned, scaled and moved, but not distorted, so that
 * its eyes and, where the geometry states it, its mouth come to lie as near as can be to where the geometry has
 * them (least squares: Umeyama 1991). With the mouth, a head that is turned aside, whose eyes are close together,
 * is not taken for a small one.
 *
 * @param aspect height over width of the network's input
 */
export function faceView(face: Detection, crop: CropGeometry, aspect = 1): View {
  if (face.exact) {
    const [x0, y0, width, height] = face.box;
    return { xx: width, xy: 0, x0, yx: 0, yy: height, y0 };
  }
  const wanted: CropGeometry = crop.leftEye && crop.rightEye ? crop : ferPlusCrop;
  const { left, right, mouth } = pointsOf(face);
  const pairs: [from: Point, to: Point][] = [
    [wanted.leftEye as Point, left],
    [wanted.rightEye as Point, right],
  ];
  if (wanted.mouth && mouth) pairs.push([wanted.mouth, mouth]);
  const mean = (value: (pair: [Point, Point]) => number) =>
    pairs.reduce((sum, pair) => sum + value(pair), 0) / pairs.length;
  // In widths of the crop, across and down, so that turning does not distort.
  const fromX = mean(([from]) => from[0]);
  const fromY = mean(([from]) => from[1] * aspect);
  const toX = mean(([, to]) => to[0]);
  const toY = mean(([, to]) => to[1]);
  let square = 0;
  let real = 0;
  let imaginary = 0;
  for (const [from, to] of pairs) {
    const across = from[0] - fromX;
    const down = from[1] * aspect - fromY;
    square += across * across + down * down;
    real += across * (to[0] - toX) + down * (to[1] - toY);
    imaginary += across * (to[1] - toY) - down * (to[0] - toX);
  }
  real /= square;
  imaginary /= square;
  return {
    xx: real,
    xy: -imaginary * aspect,
    x0: toX - real * fromX + imaginary * fromY,
    yx: imaginary,
    yy: real * aspect,
    y0: toY - imaginary * fromX - real * fromY,
  };
}

/** Grown when a larger part of a picture comes along. */
let grey = new Uint8Array(0);

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
  const { data, channels } = picture;
  const pixels = right - left;
  const room = pictureRows(pixels * channels, 1);
  const { memory, instance } = room;
  const share = 1 / (1000 * block * block);
  for (let row = 0; row < partHeight; row++) {
    // A block at the picture's edge counts the edge's pixels for those that it lacks, as views do.
    for (let i = 0; i < block; i++) {
      const y = Math.min(top + row * block + i, bottom - 1);
      const from = (y * width + left) * channels;
      memory.set(data.subarray(from, from + pixels * channels), room.bytes);
      instance.kernels.countRow(room.bytes, pixels * channels, room.sums, i === 0 ? 1 : 0);
    }
    const half = 0.5 + rounding;
    instance.kernels.greyBlocks(room.sums, pixels, channels, block, share, half, room.finished);
    grey.set(memory.subarray(room.finished, room.finished + partWidth), row * partWidth);
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
