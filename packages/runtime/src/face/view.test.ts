import { describe, expect, it } from "vitest";
import { renderView, type View, ViewError, wholeImageView } from "./view.js";

/** A small generator, so that the pictures are the same in every run. */
function noise(width: number, height: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: width * height }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** Waves of a few pixels' length: what area averaging must keep. */
const smooth = (width: number, height: number) =>
  Uint8Array.from({ length: width * height }, (_, i) =>
    Math.round(128 + 60 * Math.sin((i % width) / 3) + 60 * Math.cos(Math.floor(i / width) / 4)),
  );

const clamp = (value: number, high: number) => Math.min(Math.max(value, 0), high);

/** The picture's value at a continuous position, edge pixels going on. */
const at = (source: Uint8Array, width: number, height: number, x: number, y: number) =>
  source[clamp(Math.floor(y), height - 1) * width + clamp(Math.floor(x), width - 1)];

/** Bilinear interpolation written from its definition. */
function bilinear(source: Uint8Array, width: number, height: number, x: number, y: number): number {
  const px = clamp(x - 0.5, width - 1);
  const py = clamp(y - 0.5, height - 1);
  let sum = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const weight = Math.max(1 - Math.abs(column - px), 0) * Math.max(1 - Math.abs(row - py), 0);
      sum += weight * source[row * width + column];
    }
  }
  return sum;
}

/** Mean over each output pixel's box, by many points. */
function bruteForce(
  source: Uint8Array,
  width: number,
  height: number,
  view: View,
  rows: number,
  columns: number,
  points = 40,
): number[] {
  const result: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let j = 0; j < points; j++) {
        for (let i = 0; i < points; i++) {
          const u = (column + (i + 0.5) / points) / columns;
          const v = (row + (j + 0.5) / points) / rows;
          sum += at(
            source,
            width,
            height,
            view.xx * u + view.xy * v + view.x0,
            view.yx * u + view.yy * v + view.y0,
          );
        }
      }
      result.push(sum / (points * points));
    }
  }
  return result;
}

function render(
  source: Uint8Array,
  width: number,
  height: number,
  view: View,
  rows: number,
  columns: number,
) {
  const target = new Uint8Array(rows * columns);
  renderView(source, width, height, view, target, rows, columns);
  return target;
}

function turned(size: number, degrees: number, side: number, centreX = size / 2, centreY = size / 2): View {
  const cosine = Math.cos((degrees * Math.PI) / 180) * side;
  const sine = Math.sin((degrees * Math.PI) / 180) * side;
  return {
    xx: cosine,
    xy: -sine,
    x0: centreX - (cosine - sine) / 2,
    yx: sine,
    yy: cosine,
    y0: centreY - (sine + cosine) / 2,
  };
}

const largestDifference = (actual: Uint8Array, expected: ArrayLike<number>) =>
  actual.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected[i])), 0);

/** Equal to the rounded value; where that lies at a half, up to rounding of its sum, either neighbour. */
function expectRounded(actual: Uint8Array, expected: readonly number[]) {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(actual[i] - value), `pixel ${i}`).toBeLessThanOrEqual(0.5 + 1e-9);
  }
}

