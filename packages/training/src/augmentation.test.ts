import { renderView, wholeImageView } from "microexpnet/internal";
import { describe, expect, it } from "vitest";
import {
  type AugmentationOptions,
  augmentationPresets,
  paperCropViews,
  renderSample,
  type SampledView,
  sampleView,
} from "./augmentation.js";
import { createRandom } from "./random.js";

const size = 48;
const smooth = Uint8Array.from({ length: size * size }, (_, i) =>
  Math.round(128 + 55 * Math.sin((i % size) / 5) + 55 * Math.cos(Math.floor(i / size) / 6)),
);
const noisy = (() => {
  const random = createRandom(1, "picture");
  return Uint8Array.from({ length: size * size }, () => random.integer(256));
})();

function render(source: Uint8Array, sample: SampledView, side: number): Uint8Array {
  const target = new Uint8Array(side * side);
  renderSample(source, size, sample, target, side, side);
  return target;
}

const plain = (options: AugmentationOptions, seed: number) =>
  sampleView(options, size, createRandom(seed, "view"));

/** Where a share of the view lies in the picture. */
const pointOf = ({ view }: SampledView, u: number, v: number) => [
  view.xx * u + view.xy * v + view.x0,
  view.yx * u + view.yy * v + view.y0,
];

const deviation = (values: ArrayLike<number>) => {
  const list = Array.from(values);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  return Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length);
};

