import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { Canvas, times } from "./canvas.js";
import { curveThrough, ellipse, type Point } from "./curve.js";

const sum = (canvas: Canvas) => canvas.pixels.reduce((total, grey) => total + grey, 0);
const white = () => 1;

/** Gauss's formula. */
function polygonArea(points: readonly Point[]): number {
  let twice = 0;
  for (const [i, [x, y]] of points.entries()) {
    const [nextX, nextY] = points[(i + 1) % points.length];
    twice += x * nextY - nextX * y;
  }
  return Math.abs(twice) / 2;
}

describe("Canvas", () => {
  it("fills as much as the polygon's area", () => {
    const random = createRandom(1, "polygons");
    for (let trial = 0; trial < 50; trial++) {
      const radius: Point = [random.uniform(0.3, 12), random.uniform(0.3, 12)];
      const centre: Point = [random.uniform(14, 18), random.uniform(14, 18)];
      const points = ellipse(centre, radius, random.uniform(0, 3), 3 + random.integer(9));
      const canvas = new Canvas(32);
      canvas.fill(points, white);
      expect(sum(canvas)).toBeCloseTo(polygonArea(points), 3);
    }
  });

  it("covers whole pixels wholly and border pixels in part", () => {
    const canvas = new Canvas(4);
    const square: Point[] = [
      [1, 0.5],
      [3.25, 0.5],
      [3.25, 2],
      [1, 2],
    ];
    canvas.fill(square, white);
    expect([...canvas.pixels]).toEqual([0, 0.5, 0.5, 0.125, 0, 1, 1, 0.25, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("cuts shapes off at its border", () => {
    const canvas = new Canvas(8);
    const larger: Point[] = [
      [-20, -3],
      [4, -3],
      [4, 30],
      [-20, 30],
    ];
    canvas.fill(larger, white);
    for (let i = 0; i < 64; i++) expect(canvas.pixels[i]).toBeCloseTo(i % 8 < 4 ? 1 : 0, 6);
    const before = Float32Array.from(canvas.pixels);
    const away: Point[] = [
      [20, 20],
      [30, 20],
      [30, 30],
    ];
    canvas.fill(away, white);
    canvas.stroke(away, [2, 2], white);
    canvas.spot([-30, 4], 5, 5, 1);
    expect(canvas.pixels).toEqual(before);
  });

  it("draws a line of the given width", () => {
    const canvas = new Canvas(32);
    const line: Point[] = [
      [4.5, 16],
      [16, 16],
      [27.5, 16],
    ];
    canvas.stroke(line, [3, 3], white);
    let column = 0;
    for (let y = 0; y < 32; y++) column += canvas.pixels[y * 32 + 12];
    expect(column).toBeCloseTo(3, 5);
    expect(canvas.pixels[16 * 32 + 1]).toBe(0);
  });

  it("darkens furrows and spots in their middle and leaves the rest", () => {
    const canvas = new Canvas(16);
    canvas.fillAll(white);
    const furrow: Point[] = [
      [2, 8],
      [14, 8],
    ];
    canvas.crease(furrow, 2, 0.5);
    expect(canvas.pixels[8 * 16 + 8]).toBeLessThan(0.75);
    expect(canvas.pixels[2 * 16 + 8]).toBe(1);
    canvas.fillAll(white);
    canvas.spot([8.5, 8.5], 4, 2, -0.5);
    expect(canvas.pixels[8 * 16 + 8]).toBeCloseTo(0.5, 5);
    expect(canvas.pixels[8 * 16 + 10]).toBeLessThan(1);
    expect(canvas.pixels[10 * 16 + 8]).toBe(1);
  });

  it("keeps the mean of an even picture when blurring, and spreads a point evenly", () => {
    const canvas = new Canvas(5);
    canvas.pixels[12] = 1;
    canvas.blur(0.25);
    const row = [0, 0.25, 0.5, 0.25, 0];
    for (let i = 0; i < 25; i++) {
      expect(canvas.pixels[i]).toBeCloseTo(row[Math.floor(i / 5)] * row[i % 5], 6);
    }
    canvas.fillAll(() => 0.7);
    canvas.blur(0.3);
    for (const grey of canvas.pixels) expect(grey).toBeCloseTo(0.7, 6);
  });

  it("multiplies what lies under a factor", () => {
    expect(times(0.5)(0.8, 0, 0)).toBeCloseTo(0.4, 10);
  });
});

describe("curveThrough", () => {
  it("passes through every point, and keeps straight lines straight", () => {
    const points: Point[] = [
      [0, 0],
      [2, 3],
      [5, 1],
    ];
    const curve = curveThrough(points, 4);
    expect([curve[0], curve[4], curve[8]]).toEqual(points);
    expect(curveThrough(points, 4, true)).toHaveLength(12);
    const straight: Point[] = [0, 1, 2, 3].map((t) => [t, 2 * t]);
    for (const [x, y] of curveThrough(straight, 5)) expect(y).toBeCloseTo(2 * x, 10);
  });
});