describe("views along the axes", () => {
  it.each([
    [48, 48, 84, 84],
    [5, 7, 9, 31],
    [5, 7, 7, 6],
    [1, 1, 3, 2],
    [1, 9, 12, 4],
    [3, 2, 2, 1300],
  ])("enlarges %ix%i to %ix%i by bilinear interpolation", (width, height, rows, columns) => {
    const source = noise(width, height);
    const actual = render(source, width, height, wholeImageView(width, height), rows, columns);
    const expected = Array.from({ length: rows * columns }, (_, i) =>
      bilinear(
        source,
        width,
        height,
        (((i % columns) + 0.5) * width) / columns,
        ((Math.floor(i / columns) + 0.5) * height) / rows,
      ),
    );
    expectRounded(actual, expected);
  });

  it("leaves a picture as it is at its own size, shifts it by whole pixels and mirrors it", () => {
    const source = noise(13, 11);
    expect(render(source, 13, 11, wholeImageView(13, 11), 11, 13)).toEqual(source);
    const view = wholeImageView(13, 11);
    const shifted = render(source, 13, 11, { ...view, x0: 3, y0: -2 }, 11, 13);
    const mirrored = render(source, 13, 11, { ...view, xx: -13, x0: 13 }, 11, 13);
    for (let row = 0; row < 11; row++) {
      for (let column = 0; column < 13; column++) {
        expect(shifted[row * 13 + column]).toBe(source[clamp(row - 2, 10) * 13 + clamp(column + 3, 12)]);
        expect(mirrored[row * 13 + column]).toBe(source[row * 13 + 12 - column]);
      }
    }
  });

  it("averages whole blocks exactly when it shrinks by a whole number", () => {
    const source = noise(12, 8);
    const actual = render(source, 12, 8, wholeImageView(12, 8), 2, 4);
    const expected = Array.from({ length: 8 }, (_, i) => {
      let sum = 0;
      for (let y = 0; y < 4; y++) {
        for (let x = 0; x < 3; x++) sum += source[(Math.floor(i / 4) * 4 + y) * 12 + (i % 4) * 3 + x];
      }
      return sum / 12;
    });
    expectRounded(actual, expected);
  });

  it.each([
    [20, 17, 7, 6, wholeImageView(20, 17)],
    [20, 17, 5, 9, { xx: 14.5, xy: 0, x0: 2.25, yx: 0, yy: 12.75, y0: 1.5 }],
    [20, 17, 5, 9, { xx: -31, xy: 0, x0: 25, yx: 0, yy: 30, y0: -8 }],
    [3, 3, 1, 1, wholeImageView(3, 3)],
    [1, 1, 1, 2, { xx: 9, xy: 0, x0: -4, yx: 0, yy: 9, y0: -4 }],
  ] as [number, number, number, number, View][])(
    "averages areas as brute force does (%ix%i to %ix%i)",
    (width, height, rows, columns, view) => {
      const source = noise(width, height);
      const actual = render(source, width, height, view, rows, columns);
      // The brute force's own error is that of its 80 points along a side on a noisy picture.
      expect(
        largestDifference(actual, bruteForce(source, width, height, view, rows, columns, 80)),
      ).toBeLessThan(2.5);
    },
  );

  it("shrinks along one axis while it enlarges along the other", () => {
    const source = Uint8Array.from([0, 100, 200, 40, 60, 80]);
    expect([...render(source, 3, 2, wholeImageView(3, 2), 4, 1)]).toEqual([100, 90, 70, 60]);
  });
});

describe("turned views", () => {
  it.each([
    [0.001, 48, 30],
    [10, 24, 30],
    [37, 40, 44],
    [180, 24, 24],
  ])("interpolates at %f degrees (side %i to %i)", (degrees, side, target) => {
    const source = smooth(30, 30);
    const view = turned(30, degrees, Math.min(side, target), 14, 17);
    const actual = render(source, 30, 30, view, target, target);
    const expected = Array.from({ length: target * target }, (_, i) => {
      const u = ((i % target) + 0.5) / target;
      const v = (Math.floor(i / target) + 0.5) / target;
      return bilinear(
        source,
        30,
        30,
        view.xx * u + view.xy * v + view.x0,
        view.yx * u + view.yy * v + view.y0,
      );
    });
    expect(largestDifference(actual, expected)).toBeLessThan(0.7);
  });

  it("turns by 90 degrees exactly", () => {
    const source = noise(9, 9);
    const actual = render(source, 9, 9, { xx: 0, xy: 9, x0: 0, yx: -9, yy: 0, y0: 9 }, 9, 9);
    for (let row = 0; row < 9; row++) {
      for (let column = 0; column < 9; column++) {
        expect(actual[row * 9 + column]).toBe(source[(8 - column) * 9 + row]);
      }
    }
  });

  it.each([
    [10, 2],
    [25, 3.4],
    [45, 5],
    [-70, 1.3],
  ])("averages areas at %f degrees when it shrinks %f times", (degrees, times) => {
    const source = smooth(80, 80);
    const view = turned(80, degrees, times * 12);
    const actual = render(source, 80, 80, view, 12, 12);
    expect(largestDifference(actual, bruteForce(source, 80, 80, view, 12, 12))).toBeLessThan(6);
  });

  it("removes what is too fine to be shown instead of turning it into patterns", () => {
    const stripes = Uint8Array.from({ length: 120 * 120 }, (_, i) => (i % 2 === 0 ? 0 : 255));
    const actual = render(stripes, 120, 120, turned(120, 5, 80), 20, 20);
    expect(largestDifference(actual, new Array(400).fill(127.5))).toBeLessThan(20);
  });

  it("meets the views along the axes as the angle goes to 0", () => {
    const source = noise(48, 48);
    for (const [side, size] of [
      [48, 84],
      [30, 48],
      [48, 24],
      [45, 15],
    ]) {
      const straight = render(source, 48, 48, turned(48, 0, side), size, size);
      const almost = render(source, 48, 48, turned(48, 1e-7, side), size, size);
      expect(largestDifference(almost, straight)).toBeLessThanOrEqual(1);
    }
  });
});

