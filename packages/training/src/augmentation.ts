import { renderView, type View } from "microexpnet/internal";
import { type Degradation, degrade } from "./degradation.js";
import type { Random } from "./random.js";

/** How much training pictures vary; whatever is left out does not vary. */
export interface AugmentationOptions {
  /** Mirrors half of the views. */
  readonly flip?: boolean;
  /** Largest shift along each axis, as a share of the picture's side. */
  readonly shift?: number;
  /** The side of the view varies from 1 - scale to 1 + scale times the picture's; below 1. */
  readonly scale?: number;
  /** Largest turn to either side in degrees. */
  readonly rotation?: number;
  /** Grey values are multiplied by 1 - brightness to 1 + brightness. */
  readonly brightness?: number;
  /** Differences from middle grey are multiplied by 1 - contrast to 1 + contrast. */
  readonly contrast?: number;
  /** Probability of a grey rectangle over 2 to 25 % of the view (Zhong et al., arXiv 1708.04896). */
  readonly erasing?: number;
  /** Each view is one of the paper's eight crops, see `paperCropViews`; shift, scale and rotation move it. */
  readonly paperCrops?: boolean;
  /** Probability of a Gaussian blur with a deviation of up to 2 % of the picture's side. */
  readonly blur?: number;
  /** Probability that the picture is first reduced to between a quarter and three quarters of its side. */
  readonly lowResolution?: number;
  /** Largest standard deviation of the noise in grey levels. */
  readonly noise?: number;
  /** Probability that the picture is stored as a JPEG of a quality from 20 to 80 before. */
  readonly jpeg?: number;
}

/** A rectangle of one grey value 0..255; the rest are shares of the view's sides. */
export interface ErasedArea {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly grey: number;
}

/**
 * One augmented look at a square picture. It holds nothing in output pixels, so that a teacher and a student
 * of different input sizes see the same crop, light, damage and erased area.
 */
export interface SampledView extends Degradation {
  readonly view: View;
  /** A grey value becomes value * gain + bias. */
  readonly gain: number;
  readonly bias: number;
  readonly erase?: ErasedArea;
}

export type AugmentationPreset =
  | "none"
  | "paper"
  | "slight"
  | "gentle"
  | "camera"
  | "default"
  | "wild"
  | "strong";

export const augmentationPresets: Readonly<Record<AugmentationPreset, AugmentationOptions>> = {
  none: {},
  paper: { paperCrops: true },
  slight: { flip: true, rotation: 4, scale: 0.04, shift: 0.03, brightness: 0.2, contrast: 0.2 },
  gentle: { flip: true, rotation: 8, scale: 0.08, shift: 0.05, brightness: 0.25, contrast: 0.25 },
  // What a detector's crop and a camera vary.
  camera: {
    flip: true,
    rotation: 10,
    scale: 0.1,
    shift: 0.06,
    brightness: 0.3,
    contrast: 0.3,
    erasing: 0.05,
    blur: 0.08,
    lowResolution: 0.08,
    noise: 2,
    jpeg: 0.08,
  },
  default: { flip: true, rotation: 14, scale: 0.15, shift: 0.12, brightness: 0.25, contrast: 0.25 },
  wild: {
    flip: true,
    rotation: 14,
    scale: 0.15,
    shift: 0.1,
    brightness: 0.3,
    contrast: 0.3,
    erasing: 0.15,
    blur: 0.1,
    lowResolution: 0.1,
    noise: 3,
    jpeg: 0.1,
  },
  strong: {
    flip: true,
    rotation: 20,
    scale: 0.2,
    shift: 0.15,
    brightness: 0.35,
    contrast: 0.35,
    erasing: 0.3,
    blur: 0.15,
    lowResolution: 0.15,
    noise: 6,
  },
};

/** Left and top of the paper's crops in 256ths of the side, in the authors' order. */
const paperCropCorners: readonly (readonly [left: number, top: number])[] = [
  [0, 0],
  [5, 0],
  [32, 0],
  [0, 5],
  [0, 32],
  [5, 5],
  [32, 32],
  [32, 5],
];
const paperCropShare = 224 / 256;

/**
 * The paper's eight crops of a square picture: 224 of 256 pixels, from offsets 0, 5 and 32 along each axis,
 * without (5, 32), as the authors' published code cuts them; it does not mirror any.
 */
export const paperCropViews = (size: number): View[] =>
  paperCropCorners.map(([left, top]) => ({
    xx: size * paperCropShare,
    xy: 0,
    x0: (size * left) / 256,
    yx: 0,
    yy: size * paperCropShare,
    y0: (size * top) / 256,
  }));

