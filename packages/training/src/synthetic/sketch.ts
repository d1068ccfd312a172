import type { Canvas, Paint } from "./canvas.js";
import { curveThrough, type Point } from "./curve.js";
import type { Scene } from "./scene.js";

/** The middle of the head, which it turns about, in head units below the line of the eyes. */
export const headMiddle = 0.32;

/** A face being drawn: the canvas, with places given in head units on the turned head. */
export class Sketch {
  /** Pixels a head unit. */
  readonly scale: number;
  private readonly centreX: number;
  private readonly centreY: number;
  private readonly turn: readonly number[];

  constructor(
    readonly canvas: Canvas,
    readonly scene: Scene,
  ) {
    this.scale = scene.scale * canvas.size;
    this.centreX = scene.centre[0] * canvas.size;
    this.centreY = scene.centre[1] * canvas.size;
    const { yaw, pitch, roll } = scene;
    this.turn = [yaw, pitch, roll].flatMap((angle) => [Math.cos(angle), Math.sin(angle)]);
  }

  /**
   * Where a place on the head lies in the picture, in pixels: turned by yaw, pitch and roll about the head's
   * middle, then seen from eight head units away.
   *
   * @param out how far the place stands out from the face's round front; `undefined` for places on the
   *   outline, which do not come forward at all.
   */
  place(x: number, y: number, out: number | undefined = 0): Point {
    const [cosineYaw, sineYaw, cosinePitch, sinePitch, cosineRoll, sineRoll] = this.turn;
    const below = y - headMiddle;
    const round = 1 - (x * x) / 1.2 - (below * below) / 2.4;
    const z = out === undefined ? 0 : 0.8 * Math.sqrt(Math.max(0, round)) + out;
    const turnedX = x * cosineYaw + z * sineYaw;
    const turnedZ = z * cosineYaw - x * sineYaw;
    const turnedY = below * cosinePitch - turnedZ * sinePitch;
    const nearness = 8 / (8 - (turnedZ * cosinePitch + below * sinePitch) + 0.8);
    const [px, py] = [turnedX * nearness * this.scale, turnedY * nearness * this.scale];
    return [this.centreX + px * cosineRoll - py * sineRoll, this.centreY + px * sineRoll + py * cosineRoll];
  }

  /** Places of several points on the face's front. */
  places(points: readonly Point[], out: number | undefined = 0): Point[] {
    return points.map(([x, y]) => this.place(x, y, out));
  }

  /** A smooth line through points on the face's front, in pixels. */
  line(points: readonly Point[], steps = 3, out: number | undefined = 0): Point[] {
    return curveThrough(this.places(points, out), steps);
  }

  /** How much light falls on the head at a pixel: ambient light and Lambert's cosine on an ellipsoid. */
  illumination(x: number, y: number): number {
    const { light, ambient, diffuse } = this.scene;
    const u = (x - this.centreX) / (1.12 * this.scale);
    const v = (y - this.centreY) / (1.5 * this.scale);
    const facing = Math.sqrt(Math.max(0.05, 1 - u * u - v * v));
    return ambient + diffuse * Math.max(0, u * light[0] + v * light[1] + facing * light[2]);
  }

  /** A matt surface of the given albedo under the scene's light. */
  lit(albedo: number): Paint {
    return (_under, x, y) => albedo * this.illumination(x, y);
  }

  /** A furrow through points on the face's front; the width is in head units. */
  crease(points: readonly Point[], width: number, depth: number): void {
    this.canvas.crease(this.line(points), width * this.scale, depth);
  }

  /** A soft light or dark spot on the face's front; the radii are in head units. */
  spot(x: number, y: number, radiusX: number, radiusY: number, strength: number, angle = 0): void {
    const turned = angle + this.scene.roll;
    this.canvas.spot(this.place(x, y), radiusX * this.scale, radiusY * this.scale, strength, turned);
  }
}

/** The two halves of the face, with the sign of x on each. */
export const halves = [
  { side: "left", sign: -1 },
  { side: "right", sign: 1 },
] as const;
