import { createRandom, type Random } from "../random.js";
import { type Act, actExpression } from "./acting.js";
import { Canvas } from "./canvas.js";
import { drawGlasses, drawOcclusion } from "./draw-accessories.js";
import { drawEyes } from "./draw-eyes.js";
import { drawHair, drawHead } from "./draw-head.js";
import { drawMouth, jawDrop } from "./draw-mouth.js";
import { drawNose } from "./draw-nose.js";
import { type Expression, expressionLabels } from "./expressions.js";
import { drawPerson, type Person } from "./person.js";
import { drawScene, type Scene } from "./scene.js";
import { Sketch } from "./sketch.js";

export interface SyntheticFaceOptions {
  /** Chooses the whole world of people; default 1. */
  seed?: number;
  /** Which person, 0 or more. */
  subject: number;
  /** Which picture of the person, 0 or more. */
  image: number;
  /** Side of the picture in pixels; default 64. */
  size?: number;
  /** The expression; by default the one that `expressionOf` gives. */
  expression?: Expression;
  /** Strength of the expression, 0..1; by default drawn from 0.3..1. */
  strength?: number;
}

export interface SyntheticFace extends Act {
  /** size * size grey bytes 0..255, row after row. */
  readonly pixels: Uint8Array;
  readonly size: number;
  readonly expression: Expression;
}

/** The index into `expressionLabels` of a person's picture: each eight pictures hold every expression once. */
export function expressionOf(subject: number, image: number): number {
  // Persons start at different expressions, which keeps numbers of pictures not divisible by 8 balanced.
  return (image + 5 * subject) % expressionLabels.length;
}

/**
 * Draws one face. The picture depends on the options alone; the person on the seed and subject alone.
 *
 * @throws RangeError where the size, the subject or the image is not a usable whole number, or the strength
 *   lies outside of 0..1.
 */
export function drawSyntheticFace(options: SyntheticFaceOptions): SyntheticFace {
  const { seed = 1, subject, image, size = 64 } = options;
  requireWhole(size, 16, "size");
  requireWhole(subject, 0, "subject");
  requireWhole(image, 0, "image");
  if (options.strength !== undefined && !(options.strength >= 0 && options.strength <= 1)) {
    throw new RangeError(`The synthetic faces' strength must be 0 to 1, not ${options.strength}.`);
  }
  const expression = options.expression ?? expressionLabels[expressionOf(subject, image)];
  const person = drawPerson(createRandom(seed, "synthetic person", subject));
  // One stream for each matter, so that another expression leaves light, pose and noise as they are.
  const stream = (matter: string) => createRandom(seed, `synthetic ${matter}`, subject, image);
  const act = actExpression(person, expression, stream("acting"), options.strength);
  const pixels = render(person, act, drawScene(stream("scene")), size, stream("noise"));
  return { ...act, expression, size, pixels };
}

function render(person: Person, { action }: Act, scene: Scene, size: number, noise: Random): Uint8Array {
  const canvas = new Canvas(size);
  const sketch = new Sketch(canvas, scene);
  const jaw = jawDrop(action);
  const [slopeX, slopeY] = scene.backgroundSlope;
  canvas.fillAll(
    (_under, x, y) => scene.background + slopeX * (x / size - 0.5) * 2 + slopeY * (y / size - 0.5) * 2,
  );
  drawHead(sketch, person, jaw);
  drawNose(sketch, person, action);
  drawEyes(sketch, person, action);
  drawMouth(sketch, person, action);
  drawHair(sketch, person);
  drawGlasses(sketch, person);
  drawOcclusion(canvas, scene);
  canvas.blur(scene.blur);
  // The camera: exposure, contrast, and noise with a triangular distribution.
  const bytes = new Uint8Array(size * size);
  for (let i = 0; i < bytes.length; i++) {
    const seen = (canvas.pixels[i] - 0.5) * scene.contrast + 0.5 + scene.brightness;
    const level = Math.round(255 * (seen + scene.noise * (noise.next() + noise.next() - 1)));
    bytes[i] = Math.min(255, Math.max(0, level));
  }
  return bytes;
}

/** @throws RangeError */
export function requireWhole(value: number, least: number, name: string): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(
      `The synthetic faces' ${name} must be a whole number of at least ${least}, not ${value}.`,
    );
  }
}
