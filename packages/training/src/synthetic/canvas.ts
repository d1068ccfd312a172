import type { Point } from "./curve.js";

/** The new grey of a pixel, from the grey under it and the pixel's centre. Greys run from 0 to 1. */
export type Paint = (under: number, x: number, y: number) => number;

/** Makes what lies under it lighter (above 1) or darker (below 1). */
export const times =
  (factor: number): Paint =>
  (under) =>
    under * factor;

/** Whole pixels, the ends included. */
interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * A square grey canvas with soft-edged shapes; positions and lengths are in pixels, (0, 0) being the upper
 * left corner of the upper left pixel. Every shape touches only the pixels of its bounding box.
 */
export class Canvas {
  /** size * size greys, row after row; 0 is black and 1 is white. */
  readonly pixels: Float32Array;
  /** Scratch: changes of coverage while filling, distances while stroking; one column more than `size`. */
  private readonly scratch: Float64Array;
  /** Scratch: the place along a line that is nearest to each pixel. */
  private readonly along: Float32Array;

  constructor(readonly size: number) {
    this.pixels = new Float32Array(size * size);
    this.scratch = new Float64Array(size * (size + 2));
    this.along = new Float32Array(size * (size + 2));
  }

  /** Paints every pixel. */
  fillAll(paint: Paint): void {
    for (let y = 0, i = 0; y < this.size; y++) {
      for (let x = 0; x < this.size; x++, i++) this.pixels[i] = paint(this.pixels[i], x + 0.5, y + 0.5);
    }
  }

  /**
   * Fills a closed polygon, anti-aliased by the exact part of each pixel that it covers: every edge adds the
   * area to its right, signed by its direction, so that a sum along the row gives the coverage.
   */
  fill(points: readonly Point[], paint: Paint, opacity = 1): void {
    const box = this.box(points, 0);
    if (box === undefined) return;
    this.clear(box, 0);
    let previous = points[points.length - 1];
    for (const point of points) {
      this.addEdge(previous, point);
      previous = point;
    }
    for (let y = box.top; y <= box.bottom; y++) {
      let coverage = 0;
      for (let x = box.left; x <= box.right; x++) {
        coverage += this.scratch[y * (this.size + 2) + x];
        this.blend(x, y, paint, Math.min(1, Math.abs(coverage)) * opacity);
      }
    }
  }

  /** Draws a line through the points, its width going evenly from the first to the last of the two. */
  stroke(points: readonly Point[], widths: readonly [number, number], paint: Paint, opacity = 1): void {
    this.sweep(points, Math.max(...widths) / 2 + 0.5, paint, (distance, along) => {
      const half = (widths[0] + (widths[1] - widths[0]) * along) / 2;
      const coverage = Math.min(1, 2 * half, half + 0.5 - distance);
      return coverage > 0 ? coverage * opacity : 0;
    });
  }

  /** A soft furrow along the points, fading to both sides and both ends; `depth` 0..1 darkens. */
  crease(points: readonly Point[], width: number, depth: number): void {
    if (depth <= 0.01) return;
    const radius = Math.max(width, 0.8);
    this.sweep(points, radius, times(0), (distance, along) => {
      const across = 1 - (distance * distance) / (radius * radius);
      if (across <= 0) return 0;
      return Math.min(0.9, depth) * across * across * Math.min(1, 6 * along * (1 - along));
    });
  }

  /** A soft spot, strongest in the middle, turned by `angle` radians; `strength` adds to 1 as a factor. */
  spot(centre: Point, radiusX: number, radiusY: number, strength: number, angle = 0): void {
    const reach = Math.max(radiusX, radiusY);
    const box = this.box([centre], reach);
    if (box === undefined || Math.abs(strength) < 0.005) return;
    const cosine = Math.cos(angle);
    const sine = Math.sin(angle);
    for (let y = box.top; y <= box.bottom; y++) {
      for (let x = box.left; x <= box.right; x++) {
        const dx = x + 0.5 - centre[0];
        const dy = y + 0.5 - centre[1];
        const u = (dx * cosine + dy * sine) / radiusX;
        const v = (dy * cosine - dx * sine) / radiusY;
        const rest = 1 - u * u - v * v;
        if (rest > 0) this.pixels[y * this.size + x] *= 1 + strength * rest * rest;
      }
    }
  }

