import type { ActionUnitLevels, FaceAction } from "./action-units.js";
import type { Point } from "./curve.js";
import type { Person } from "./person.js";
import { halves, type Sketch } from "./sketch.js";

/** How far the jaw goes down, in head units. */
export function jawDrop({ left, right }: FaceAction): number {
  return Math.max(0, 0.09 * (left.AU26 + right.AU26) + 0.18 * (left.AU27 + right.AU27));
}

/** Places along the mouth from corner to corner. */
const along = [-1, -0.8, -0.5, -0.22, 0, 0.22, 0.5, 0.8, 1];

interface MouthLines {
  readonly upperOuter: readonly Point[];
  readonly upperInner: readonly Point[];
  readonly lowerInner: readonly Point[];
  readonly lowerOuter: readonly Point[];
  readonly gap: number;
}

/** The four lines of the lips in head units, from the left corner to the right one. */
function mouthLines({ mouth }: Person, action: FaceAction): MouthLines {
  const jaw = jawDrop(action);
  const corners = halves.map(({ side, sign }): Point => {
    const level = action[side];
    const outward =
      0.1 * level.AU12 +
      0.15 * level.AU20 +
      0.03 * level.AU14 -
      0.05 * level.AU23 -
      0.06 * level.AU27 -
      0.02 * level.AU17;
    const up =
      0.2 * level.AU12 + 0.05 * level.AU14 - 0.17 * level.AU15 - 0.03 * level.AU20 + 0.02 * level.AU10;
    return [sign * (mouth.width + outward), mouth.height - up + 0.35 * jaw];
  });
  const mean = (unit: keyof ActionUnitLevels) => (action.left[unit] + action.right[unit]) / 2;
  const middle =
    mouth.height - 0.06 * mean("AU17") - 0.03 * mean("AU10") - 0.015 * mean("AU9") + 0.02 * mean("AU12");
  const parted = 0.09 * Math.max(0, mean("AU25"));
  const gap = parted + jaw;
  const thin = Math.max(0.3, 1 - 0.6 * mean("AU23") - 0.25 * mean("AU12") - 0.3 * mean("AU20"));
  const lines = along.map((t) => {
    const corner = corners[t < 0 ? 0 : 1];
    const level = t < 0 ? action.left : action.right;
    const far = Math.abs(t);
    const x = t === 0 ? (corners[0][0] + corners[1][0]) / 4 : corner[0] * far;
    const y = middle + (corner[1] - middle) * far * Math.sqrt(far);
    const open = 1 - t * t;
    // AU10 lifts the lip most beside its middle and squares it.
    const lifted = (0.07 * level.AU10 + 0.03 * level.AU9) * open * (0.7 + far);
    const bow = far < 0.1 ? 0.8 : 1;
    const upperInner = y - 0.3 * gap * open - lifted * Math.min(1, gap * 12);
    const lowerInner = y + 0.7 * gap * open;
    const upperLip = mouth.upperLip * thin * Math.sqrt(open) * bow;
    const pushed = 1 + 0.35 * Math.max(0, level.AU17);
    return {
      upperOuter: [x, Math.min(upperInner, y - lifted) - upperLip] as Point,
      upperInner: [x, upperInner] as Point,
      lowerInner: [x, lowerInner] as Point,
      lowerOuter: [x, lowerInner + mouth.lowerLip * thin * pushed * Math.sqrt(open)] as Point,
    };
  });
  return {
    upperOuter: lines.map((line) => line.upperOuter),
    upperInner: lines.map((line) => line.upperInner),
    lowerInner: lines.map((line) => line.lowerInner),
    lowerOuter: lines.map((line) => line.lowerOuter),
    gap,
  };
}

