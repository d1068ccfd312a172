import { expect, it } from "vitest";
import { drawGreyView, faceView, ferPlusCrop } from "./crop.js";
import type { Detection } from "./detection.js";
import type { Picture } from "./picture.js";
import { renderView, type View } from "./view.js";

const through = (view: View, [u, v]: readonly number[]) => [
  view.xx * u + view.xy * v + view.x0,
  view.yx * u + view.yy * v + view.y0,
];

const face = (left: readonly [number, number], right: readonly [number, number]): Detection => ({
  box: [left[0] - 50, left[1] - 50, 150, 150],
  score: 1,
  landmarks: { leftEye: left, rightEye: right, nose: left, mouth: left, leftEar: left, rightEar: right },
});

it.each([1, 0.8, 1.5])("puts the eyes where the geometry has them, undistorted, at aspect %f", (aspect) => {
  const crop = { source: "eyes", leftEye: [0.3, 0.4], rightEye: [0.75, 0.35] } as const;
  const detection = face([100, 120], [155, 140]);
  const view = faceView(detection, crop, aspect);
  const [x, y] = through(view, crop.leftEye);
  expect([x, y]).toEqual([expect.closeTo(100, 9), expect.closeTo(120, 9)]);
  const [x2, y2] = through(view, crop.rightEye);
  expect([x2, y2]).toEqual([expect.closeTo(155, 9), expect.closeTo(140, 9)]);
  // A turn and a scale alone: both axes are perpendicular and equally long for each share of the width.
  expect(view.xx * view.xy + view.yx * view.yy).toBeCloseTo(0, 9);
  expect(Math.hypot(view.xy, view.yy)).toBeCloseTo(aspect * Math.hypot(view.xx, view.yx), 9);
});

it("takes the box where the eyes say nothing of the size, and the box itself where it is exact", () => {
  const aside = face([100, 120], [110, 120]);
  const { landmarks: _, ...boxAlone } = aside;
  expect(faceView(aside, ferPlusCrop)).toEqual(faceView(boxAlone, ferPlusCrop));
  const side = Math.hypot(faceView(boxAlone, ferPlusCrop).xx, faceView(boxAlone, ferPlusCrop).yx);
  // The measured boxes are 0.88 of the FER+ pictures' side.
  expect(150 / side).toBeCloseTo(0.88, 1);
  expect(faceView({ ...boxAlone, exact: true }, ferPlusCrop)).toEqual({
    xx: 150,
    xy: 0,
    x0: 50,
    yx: 0,
    yy: 150,
    y0: 70,
  });
});

it("moves, turns and scales a face that fits the three points onto them, and else comes as near as can be", () => {
  const crop = { source: "eyes", leftEye: [0.3, 0.4], rightEye: [0.7, 0.38], mouth: [0.5, 0.8] } as const;
  const truth = { xx: 90, xy: -30, x0: 12, yx: 30, yy: 90, y0: -5 };
  const place = (point: readonly number[]) => through(truth, point) as [number, number];
  const fits = face(place(crop.leftEye), place(crop.rightEye));
  const withMouth = (mouth: readonly [number, number]) => ({
    ...fits,
    landmarks: { ...fits.landmarks!, mouth },
  });
  const exact = faceView(withMouth(place(crop.mouth)), crop);
  for (const [name, value] of Object.entries(truth)) expect(exact[name as keyof View]).toBeCloseTo(value, 9);
  const [x, y] = place(crop.mouth);
  const off = withMouth([x + 8, y - 5]);
  const error = (view: View) =>
    (
      [
        ["leftEye", "leftEye"],
        ["rightEye", "rightEye"],
        ["mouth", "mouth"],
      ] as const
    ).reduce((sum, [a, b]) => {
      const [u, v] = through(view, crop[a]);
      return sum + (u - off.landmarks![b][0]) ** 2 + (v - off.landmarks![b][1]) ** 2;
    }, 0);
  const best = faceView(off, crop);
  for (const [dx, dy, turn, scale] of [
    [0.5, 0, 0, 1],
    [0, -0.5, 0, 1],
    [0, 0, 0.01, 1],
    [0, 0, 0, 1.01],
    [0, 0, -0.01, 0.99],
  ]) {
    const [c, s] = [Math.cos(turn) * scale, Math.sin(turn) * scale];
    const { xx, yx } = best;
    const other = {
      xx: c * xx - s * yx,
      yx: s * xx + c * yx,
      xy: -(s * xx + c * yx),
      yy: c * xx - s * yx,
      x0: 0,
      y0: 0,
    };
    const [u, v] = through(best, [0.5, 0.5267]);
    const [u2, v2] = through(other, [0.5, 0.5267]);
    expect(error({ ...other, x0: u - u2 + dx, y0: v - v2 + dy })).toBeGreaterThan(error(best));
  }
});

it("uses the geometry of FER+ for models that state none", () => {
  const detection = face([100, 120], [155, 140]);
  expect(faceView(detection, { source: "whole-image" })).toEqual(faceView(detection, ferPlusCrop));
});

/** Smooth colours, so that two ways of averaging agree. */
function smoothPicture(width: number, height: number, channels: 1 | 3 | 4): Picture {
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        data[(y * width + x) * channels + c] =
          128 + 100 * Math.sin((x + 30 * c) / 25) * Math.cos((y - 20 * c) / 31);
      }
    }
  }
  return { data, width, height, channels };
}

it.each([
  [0, 40],
  [20, 40],
  [-35, 150],
  [8, 220],
])("draws the view as the whole picture in grey would (%i degrees, %i pixels)", (angle, side) => {
  for (const channels of [1, 3, 4] as const) {
    const picture = smoothPicture(320, 280, channels);
    const grey = Uint8Array.from({ length: 320 * 280 }, (_, i) => {
      const [r, g, b] = [0, 1, 2].map((c) => picture.data[i * channels + (channels === 1 ? 0 : c)]);
      return Math.floor((299 * r + 587 * g + 114 * b + 500) / 1000);
    });
    const [cos, sin] = [Math.cos((angle * Math.PI) / 180) * side, Math.sin((angle * Math.PI) / 180) * side];
    const view = {
      xx: cos,
      xy: -sin,
      x0: 160 - (cos - sin) / 2,
      yx: sin,
      yy: cos,
      y0: 140 - (sin + cos) / 2,
    };
    const [actual, expected] = [new Uint8Array(48 * 48), new Uint8Array(48 * 48)];
    drawGreyView(picture, view, actual, 48, 48);
    renderView(grey, 320, 280, view, expected, 48, 48);
    const furthest = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
    expect(furthest).toBeLessThanOrEqual(side < 100 ? 1 : 2);
  }
});

it("reaches beyond the picture without reading there", () => {
  const picture = smoothPicture(20, 10, 3);
  const target = new Uint8Array(16);
  for (const x0 of [-500, -15, 15, 500]) {
    drawGreyView(picture, { xx: 30, xy: 3, x0, yx: -3, yy: 30, y0: x0 }, target, 4, 4);
    expect(Math.min(...target)).toBeGreaterThan(20);
  }
});