const between = (random: Random, amount: number | undefined) =>
  amount ? random.uniform(-amount, amount) : 0;

const happens = (random: Random, probability: number | undefined) =>
  probability !== undefined && probability > 0 && random.next() < probability;

/** A rectangle of 2 to 25 % of the area, its sides at most 1 to 3. */
function sampleErasedArea(random: Random): ErasedArea {
  const area = random.uniform(0.02, 0.25);
  const aspect = Math.exp(random.uniform(-Math.log(3), Math.log(3)));
  const width = Math.min(Math.sqrt(area * aspect), 1);
  const height = Math.min(Math.sqrt(area / aspect), 1);
  return {
    left: random.uniform(0, 1 - width),
    top: random.uniform(0, 1 - height),
    width,
    height,
    grey: random.integer(256),
  };
}

/**
 * Draws one look at a square picture. The same stream of random numbers gives the same look.
 *
 * @param size side of the picture in pixels
 */
export function sampleView(options: AugmentationOptions, size: number, random: Random): SampledView {
  let side = 1;
  let centreX = 0.5;
  let centreY = 0.5;
  if (options.paperCrops) {
    const [left, top] = paperCropCorners[random.integer(paperCropCorners.length)];
    side = paperCropShare;
    centreX = left / 256 + side / 2;
    centreY = top / 256 + side / 2;
  }
  const mirror = options.flip && random.next() < 0.5 ? -1 : 1;
  const angle = (between(random, options.rotation) * Math.PI) / 180;
  const length = size * side * (1 + between(random, options.scale));
  centreX = size * (centreX + between(random, options.shift));
  centreY = size * (centreY + between(random, options.shift));
  const cosine = Math.cos(angle) * length;
  const sine = Math.sin(angle) * length;
  const xx = cosine * mirror;
  const yx = sine * mirror;
  const view: View = {
    xx,
    xy: -sine,
    x0: centreX - (xx - sine) / 2,
    yx,
    yy: cosine,
    y0: centreY - (yx + cosine) / 2,
  };
  const brightness = 1 + between(random, options.brightness);
  const contrast = 1 + between(random, options.contrast);
  return {
    view,
    gain: contrast * brightness,
    bias: 127.5 * (1 - contrast) * brightness,
    ...(happens(random, options.erasing) && { erase: sampleErasedArea(random) }),
    ...(happens(random, options.blur) && { blur: random.uniform(0.004, 0.02) }),
    ...(happens(random, options.lowResolution) && { lowResolution: random.uniform(0.25, 0.75) }),
    ...(options.noise && {
      noise: random.uniform(0, options.noise),
      noiseSeed: random.integer(0x100000000),
    }),
    ...(happens(random, options.jpeg) && { jpegQuality: 20 + random.integer(61) }),
  };
}

/** Every byte after gain and bias; filled for each sample. */
const litBytes = new Uint8ClampedArray(256);

/**
 * Draws a sampled look at a picture: damage, crop, light, erased area, in this order, as bytes.
 *
 * @param source size * size grey bytes
 * @param target height * width bytes, overwritten
 * @throws ViewError when an array is too short
 */
export function renderSample(
  source: Uint8Array,
  size: number,
  sample: SampledView,
  target: Uint8Array,
  height: number,
  width: number,
): void {
  const picture = degrade(source, size, sample);
  if (height === size && width === size && showsWhole(sample.view, size)) {
    // Drawn at its own size, a whole picture is itself.
    target.set(picture.length > size * size ? picture.subarray(0, size * size) : picture);
  } else {
    renderView(picture, size, size, sample.view, target, height, width);
  }
  const { gain, bias, erase } = sample;
  if (gain !== 1 || bias !== 0) {
    for (let value = 0; value < 256; value++) litBytes[value] = value * gain + bias;
    const end = height * width;
    for (let i = 0; i < end; i++) target[i] = litBytes[target[i]];
  }
  if (erase) {
    // The pixels whose centres lie inside.
    const left = Math.max(Math.ceil(erase.left * width - 0.5), 0);
    const right = Math.min(Math.ceil((erase.left + erase.width) * width - 0.5), width);
    const top = Math.max(Math.ceil(erase.top * height - 0.5), 0);
    const bottom = Math.min(Math.ceil((erase.top + erase.height) * height - 0.5), height);
    for (let row = top; row < bottom; row++) target.fill(erase.grey, row * width + left, row * width + right);
  }
}

const showsWhole = ({ xx, xy, x0, yx, yy, y0 }: View, size: number): boolean =>
  xx === size && yy === size && xy === 0 && yx === 0 && x0 === 0 && y0 === 0;
