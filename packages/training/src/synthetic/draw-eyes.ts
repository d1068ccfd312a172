import type { ActionUnitLevels, FaceAction } from "./action-units.js";
import { curveThrough, type Point } from "./curve.js";
import type { Person } from "./person.js";
import { halves, type Sketch } from "./sketch.js";

/** Eyes, lids, brows and the lines that their action units make, on both halves of the face. */
export function drawEyes(sketch: Sketch, person: Person, action: FaceAction): void {
  for (const { side, sign } of halves) {
    drawEye(sketch, person, action[side], sign);
    drawBrow(sketch, person, action[side], sign);
  }
  drawForehead(sketch, person, action);
}

function drawEye(sketch: Sketch, person: Person, level: ActionUnitLevels, sign: number): void {
  const { eye, skin } = person;
  const { canvas, scene, scale } = sketch;
  const at = (x: number, y: number): Point => [sign * (eye.spacing + x), y];
  const upper =
    eye.opening *
    (1 + 0.9 * level.AU5 - 0.3 * level.AU7 - 0.25 * level.AU6 - 0.25 * level.AU4 - 0.2 * level.AU9);
  const lower =
    0.6 * eye.opening * (1 - 0.7 * level.AU7 - 0.6 * level.AU6 - 0.5 * level.AU9 + 0.2 * level.AU5);
  const rise = Math.max(0.012, upper);
  const fall = Math.max(0.005, lower);
  const w = eye.width;
  const inner = at(-w, 0.02 - eye.tilt);
  const outer = at(w, eye.tilt);
  // The inner part of the upper lid goes up with the inner brow.
  const upperLid = [
    inner,
    at(-0.5 * w, -rise * (0.75 + 0.2 * level.AU1)),
    at(0.1 * w, -rise),
    at(0.65 * w, -rise * 0.65),
    outer,
  ];
  const lowerLid = [outer, at(0.5 * w, fall * 0.85), at(-0.1 * w, fall), at(-0.6 * w, fall * 0.6), inner];
  // The socket's shadow, the bag under the eye and the cheek that pushes it up.
  sketch.spot(sign * eye.spacing, -0.06, 0.34, 0.2, -0.16);
  sketch.crease(
    [at(-w, 0.12), at(0, 0.17 - 0.04 * level.AU6), at(w, 0.1 - 0.03 * level.AU6)],
    0.05,
    0.12 + 0.5 * eye.bags + 0.3 * level.AU6 + 0.15 * level.AU7 + 0.15 * level.AU9,
  );
  sketch.spot(sign * 0.52, 0.36 - 0.05 * level.AU6, 0.28, 0.2, 0.06 + 0.18 * level.AU6 + 0.06 * level.AU12);
  const crow = 0.35 * level.AU6 + 0.12 * person.age;
  for (const slope of [-0.1, 0.02, 0.13]) {
    sketch.crease([at(w + 0.05, eye.tilt + 0.3 * slope), at(w + 0.2, eye.tilt + slope)], 0.03, crow);
  }

  const upperLine = curveThrough(sketch.places(upperLid), 3);
  const lowerLine = curveThrough(sketch.places(lowerLid), 3);
  const middle = sketch.place(...at(0, -0.01));
  const [irisX, irisY] = [middle[0] + 0.07 * scale * scene.gaze[0], middle[1] + 0.03 * scale * scene.gaze[1]];
  const irisRadius = 0.095 * scale;
  canvas.fill([...upperLine, ...lowerLine], (_under, x, y) => {
    const light = sketch.illumination(x, y);
    const distance = Math.sqrt((x - irisX) * (x - irisX) + (y - irisY) * (y - irisY));
    const cover = Math.min(1, Math.max(0, irisRadius - distance + 0.5));
    const pupil = Math.min(1, Math.max(0, 0.45 * irisRadius - distance + 0.5));
    const iris = eye.iris * (1 - 0.8 * pupil);
    return light * (cover * iris + (1 - cover) * Math.min(0.95, 0.62 + 0.35 * skin));
  });
  canvas.stroke(upperLine, [0.03 * scale, 0.055 * scale], sketch.lit(0.08), 0.5 + 0.5 * eye.lashes);
  canvas.stroke(lowerLine, [0.03 * scale, 0.02 * scale], sketch.lit(skin * 0.5), 0.5);
  const fold = -rise - 0.05 + 0.02 * level.AU4;
  sketch.crease(
    [at(-0.8 * w, fold + 0.05), at(0, fold), at(w, fold + 0.06)],
    0.035,
    0.35 * (1 - 0.6 * level.AU5),
  );
}

function drawBrow(sketch: Sketch, person: Person, level: ActionUnitLevels, sign: number): void {
  const { brow, eye } = person;
  const lowered = level.AU4 + 0.35 * level.AU9;
  const raised = 0.19;
  const at = (x: number, y: number): Point => [sign * x, brow.height + y];
  const start = eye.spacing - 0.23 - 0.07 * lowered;
  const points: Point[] = [
    at(start, 0.03 + brow.tilt - raised * level.AU1 + 0.14 * lowered),
    at(
      start + 0.15,
      -0.4 * brow.arch + 0.5 * brow.tilt - raised * (0.65 * level.AU1 + 0.3 * level.AU2) + 0.12 * lowered,
    ),
    at(start + 0.32, -brow.arch - raised * (0.15 * level.AU1 + 0.85 * level.AU2) + 0.08 * lowered),
    at(start + 0.48, 0.05 - 0.5 * brow.arch - brow.tilt - raised * level.AU2 + 0.03 * lowered),
  ];
  const { scale } = sketch;
  const widths = [brow.thickness * scale, 0.45 * brow.thickness * scale] as const;
  sketch.canvas.stroke(sketch.line(points, 3, 0.06), widths, sketch.lit(brow.tone), 0.85);
}

/** Lines of the forehead (AU1, AU2), between the brows (AU4) and in the middle (AU1 with AU4). */
function drawForehead(sketch: Sketch, person: Person, { left, right }: FaceAction): void {
  const both = (unit: "AU1" | "AU2" | "AU4") => (left[unit] + right[unit]) / 2;
  const age = 0.1 * person.age;
  const height = person.brow.height;
  for (const row of [0.17, 0.29]) {
    const y = height - row - 0.05 * both("AU1");
    sketch.crease(
      [
        [-0.26, y],
        [0, y + 0.015],
        [0.26, y],
      ],
      0.035,
      age + 0.35 * both("AU1"),
    );
    for (const { side, sign } of halves) {
      const depth = age + 0.35 * action(side, left, right).AU2;
      sketch.crease(
        [
          [sign * 0.28, y],
          [sign * 0.45, y - 0.04],
          [sign * 0.65, y + 0.02],
        ],
        0.035,
        depth,
      );
    }
  }
  for (const { side, sign } of halves) {
    const depth = age + 0.5 * action(side, left, right).AU4;
    sketch.crease(
      [
        [sign * 0.07, height - 0.08],
        [sign * 0.06, height + 0.14],
      ],
      0.04,
      depth,
    );
  }
  sketch.spot(0, height + 0.04, 0.16, 0.14, -0.2 * Math.max(0, both("AU4")));
}

const action = (side: "left" | "right", left: ActionUnitLevels, right: ActionUnitLevels) =>
  side === "left" ? left : right;