describe("sampleView", () => {
  it("changes nothing without options", () => {
    const sample = plain(augmentationPresets.none, 1);
    expect(render(noisy, sample, size)).toEqual(noisy);
    const expected = new Uint8Array(84 * 84);
    renderView(noisy, size, size, wholeImageView(size, size), expected, 84, 84);
    expect(render(noisy, sample, 84)).toEqual(expected);
  });

  it("draws the same look from the same stream and another from another", () => {
    expect(plain(augmentationPresets.strong, 3)).toEqual(plain(augmentationPresets.strong, 3));
    expect(plain(augmentationPresets.default, 3)).not.toEqual(plain(augmentationPresets.default, 4));
  });

  it("keeps to its ranges, reaches towards their ends and flips half of the views", () => {
    const options: AugmentationOptions = { flip: true, shift: 0.1, scale: 0.2, rotation: 14 };
    let flips = 0;
    const reached = { shift: 0, small: 9, large: 0, angle: 0 };
    for (let seed = 0; seed < 1000; seed++) {
      const sample = plain(options, seed);
      const { xx, xy, yx, yy } = sample.view;
      const side = Math.hypot(xy, yy);
      // Neither stretched nor sheared.
      expect(Math.hypot(xx, yx)).toBeCloseTo(side, 9);
      expect(xx * xy + yx * yy).toBeCloseTo(0, 9);
      if (xx * yy - xy * yx < 0) flips++;
      const [x, y] = pointOf(sample, 0.5, 0.5);
      for (const offset of [x / size - 0.5, y / size - 0.5]) {
        expect(Math.abs(offset)).toBeLessThanOrEqual(0.1 + 1e-12);
        reached.shift = Math.max(reached.shift, Math.abs(offset));
      }
      expect(Math.abs(side / size - 1)).toBeLessThanOrEqual(0.2 + 1e-12);
      reached.small = Math.min(reached.small, side / size);
      reached.large = Math.max(reached.large, side / size);
      const angle = Math.abs((Math.atan2(-xy, yy) * 180) / Math.PI);
      expect(angle).toBeLessThanOrEqual(14 + 1e-9);
      reached.angle = Math.max(reached.angle, angle);
    }
    expect(Math.abs(flips - 500)).toBeLessThan(70);
    expect(reached.shift).toBeGreaterThan(0.099);
    expect(reached.small).toBeLessThan(0.81);
    expect(reached.large).toBeGreaterThan(1.19);
    expect(reached.angle).toBeGreaterThan(13.8);
  });

  it("mirrors about the middle", () => {
    const flipped = Array.from({ length: 20 }, (_, seed) => plain({ flip: true }, seed)).find(
      ({ view }) => view.xx < 0,
    ) as SampledView;
    const actual = render(noisy, flipped, size);
    for (let i = 0; i < size * size; i++) {
      expect(actual[i]).toBe(noisy[i - (i % size) + size - 1 - (i % size)]);
    }
  });

  it("cuts the paper's eight crops and no others", () => {
    // Offsets (left, top) of the 224-pixel windows in a 256-pixel picture: authors' Preprocessing.py.
    const windows = ["0,0", "5,0", "32,0", "0,5", "0,32", "5,5", "32,32", "32,5"];
    expect(paperCropViews(256).map((view) => `${view.x0},${view.y0}`)).toEqual(windows);
    for (const view of paperCropViews(256))
      expect([view.xx, view.yy, view.xy, view.yx]).toEqual([224, 224, 0, 0]);
    const seen = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const { view } = sampleView(augmentationPresets.paper, 256, createRandom(seed));
      expect(view.xx).toBeCloseTo(224, 9);
      expect(view.xy).toBeCloseTo(0, 9);
      seen.add(`${Math.round(view.x0 * 1000) / 1000},${Math.round(view.y0 * 1000) / 1000}`);
    }
    expect([...seen].sort()).toEqual([...windows].sort());
  });

  it("erases, blurs, reduces and compresses as often as it is asked to", () => {
    const options: AugmentationOptions = { erasing: 0.3, blur: 0.5, lowResolution: 0.1, noise: 9, jpeg: 0.2 };
    const counts = { erase: 0, blur: 0, lowResolution: 0, jpegQuality: 0 };
    for (let seed = 0; seed < 2000; seed++) {
      const sample = plain(options, seed);
      if (sample.erase) {
        const { left, top, width, height } = sample.erase;
        expect(width * height).toBeGreaterThan(0.019);
        expect(width * height).toBeLessThan(0.251);
        expect(Math.min(left, top, 1 - left - width, 1 - top - height)).toBeGreaterThan(-1e-9);
      }
      for (const name of ["erase", "blur", "lowResolution", "jpegQuality"] as const)
        if (sample[name]) counts[name]++;
      expect(sample.noise).toBeLessThan(9);
      expect(sample.jpegQuality ?? 50).toBeGreaterThanOrEqual(20);
      expect(sample.jpegQuality ?? 50).toBeLessThanOrEqual(80);
    }
    expect(Math.abs(counts.erase - 600)).toBeLessThan(90);
    expect(Math.abs(counts.blur - 1000)).toBeLessThan(100);
    expect(Math.abs(counts.lowResolution - 200)).toBeLessThan(60);
    expect(Math.abs(counts.jpegQuality - 400)).toBeLessThan(80);
  });
});

