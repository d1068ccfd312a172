import { describe, expect, it } from "vitest";
import { mixImages, sampleMixup } from "./mixup.js";
import { createRandom } from "./random.js";

describe("mixImages", () => {
  it("mixes in place and rounds to the nearest byte", () => {
    const a = Uint8Array.of(0, 255, 10, 100, 7);
    const b = Uint8Array.of(255, 0, 20, 101, 7);
    mixImages(a, b, 0.75);
    expect([...a]).toEqual([64, 191, 13, 100, 7]);
    expect([...b]).toEqual([255, 0, 20, 101, 7]);
  });

  it("keeps either picture at the ends and refuses pictures of different sizes", () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const other = all.toReversed();
    const a = all.slice();
    mixImages(a, other, 1);
    expect(a).toEqual(all);
    mixImages(a, other, 0);
    expect(a).toEqual(other);
    expect(() => mixImages(a, new Uint8Array(3), 0.5)).toThrow(RangeError);
  });
});

describe("sampleMixup", () => {
  // Beta(a, a) has the mean 1/2 and the variance 1 / (4 (2a + 1)); its fourth central moment is
  // 3 / (16 (2a + 1) (2a + 3)).
  it.each([0.2, 0.4, 1, 2.5, 20])("has the moments of Beta(%f, %f)", (alpha) => {
    const random = createRandom(5, "mixup", String(alpha));
    const count = 40_000;
    let mean = 0;
    let variance = 0;
    let fourth = 0;
    for (let i = 0; i < count; i++) {
      const share = sampleMixup(alpha, random);
      expect(share >= 0 && share <= 1).toBe(true);
      mean += share / count;
      variance += (share - 0.5) ** 2 / count;
      fourth += (share - 0.5) ** 4 / count;
    }
    const trueVariance = 1 / (4 * (2 * alpha + 1));
    const trueFourth = 3 / (16 * (2 * alpha + 1) * (2 * alpha + 3));
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(trueVariance / count));
    expect(Math.abs(variance / trueVariance - 1)).toBeLessThan(0.04);
    expect(Math.abs(fourth / trueFourth - 1)).toBeLessThan(0.08);
  });

  it("is uniform for alpha 1", () => {
    const random = createRandom(6, "uniform");
    const bins = new Array(10).fill(0);
    for (let i = 0; i < 20_000; i++) bins[Math.min(Math.floor(10 * sampleMixup(1, random)), 9)]++;
    for (const bin of bins) expect(Math.abs(bin - 2000)).toBeLessThan(200);
  });

  it("does not mix for alpha 0 and stays a number for the smallest alpha", () => {
    const random = createRandom(7, "small");
    expect(sampleMixup(0, random)).toBe(1);
    for (let i = 0; i < 200; i++) {
      const share = sampleMixup(1e-6, random);
      expect(share === 0 || share === 1 || (share > 0 && share < 1)).toBe(true);
    }
  });
});