describe("any view", () => {
  it("never reads outside the source", () => {
    let reads = 0;
    let outside = 0;
    const source = new Proxy(new Uint8Array(30).fill(9), {
      get(bytes, key) {
        const index = typeof key === "string" ? Number(key) : Number.NaN;
        if (Number.isFinite(index)) {
          reads++;
          if (!(index >= 0 && index < 30)) outside++;
        }
        return Reflect.get(bytes, key, bytes);
      },
    });
    let state = 7;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 31 - 1;
    };
    for (let i = 0; i < 300; i++) {
      const reach = [3, 10, 40][i % 3];
      const straight = i % 4 === 0;
      const view: View = {
        xx: random() * reach,
        xy: straight ? 0 : random() * reach,
        x0: random() * reach,
        yx: straight ? 0 : random() * reach,
        yy: random() * reach,
        y0: random() * reach,
      };
      expect([...render(source, 6, 5, view, 7, 8)]).toEqual(new Array(56).fill(9));
    }
    expect(reads).toBeGreaterThan(10_000);
    expect(outside).toBe(0);
  });

  it("shows the edge's pixels where it looks far away from the picture", () => {
    const source = noise(6, 5);
    const far = { xx: 1e6, xy: 3, x0: 1e8, yx: -5, yy: 1e6, y0: -1e8 };
    expect([...render(source, 6, 5, far, 2, 1)]).toEqual([source[5], source[5]]);
    const straight = { ...far, xy: 0, yx: 0 };
    expect([...render(source, 6, 5, straight, 2, 1)]).toEqual([source[5], source[5]]);
  });

  it("shows the same part at any size", () => {
    const source = smooth(60, 60);
    const view = turned(60, 12, 44, 31, 27);
    const small = render(source, 60, 60, view, 24, 24);
    const large = render(source, 60, 60, view, 96, 96);
    expect(largestDifference(render(large, 96, 96, wholeImageView(96, 96), 24, 24), small)).toBeLessThan(6);
  });

  it("refuses what does not fit, in one sentence", () => {
    const source = new Uint8Array(12);
    const target = new Uint8Array(4);
    const view = wholeImageView(4, 3);
    expect(() => renderView(source, 4, 4, wholeImageView(4, 4), target, 2, 2)).toThrow(ViewError);
    expect(() => renderView(source, 4, 3, view, target, 2, 3)).toThrow("A view of 3x2 needs 6 bytes, not 4.");
    expect(() => renderView(source, 0, 3, view, target, 2, 2)).toThrow("from 1 to 32767, not 0x3");
    expect(() => renderView(source, 4, 3, { ...view, xy: Number.NaN }, target, 2, 2)).toThrow("finite");
    expect(() => renderView(source, 4, 3, { ...view, x0: 1e300 }, target, 2, 2)).toThrow("finite");
  });
});