describe("renderSample", () => {
  const still = plain({}, 1);

  it("changes the light about middle grey and keeps within a byte", () => {
    const sample = { ...still, gain: 1.5, bias: -80 };
    const expected = noisy.map((value) => Math.round(Math.min(Math.max(value * 1.5 - 80, 0), 255)));
    const actual = render(noisy, sample, size);
    for (let i = 0; i < expected.length; i++)
      expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(
        // Halves may go either way.
        noisy[i] % 2 === 1 ? 1 : 0,
      );
    for (let seed = 0; seed < 100; seed++) {
      const { gain, bias } = plain({ contrast: 0.4 }, seed);
      expect(gain * 127.5 + bias).toBeCloseTo(127.5, 9);
      expect(Math.abs(gain - 1)).toBeLessThanOrEqual(0.4);
      const bright = plain({ brightness: 0.4 }, seed);
      expect(bright.bias).toBe(0);
      expect(Math.abs(bright.gain - 1)).toBeLessThanOrEqual(0.4);
    }
  });

  it("shows a whole picture at its own size as the view's drawing does", () => {
    const drawn = new Uint8Array(size * size);
    renderView(noisy, size, size, wholeImageView(size, size), drawn, size, size);
    expect(render(noisy, { ...still, view: wholeImageView(size, size) }, size)).toEqual(drawn);
    expect(drawn).toEqual(noisy);
    // A view that differs in one number is drawn.
    for (const name of ["xx", "xy", "x0", "yx", "yy", "y0"] as const) {
      const view = { ...wholeImageView(size, size), [name]: 20 };
      expect(render(noisy, { ...still, view }, size), name).not.toEqual(noisy);
    }
  });

  it("erases the pixels whose centres lie inside", () => {
    const erase = { left: 0.25, top: 0.5, width: 0.5, height: 0.125, grey: 200 };
    const target = new Uint8Array(8 * 4);
    renderSample(new Uint8Array(size * size), size, { ...still, erase }, target, 8, 4);
    for (let row = 0; row < 8; row++) {
      const expected = row === 4 ? [0, 200, 200, 0] : [0, 0, 0, 0];
      expect([...target.subarray(row * 4, row * 4 + 4)]).toEqual(expected);
    }
  });

  it("blurs, reduces and adds noise without touching the source", () => {
    const before = noisy.slice();
    const original = deviation(noisy);
    expect(deviation(render(noisy, { ...still, blur: 0.02 }, size))).toBeLessThan(0.5 * original);
    expect(deviation(render(noisy, { ...still, lowResolution: 0.25 }, size))).toBeLessThan(0.4 * original);
    const grey = new Uint8Array(size * size).fill(128);
    const noise = render(grey, { ...still, noise: 7, noiseSeed: 11 }, size);
    expect(Math.abs(deviation(noise) - 7)).toBeLessThan(0.5);
    expect(render(grey, { ...still, noise: 7, noiseSeed: 11 }, size)).toEqual(noise);
    expect(render(grey, { ...still, noise: 7, noiseSeed: 12 }, size)).not.toEqual(noise);
    for (const damage of [{ blur: 0.05 }, { lowResolution: 0.3 }, {}]) {
      expect(render(grey, { ...still, ...damage }, size)).toEqual(grey);
    }
    expect(noisy).toEqual(before);
  });

  it("blurs a point into a Gaussian", () => {
    const point = new Uint8Array(size * size);
    point[24 * size + 24] = 255;
    const deviationInPixels = 1.2;
    const actual = render(point, { ...still, blur: deviationInPixels / size }, size);
    const along = Array.from({ length: size }, (_, i) => Math.exp(-((i - 24) ** 2) / (2 * 1.2 ** 2)));
    const total = along.reduce((a, b) => a + b, 0);
    for (let i = 0; i < size * size; i++) {
      const expected = (255 * along[i % size] * along[Math.floor(i / size)]) / total ** 2;
      expect(Math.abs(actual[i] - expected)).toBeLessThan(0.8);
    }
  });

  it("shows a teacher and a student of different input sizes the same picture", () => {
    for (let seed = 0; seed < 60; seed++) {
      const sample = plain({ ...augmentationPresets.strong, erasing: 0, noise: 2 }, seed);
      const large = render(smooth, sample, 144);
      const small = render(smooth, sample, 48);
      const reduced = new Uint8Array(48 * 48);
      renderView(large, 144, 144, wholeImageView(144, 144), reduced, 48, 48);
      let difference = 0;
      for (let i = 0; i < 48 * 48; i++) difference += Math.abs(small[i] - reduced[i]) / (48 * 48);
      expect(difference, `look ${seed}`).toBeLessThan(1.5);
    }
    const erase = { left: 0.2, top: 0.3, width: 0.4, height: 0.25, grey: 0 };
    const share = (side: number) =>
      render(new Uint8Array(size * size).fill(255), { ...still, erase }, side).filter((value) => value === 0)
        .length /
      (side * side);
    expect(Math.abs(share(48) - 0.1)).toBeLessThan(0.01);
    expect(Math.abs(share(84) - 0.1)).toBeLessThan(0.01);
  });
});
