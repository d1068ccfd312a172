import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { compressInPlace } from "./jpeg.js";
import { createRandom } from "./random.js";

// libjpeg by way of the command's picture library, which this package itself does not need.
const sharp = createRequire(new URL("../../cli/package.json", import.meta.url))("sharp");

const size = 48;
const random = createRandom(1, "picture");
const picture = Uint8Array.from({ length: size * size }, (_, i) => {
  const [x, y] = [i % size, Math.floor(i / size)];
  const value = 128 + 60 * Math.sin(x / 4) + 45 * Math.cos((x + 2 * y) / 7) + 8 * random.normal();
  return Math.min(Math.max(Math.round(value), 0), 255);
});

const meanDifference = (a: Uint8Array, b: Uint8Array) =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;

describe("compressInPlace", () => {
  it.each([20, 50, 80, 95])("leaves what libjpeg leaves at quality %i", async (quality) => {
    const bytes = await sharp(picture, { raw: { width: size, height: size, channels: 1 } })
      .jpeg({ quality, optimiseCoding: false })
      .toBuffer();
    const expected = new Uint8Array(await sharp(bytes).extractChannel(0).raw().toBuffer());
    const actual = picture.slice();
    compressInPlace(actual, size, quality);
    expect(meanDifference(picture, expected)).toBeGreaterThan(1);
    // libjpeg works in integers, and rounds now and then to the other side.
    expect(meanDifference(actual, expected)).toBeLessThan(0.5);
  });

  it("takes sides that are no multiple of eight", () => {
    const odd = picture.slice(0, 45 * 45);
    const actual = odd.slice();
    compressInPlace(actual, 45, 100);
    expect(meanDifference(actual, odd)).toBeLessThan(1);
    compressInPlace(actual, 45, 5);
    expect(meanDifference(actual, odd)).toBeGreaterThan(5);
  });
});
