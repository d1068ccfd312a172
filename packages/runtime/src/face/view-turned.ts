import type { View } from "./view.js";

/**
 * Turned and sheared views: each output pixel is the mean of a grid of bilinear samples. One row of samples
 * is added to the output row's sums at a time. Positions are 16-bit fractions of a source pixel and weights
 * 11-bit ones, so that 32-bit whole numbers hold every product; the mean is right to an eighth of a grey level
 * before it is rounded.
 */

/** Output columns drawn at a time. Scratch of a fixed size is faster than scratch that may grow. */
const stripWidth = 1024;
/** Grey values times 256, at most 4096 samples each. */
const sums = new Int32Array(stripWidth);

/** Most samples along one side of an output pixel. */
const maximumSamples = 64;

/** Samples along a side of an output pixel that shows `extent` source pixels: at most one pixel apart. */
const samplesOf = (extent: number) => Math.min(Math.max(Math.ceil(extent - 1e-9), 1), maximumSamples);

/**
 * Distance between samples as a share of the output pixel. A bilinear sample is a mean over one source pixel
 * itself, so the samples' centres need only span the rest of the box.
 */
const spacingOf = (extent: number, samples: number) =>
  samples < 2 ? 0 : (extent - 1) / (samples - 1) / extent;

/** Draws a view; see `renderView`, which has checked the arguments. */
export function renderTurned(
  source: Uint8Array,
  width: number,
  height: number,
  view: View,
  target: Uint8Array,
  targetHeight: number,
  targetWidth: number,
): void {
  // Steps from one output pixel to its neighbour to the right and to the one below.
  const rightX = view.xx / targetWidth;
  const rightY = view.yx / targetWidth;
  const downX = view.xy / targetHeight;
  const downY = view.yy / targetHeight;
  const extentU = Math.hypot(rightX, rightY);
  const extentV = Math.hypot(downX, downY);
  const across = samplesOf(extentU);
  const down = samplesOf(extentV);
  const spacingU = spacingOf(extentU, across);
  const spacingV = spacingOf(extentV, down);
  for (let strip = 0; strip < targetWidth; strip += stripWidth) {
    const columns = Math.min(stripWidth, targetWidth - strip);
    for (let row = 0; row < targetHeight; row++) {
      sums.fill(0, 0, columns);
      for (let j = 0; j < down; j++) {
        const v = row + 0.5 + (j - (down - 1) / 2) * spacingV;
        for (let i = 0; i < across; i++) {
          const u = strip + 0.5 + (i - (across - 1) / 2) * spacingU;
          // Relative to the centre of the first source pixel.
          const x = view.x0 + rightX * u + downX * v - 0.5;
          const y = view.y0 + rightY * u + downY * v - 0.5;
          addSamples(source, width, height, x, y, rightX, rightY, columns);
        }
      }
      writeMeans(target, row * targetWidth + strip, columns, across * down);
    }
  }
}

/** Writes the sums of `samples` samples as bytes. */
function writeMeans(target: Uint8Array, write: number, columns: number, samples: number): void {
  if (samples === 1) {
    for (let column = 0; column < columns; column++) target[write + column] = (sums[column] + 128) >> 8;
    return;
  }
  const share = 1 / (256 * samples);
  for (let column = 0; column < columns; column++) {
    target[write + column] = (sums[column] * share + 0.5) | 0;
  }
}

/** First column whose position `start + column * step` lies in 0 .. end, up to rounding. */
function enter(start: number, step: number, end: number, columns: number): number {
  if (start >= 0 && start < end) return 0;
  if (step === 0 || start < 0 !== step > 0) return columns;
  return Math.min(Math.max(Math.ceil((start < 0 ? -start : end - start) / step), 0), columns);
}

/** The column after the last of those that follow on `enter`. */
function leave(start: number, step: number, end: number, columns: number): number {
  if (step === 0) return columns;
  return Math.min(Math.max(Math.ceil((step > 0 ? end - start : -start) / step), 0), columns);
}

/**
 * Adds one bilinear sample to each of a row's sums, at `(x + column * stepX, y + column * stepY)` from the
 * centre of the source's first pixel. Only the samples near the picture's edges and outside it need clamping.
 */
function addSamples(
  source: Uint8Array,
  width: number,
  height: number,
  x: number,
  y: number,
  stepX: number,
  stepY: number,
  columns: number,
): void {
  const one = 65536;
  const fixedStepX = Math.round(stepX * one);
  const fixedStepY = Math.round(stepY * one);
  const endX = (width - 1) * one;
  const endY = (height - 1) * one;
  let first = Math.max(enter(x, stepX, width - 1, columns), enter(y, stepY, height - 1, columns));
  let end = Math.min(leave(x, stepX, width - 1, columns), leave(y, stepY, height - 1, columns));
  let fixedX = 0;
  let fixedY = 0;
  // The rounded positions decide: both ends inside, and so all between them.
  for (; first < end; first++) {
    fixedX = Math.round((x + first * stepX) * one);
    fixedY = Math.round((y + first * stepY) * one);
    if (fixedX >= 0 && fixedX < endX && fixedY >= 0 && fixedY < endY) break;
  }
  for (; first < end; end--) {
    const farX = fixedX + fixedStepX * (end - 1 - first);
    const farY = fixedY + fixedStepY * (end - 1 - first);
    if (farX >= 0 && farX < endX && farY >= 0 && farY < endY) break;
  }
  if (first >= end) {
    addClamped(source, width, height, x, y, stepX, stepY, 0, columns);
    return;
  }
  addClamped(source, width, height, x, y, stepX, stepY, 0, first);
  addInside(source, width, fixedX | 0, fixedY | 0, fixedStepX | 0, fixedStepY | 0, first, end);
  addClamped(source, width, height, x, y, stepX, stepY, end, columns);
}

/** Samples whose four source pixels all lie inside the picture. */
function addInside(
  source: Uint8Array,
  width: number,
  x: number,
  y: number,
  stepX: number,
  stepY: number,
  first: number,
  end: number,
): void {
  for (let column = first; column < end; column++) {
    const read = (Math.imul(y >> 16, width) + (x >> 16)) | 0;
    const shareX = (x >> 5) & 2047;
    const upperLeft = source[read];
    const lowerLeft = source[read + width];
    const upper = (upperLeft << 11) + Math.imul(source[read + 1] - upperLeft, shareX);
    const lower = (lowerLeft << 11) + Math.imul(source[read + width + 1] - lowerLeft, shareX);
    sums[column] += ((upper << 11) + Math.imul(lower - upper, (y >> 5) & 2047) + 8192) >> 14;
    x = (x + stepX) | 0;
    y = (y + stepY) | 0;
  }
}

/** Samples anywhere; outside the picture its edge pixels go on. */
function addClamped(
  source: Uint8Array,
  width: number,
  height: number,
  x: number,
  y: number,
  stepX: number,
  stepY: number,
  first: number,
  end: number,
): void {
  for (let column = first; column < end; column++) {
    const clampedX = Math.min(Math.max(x + column * stepX, 0), width - 1);
    const clampedY = Math.min(Math.max(y + column * stepY, 0), height - 1);
    const left = clampedX | 0;
    const top = clampedY | 0;
    const right = Math.min(left + 1, width - 1);
    const below = Math.min(top + 1, height - 1) * width;
    const upper =
      source[top * width + left] * (1 - clampedX + left) + source[top * width + right] * (clampedX - left);
    const lower = source[below + left] * (1 - clampedX + left) + source[below + right] * (clampedX - left);
    sums[column] += (256 * (upper + (lower - upper) * (clampedY - top)) + 0.5) | 0;
  }
}
