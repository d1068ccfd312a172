import { expect, it } from "vitest";
import type { Box, Picture } from "./picture.js";
import { scaleColour } from "./scale-colour.js";
import { renderView } from "./view.js";

function draw(width: number, height: number, channels: 1 | 3 | 4): Picture {
  let state = width * 31 + height;
  const data = Uint8Array.from({ length: width * height * channels }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  return { data, width, height, channels };
}

it.each([
  [64, 48, [0, 0, 64, 48], 12, 16],
  [37, 29, [0, 0, 37, 29], 10, 13],
  [37, 29, [3.5, 2.25, 20.5, 19], 9, 9],
  [10, 8, [0, 0, 10, 8], 31, 40],
  [5, 50, [0, 0, 5, 50], 7, 11],
] as [number, number, Box, number, number][])(
  "draws each colour as renderView draws grey (%ix%i)",
  (width, height, region, rows, columns) => {
    for (const channels of [1, 3, 4] as const) {
      const picture = draw(width, height, channels);
      const target = new Uint8Array(rows * columns * 3);
      scaleColour(picture, region, target, rows, columns);
      const [x0, y0, xx, yy] = region;
      for (let colour = 0; colour < 3; colour++) {
        const channel = channels === 1 ? 0 : colour;
        const plane = Uint8Array.from(
          { length: width * height },
          (_, i) => picture.data[i * channels + channel],
        );
        const expected = new Uint8Array(rows * columns);
        renderView(plane, width, height, { xx, xy: 0, x0, yx: 0, yy, y0 }, expected, rows, columns);
        for (const [i, value] of expected.entries()) {
          expect(Math.abs(target[i * 3 + colour] - value)).toBeLessThanOrEqual(1);
        }
      }
    }
  },
);
