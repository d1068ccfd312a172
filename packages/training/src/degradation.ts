import { renderView, wholeImageView } from "microexpnet/internal";
import { compressInPlace } from "./jpeg.js";
import { createRandom } from "./random.js";

/** Damage to a picture before a view of it is taken, so that it is the same in views of every size. */
export interface Degradation {
  /** Standard deviation of a Gaussian blur as a share of the picture's side, up to 0.1. */
  readonly blur?: number;
  /** The picture is first reduced to this share of its side, 0..1, and enlarged again. */
  readonly lowResolution?: number;
  /** Standard deviation of normal noise in grey levels. */
  readonly noise?: number;
  /** Seed of the noise. */
  readonly noiseSeed?: number;
  /** The picture is stored as a JPEG of this quality, 1..100, and read again. */
  readonly jpegQuality?: number;
}

/** Grown when a larger picture comes along, so that a sample allocates no pictures. */
let damaged = new Uint8Array(0);
let reduced = new Uint8Array(0);
let sideways = new Float32Array(0);

/**
 * A square picture after reduction, blur, noise and JPEG, in this order.
 *
 * @param source size * size grey bytes, left as they are
 * @returns the source itself where nothing is to be done, otherwise an array that the next call overwrites
 */
export function degrade(source: Uint8Array, size: number, degradation: Degradation): Uint8Array {
  const { blur = 0, lowResolution = 1, noise = 0, noiseSeed = 0, jpegQuality } = degradation;
  if (!(blur > 0) && !(lowResolution < 1) && !(noise > 0) && jpegQuality === undefined) return source;
  const length = size * size;
  if (damaged.length < length) {
    damaged = new Uint8Array(length);
    reduced = new Uint8Array(length);
    sideways = new Float32Array(length);
  }
  if (lowResolution < 1) {
    const side = Math.max(Math.round(size * lowResolution), 1);
    renderView(source, size, size, wholeImageView(size, size), reduced, side, side);
    renderView(reduced, side, side, wholeImageView(side, side), damaged, size, size);
  } else {
    damaged.set(length === source.length ? source : source.subarray(0, length));
  }
  if (blur > 0) blurInPlace(damaged, size, blur * size);
  if (noise > 0) addNoise(damaged, length, noise, noiseSeed);
  if (jpegQuality !== undefined) compressInPlace(damaged, size, jpegQuality);
  return damaged;
}

/** Separable Gaussian over 3 deviations to either side; the picture's edge pixels go on outside it. */
function blurInPlace(picture: Uint8Array, size: number, deviation: number): void {
  const radius = Math.max(Math.ceil(3 * deviation), 1);
  const weights = new Float64Array(2 * radius + 1);
  let total = 0;
  for (let i = -radius; i <= radius; i++) {
    weights[i + radius] = Math.exp((-i * i) / (2 * deviation * deviation));
    total += weights[i + radius];
  }
  for (let i = 0; i < weights.length; i++) weights[i] /= total;
  const inside = (position: number) => Math.min(Math.max(position, 0), size - 1);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let sum = 0;
      for (let i = -radius; i <= radius; i++) {
        sum += weights[i + radius] * picture[row * size + inside(column + i)];
      }
      sideways[row * size + column] = sum;
    }
  }
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let sum = 0;
      for (let i = -radius; i <= radius; i++) {
        sum += weights[i + radius] * sideways[inside(row + i) * size + column];
      }
      picture[row * size + column] = (sum + 0.5) | 0;
    }
  }
}

function addNoise(picture: Uint8Array, length: number, deviation: number, seed: number): void {
  const random = createRandom(seed, "noise");
  for (let i = 0; i < length; i++) {
    const value = picture[i] + deviation * random.normal();
    picture[i] = value < 0 ? 0 : value > 255 ? 255 : Math.round(value);
  }
}
