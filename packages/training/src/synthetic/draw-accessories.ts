import type { Canvas } from "./canvas.js";
import { times } from "./canvas.js";
import { ellipse, type Point } from "./curve.js";
import type { Person } from "./person.js";
import type { Scene } from "./scene.js";
import { halves, type Sketch } from "./sketch.js";

/** Glasses: two rims, the bridge between them and the temples. */
export function drawGlasses(sketch: Sketch, person: Person): void {
  if (person.glasses === "none") return;
  const { canvas, scale } = sketch;
  const width = (person.glasses === "thick" ? 0.065 : 0.035) * scale;
  const frame = times(person.glasses === "thick" ? 0.2 : 0.4);
  const stroke = (points: readonly Point[]) => canvas.stroke(points, [width, width], frame, 0.9);
  const { spacing } = person.eye;
  for (const { sign } of halves) {
    const rim = ellipse([sign * spacing, 0.02], [0.29, 0.23], 0, 14);
    const points = sketch.places(rim, 0.14);
    canvas.fill(points, (under) => 0.92 * under + 0.05);
    stroke([...points, points[0]]);
    stroke([
      sketch.place(sign * (spacing + 0.29), 0, 0.12),
      sketch.place(sign * person.cheekWidth, -0.02, undefined),
    ]);
  }
  stroke([sketch.place(0.29 - spacing, 0, 0.14), sketch.place(spacing - 0.29, 0, 0.14)]);
}

/** Something in front of the face's edge. */
export function drawOcclusion(canvas: Canvas, { occlusion }: Scene): void {
  if (occlusion === undefined) return;
  const inPixels = ([x, y]: Point): Point => [x * canvas.size, y * canvas.size];
  const shape = ellipse(inPixels(occlusion.centre), inPixels(occlusion.radius), occlusion.angle, 20);
  canvas.fill(shape, () => occlusion.tone);
}