  /** Blurs with the weights (amount, 1 - 2 amount, amount) along rows and columns; amount 0..0.33. */
  blur(amount: number): void {
    const { size, pixels } = this;
    const line = new Float32Array(size);
    for (const [step, stride] of [
      [1, size],
      [size, 1],
    ]) {
      for (let row = 0; row < size; row++) {
        const start = row * stride;
        for (let i = 0; i < size; i++) line[i] = pixels[start + i * step];
        for (let i = 0; i < size; i++) {
          const neighbours = line[Math.max(0, i - 1)] + line[Math.min(size - 1, i + 1)];
          pixels[start + i * step] = (1 - 2 * amount) * line[i] + amount * neighbours;
        }
      }
    }
  }

  /** Paints with the weight that `weigh` gives for the distance to the line and the place along it, 0..1. */
  private sweep(
    points: readonly Point[],
    reach: number,
    paint: Paint,
    weigh: (distance: number, along: number) => number,
  ): void {
    const box = this.box(points, reach);
    if (box === undefined) return;
    const { scratch, along, size } = this;
    this.clear(box, reach * reach);
    for (let i = 0; i + 1 < points.length; i++) {
      const [start, end] = [points[i], points[i + 1]];
      const near = this.box([start, end], reach);
      if (near === undefined) continue;
      const [ax, ay] = start;
      const vx = end[0] - ax;
      const vy = end[1] - ay;
      const scale = 1 / (vx * vx + vy * vy + 1e-9);
      for (let y = near.top; y <= near.bottom; y++) {
        for (let x = near.left; x <= near.right; x++) {
          const px = x + 0.5 - ax;
          const py = y + 0.5 - ay;
          const t = Math.min(1, Math.max(0, (px * vx + py * vy) * scale));
          const distance = (px - t * vx) * (px - t * vx) + (py - t * vy) * (py - t * vy);
          const index = y * (size + 2) + x;
          if (distance < scratch[index]) {
            scratch[index] = distance;
            along[index] = (i + t) / (points.length - 1);
          }
        }
      }
    }
    for (let y = box.top; y <= box.bottom; y++) {
      for (let x = box.left; x <= box.right; x++) {
        const index = y * (size + 2) + x;
        if (scratch[index] < reach * reach) {
          this.blend(x, y, paint, weigh(Math.sqrt(scratch[index]), along[index]));
        }
      }
    }
  }

  /** Adds one edge's changes of coverage; where it leaves the picture it is moved to the border. */
  private addEdge(start: Point, end: Point): void {
    const direction = start[1] < end[1] ? 1 : -1;
    const [upper, lower] = direction > 0 ? [start, end] : [end, start];
    const { size, scratch } = this;
    const top = Math.max(0, upper[1]);
    const bottom = Math.min(size, lower[1]);
    const slope = (lower[0] - upper[0]) / (lower[1] - upper[1]);
    const inside = (x: number) => Math.min(size, Math.max(0, x));
    for (let y = Math.floor(top); y < bottom; y++) {
      const from = Math.max(top, y);
      const to = Math.min(bottom, y + 1);
      const x0 = inside(upper[0] + (from - upper[1]) * slope);
      const x1 = inside(upper[0] + (to - upper[1]) * slope);
      const [left, right] = x0 < x1 ? [x0, x1] : [x1, x0];
      const height = direction * (to - from);
      for (let column = Math.floor(left); column <= right; column++) {
        const first = Math.max(left, column);
        const last = Math.min(right, column + 1);
        const part = right > left ? (height * (last - first)) / (right - left) : height;
        const middle = (first + last) / 2 - column;
        scratch[y * (size + 2) + column] += part * (1 - middle);
        scratch[y * (size + 2) + column + 1] += part * middle;
        if (right === left) break;
      }
    }
  }

  private clear(box: Box, value: number): void {
    for (let y = box.top; y <= box.bottom; y++) {
      const row = y * (this.size + 2);
      this.scratch.fill(value, row + box.left, row + box.right + 2);
    }
  }

  private blend(x: number, y: number, paint: Paint, weight: number): void {
    if (weight <= 0) return;
    const i = y * this.size + x;
    const under = this.pixels[i];
    this.pixels[i] = under + Math.min(1, weight) * (paint(under, x + 0.5, y + 0.5) - under);
  }

  /** The whole pixels that the points, widened by `reach`, can touch; undefined where that is none. */
  private box(points: readonly Point[], reach: number): Box | undefined {
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const [x, y] of points) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
    left = Math.max(0, Math.floor(left - reach));
    right = Math.min(this.size - 1, Math.floor(right + reach));
    top = Math.max(0, Math.floor(top - reach));
    bottom = Math.min(this.size - 1, Math.floor(bottom + reach));
    return left > right || top > bottom ? undefined : { left, right, top, bottom };
  }
}
