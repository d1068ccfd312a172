import type { Random } from "../random.js";
import type { Point } from "./curve.js";

/** What changes from picture to picture besides the expression. Angles are in radians. */
export interface Scene {
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
  /** Pixels a head unit, as a part of the picture's side. */
  readonly scale: number;
  /** Where the head's middle lies, as a part of the picture's side. */
  readonly centre: Point;
  /** Direction towards the light, a unit vector; z points out of the picture. */
  readonly light: readonly [number, number, number];
  readonly ambient: number;
  readonly diffuse: number;
  readonly background: number;
  readonly backgroundSlope: Point;
  readonly clothes: number;
  /** Where the eyes look, -1..1 of what the iris can move. */
  readonly gaze: Point;
  readonly blur: number;
  /** Half width of the noise's triangular distribution, in greys of 0..1. */
  readonly noise: number;
  readonly contrast: number;
  readonly brightness: number;
  readonly occlusion?: {
    readonly centre: Point;
    readonly radius: Point;
    readonly angle: number;
    readonly tone: number;
  };
}

/** Draws the circumstances of a picture from a stream of random numbers. */
export function drawScene(random: Random): Scene {
  const { uniform } = random;
  const bell = (deviation: number) => deviation * Math.min(2.5, Math.max(-2.5, random.normal()));
  const [lightX, lightY, lightZ] = [uniform(-0.8, 0.8), uniform(-0.9, 0.2), uniform(0.5, 1)];
  const length = Math.sqrt(lightX * lightX + lightY * lightY + lightZ * lightZ);
  const ambient = uniform(0.45, 0.8);
  const side = uniform(0, 2 * Math.PI);
  return {
    yaw: bell(0.09),
    pitch: bell(0.05),
    roll: bell(0.035),
    scale: 0.41 * (1 + bell(0.02)),
    centre: [0.5 + bell(0.01), 0.5 + bell(0.01)],
    light: [lightX / length, lightY / length, lightZ / length],
    ambient,
    diffuse: uniform(0.85, 1.15) - ambient,
    background: uniform(0.1, 0.9),
    backgroundSlope: [uniform(-0.25, 0.25), uniform(-0.25, 0.25)],
    clothes: uniform(0.05, 0.8),
    gaze: [bell(0.35), bell(0.2)],
    blur: uniform(0, 0.22),
    noise: uniform(0.015, 0.06),
    contrast: uniform(0.85, 1.15),
    brightness: uniform(-0.08, 0.08),
    // A hand, a scarf or another head reaches in from the edge.
    occlusion:
      random.next() < 0.1
        ? {
            centre: [0.5 + 0.48 * Math.cos(side), 0.5 + 0.48 * Math.sin(side)],
            radius: [uniform(0.1, 0.2), uniform(0.12, 0.3)],
            angle: uniform(0, Math.PI),
            tone: uniform(0.1, 0.8),
          }
        : undefined,
  };
}