/** The mouth with its teeth, the chin, and the marks that their action units leave in the skin. */
export function drawMouth(sketch: Sketch, person: Person, action: FaceAction): void {
  const { canvas, scale } = sketch;
  const { mouth, skin } = person;
  const lines = mouthLines(person, action);
  drawMarks(sketch, person, action, lines);
  const upperOuter = sketch.line(lines.upperOuter, 2, 0.04);
  const upperInner = sketch.line(lines.upperInner, 2, 0.02);
  const lowerInner = sketch.line(lines.lowerInner, 2, 0.02);
  const lowerOuter = sketch.line(lines.lowerOuter, 2, 0.04);
  const backwards = (line: readonly Point[]) => [...line].reverse();
  if (lines.gap > 0.012) {
    canvas.fill([...upperInner, ...backwards(lowerInner)], sketch.lit(0.06));
    const smile = Math.max(0, (action.left.AU12 + action.right.AU12) / 2);
    const stretch = Math.max(
      0,
      (action.left.AU20 + action.right.AU20 + action.left.AU10 + action.right.AU10) / 4,
    );
    const teeth = Math.min(0.6 * lines.gap, 0.015 + 0.06 * smile + 0.04 * stretch);
    const edge = lines.upperInner.map(([x, y], i): Point => [x, y + teeth * (1 - along[i] * along[i])]);
    canvas.fill([...upperInner, ...backwards(sketch.line(edge, 2, 0.02))], sketch.lit(0.75), 0.85);
  }
  canvas.fill([...upperOuter, ...backwards(upperInner)], sketch.lit(skin * mouth.tone * 0.88));
  canvas.fill([...lowerInner, ...backwards(lowerOuter)], sketch.lit(skin * mouth.tone));
  const dark = sketch.lit(skin * 0.3);
  canvas.stroke(upperInner, [0.035 * scale, 0.035 * scale], dark, lines.gap > 0.03 ? 0.4 : 0.9);
  canvas.stroke(lowerOuter, [0.03 * scale, 0.03 * scale], sketch.lit(skin * 0.6), 0.35);
  if (person.moustache > 0) drawMoustache(sketch, person, lines);
}

function drawMoustache(sketch: Sketch, person: Person, lines: MouthLines): void {
  const under = lines.upperOuter.map(([x, y]): Point => [x * 1.05, y + 0.01]);
  const over = under.map(([x, y], i): Point => [x * 0.85, y - 0.13 * (1 - 0.6 * along[i] * along[i])]);
  const shape = [...sketch.line(under, 2, 0.05), ...sketch.line([...over].reverse(), 2, 0.05)];
  sketch.canvas.fill(shape, sketch.lit(person.hair), person.moustache);
}

function drawMarks(sketch: Sketch, person: Person, action: FaceAction, lines: MouthLines): void {
  const last = along.length - 1;
  for (const { side, sign } of halves) {
    const level = action[side];
    const [x, y] = lines.upperInner[sign < 0 ? 0 : last];
    const beside = (dx: number, dy: number): Point => [x + sign * dx, y + dy];
    // A dimple: a deep short groove right beside the corner, with a bulge around it.
    sketch.crease([beside(0.07, -0.11), beside(0.1, 0), beside(0.07, 0.1)], 0.05, 0.75 * level.AU14);
    sketch.spot(x + sign * 0.03, y, 0.1, 0.08, -0.4 * Math.max(0, level.AU14));
    sketch.crease(
      [beside(0.03, 0.02), beside(0.07, 0.12), beside(0.06, 0.22)],
      0.05,
      0.1 * person.age + 0.45 * level.AU15,
    );
    sketch.crease([beside(0.1, -0.12), beside(0.14, 0.02), beside(0.12, 0.16)], 0.045, 0.4 * level.AU20);
    sketch.spot(x + sign * 0.02, y, 0.07, 0.06, -0.25);
  }
  const [, lowest] = lines.lowerOuter[(last + 1) >> 1];
  const raised = Math.max(0, (action.left.AU17 + action.right.AU17) / 2);
  const chin = lowest + 0.07 - 0.02 * raised;
  sketch.crease(
    [
      [-0.2, chin + 0.05 * raised],
      [0, chin - 0.02 * raised],
      [0.2, chin + 0.05 * raised],
    ],
    0.06,
    0.22 + 0.4 * raised,
  );
  sketch.spot(0, chin + 0.16, 0.22, 0.13, 0.06 + 0.16 * raised);
}
