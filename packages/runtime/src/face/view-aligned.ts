/**
 * Views along the source's axes. The mean over a box is a mean along the columns of means along the rows, so
 * each source row is narrowed to the output's columns once and kept for the output rows that share it.
 */

/** Output columns drawn at a time. Scratch of a fixed size is faster than scratch that may grow. */
const stripWidth = 1024;

/**
 * The source pixels that each output column reads, and in the last place those of the output row at hand:
 * `first` to `last`, of which the ends have weights of their own and those between share one.
 */
const firstPixel = new Int32Array(stripWidth + 1);
const lastPixel = new Int32Array(stripWidth + 1);
const firstWeight = new Float64Array(stripWidth + 1);
const lastWeight = new Float64Array(stripWidth + 1);
const rowPlace = stripWidth;

/** Two narrowed source rows, even rows in the first half and odd ones in the second. */
const narrowed = new Float64Array(2 * stripWidth);
const sums = new Float64Array(stripWidth);

/**
 * Writes at `place` the pixels in the box of `extent` pixels about `centre`, of a source `size` pixels long.
 * What lies outside the source counts for the pixel at its edge.
 */
function plan(place: number, centre: number, extent: number, size: number): void {
  const low = Math.min(Math.max(centre - extent / 2, -extent), size);
  const high = low + extent;
  const first = Math.min(Math.max(Math.floor(low), 0), size - 1);
  const last = Math.min(Math.max(Math.ceil(high) - 1, first), size - 1);
  firstPixel[place] = first;
  lastPixel[place] = last;
  firstWeight[place] = first === last ? 1 : (first + 1 - low) / extent;
  lastWeight[place] = first === last ? 0 : (high - last) / extent;
}

/** Draws the view `x = xx * u + x0`, `y = yy * v + y0`; see `renderView`, which has checked the arguments. */
export function renderAligned(
  source: Uint8Array,
  width: number,
  height: number,
  xx: number,
  x0: number,
  yy: number,
  y0: number,
  target: Uint8Array,
  targetHeight: number,
  targetWidth: number,
): void {
  const stepX = xx / targetWidth;
  const stepY = yy / targetHeight;
  // A box under one pixel is widened to one, which makes it linear interpolation.
  const extentX = Math.max(Math.abs(stepX), 1);
  const extentY = Math.max(Math.abs(stepY), 1);
  for (let strip = 0; strip < targetWidth; strip += stripWidth) {
    const columns = Math.min(stripWidth, targetWidth - strip);
    for (let column = 0; column < columns; column++) {
      plan(column, x0 + (strip + column + 0.5) * stepX, extentX, width);
    }
    let heldEven = -1;
    let heldOdd = -1;
    for (let row = 0; row < targetHeight; row++) {
      plan(rowPlace, y0 + (row + 0.5) * stepY, extentY, height);
      const first = firstPixel[rowPlace];
      const last = lastPixel[rowPlace];
      const isPair = last - first < 2;
      for (let sourceRow = first; sourceRow <= last; sourceRow++) {
        const odd = sourceRow & 1;
        if ((odd ? heldOdd : heldEven) !== sourceRow) {
          if (extentX === 1) narrowPairs(source, sourceRow * width, columns, odd * stripWidth);
          else narrowBoxes(source, sourceRow * width, columns, odd * stripWidth, 1 / extentX);
          if (odd) heldOdd = sourceRow;
          else heldEven = sourceRow;
        }
        if (!isPair) addRow(odd * stripWidth, columns, sourceRow, first, last, 1 / extentY);
      }
      const write = row * targetWidth + strip;
      if (isPair) writePair(target, write, columns, (first & 1) * stripWidth, (last & 1) * stripWidth);
      else writeSums(target, write, columns);
    }
  }
}

/** Narrows a source row where every output column reads at most two columns. */
function narrowPairs(source: Uint8Array, read: number, columns: number, write: number): void {
  for (let column = 0; column < columns; column++) {
    const value = source[read + firstPixel[column]];
    narrowed[write + column] = value + (source[read + lastPixel[column]] - value) * lastWeight[column];
  }
}

/** Narrows a source row where the output columns read any number of columns. */
function narrowBoxes(source: Uint8Array, read: number, columns: number, write: number, inner: number): void {
  for (let column = 0; column < columns; column++) {
    const first = read + firstPixel[column];
    const last = read + lastPixel[column];
    let between = 0;
    for (let at = first + 1; at < last; at++) between += source[at];
    narrowed[write + column] =
      source[first] * firstWeight[column] + between * inner + source[last] * lastWeight[column];
  }
}

/** Adds a narrowed row with its weight to the sums; the first row of a box starts them. */
function addRow(
  read: number,
  columns: number,
  row: number,
  first: number,
  last: number,
  innerWeight: number,
): void {
  const weight = row === first ? firstWeight[rowPlace] : row === last ? lastWeight[rowPlace] : innerWeight;
  if (row === first) sums.fill(0, 0, columns);
  for (let column = 0; column < columns; column++) sums[column] += weight * narrowed[read + column];
}

/** Writes the mean of one or two narrowed rows. */
function writePair(target: Uint8Array, write: number, columns: number, upper: number, lower: number): void {
  const weight = lastWeight[rowPlace];
  for (let column = 0; column < columns; column++) {
    const value = narrowed[upper + column];
    target[write + column] = (value + (narrowed[lower + column] - value) * weight + 0.5) | 0;
  }
}

function writeSums(target: Uint8Array, write: number, columns: number): void {
  for (let column = 0; column < columns; column++) target[write + column] = (sums[column] + 0.5) | 0;
}
