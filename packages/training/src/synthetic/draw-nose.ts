import type { FaceAction } from "./action-units.js";
import type { Person } from "./person.js";
import { halves, type Sketch } from "./sketch.js";

/** The nose, the folds from it to the corners of the mouth, and the wrinkles of AU9. */
export function drawNose(sketch: Sketch, person: Person, action: FaceAction): void {
  const { nose, mouth } = person;
  const { scene, scale, canvas } = sketch;
  const lightSide = scene.light[0];
  const wrinkled = (action.left.AU9 + action.right.AU9) / 2;
  // The tip stands out from the face, so that a turned head shows it shifted.
  const bottom = nose.length - 0.05 * wrinkled;
  const tip = sketch.place(0, bottom - 0.06, 0.22);
  for (const { side, sign } of halves) {
    const level = action[side];
    // The side away from the light is in shadow.
    const shade = nose.bridge * (0.5 - 0.8 * sign * lightSide);
    const ridge = [sketch.place(sign * 0.09, 0.02, 0.03), sketch.place(sign * 0.1, 0.5 * bottom, 0.1)];
    canvas.crease([...ridge, sketch.place(sign * nose.width * 0.9, bottom - 0.1, 0.06)], 0.09 * scale, shade);
    const lift = 0.05 * level.AU9 + 0.025 * level.AU10;
    const wing = nose.width * (1 + 0.14 * level.AU9 + 0.08 * level.AU10 + 0.06 * level.AU12);
    const wingLine = [
      sketch.place(sign * (wing - 0.02), bottom - 0.13 - lift, 0.04),
      sketch.place(sign * wing, bottom - 0.05 - lift, 0.04),
      sketch.place(sign * (wing - 0.05), bottom + 0.01 - lift, 0.06),
    ];
    canvas.crease(wingLine, 0.045 * scale, 0.4);
    const nostril = sketch.place(sign * 0.5 * wing, bottom + 0.005 - 0.6 * lift, 0.12);
    canvas.spot(nostril, 0.08 * scale, 0.05 * scale, -0.75, scene.roll - 0.3 * sign);

    const fold =
      0.06 +
      0.22 * person.age +
      0.4 * level.AU12 +
      0.4 * level.AU9 +
      0.45 * level.AU10 +
      0.15 * level.AU6 +
      0.2 * level.AU14;
    const outward = 0.06 * level.AU12 + 0.04 * level.AU20;
    sketch.crease(
      [
        [sign * (wing + 0.03), bottom - 0.1 - 0.6 * lift],
        [sign * (wing + 0.12 + outward), bottom + 0.12 - lift],
        [sign * (mouth.width + 0.1 + outward), mouth.height - 0.04 - 0.05 * level.AU12],
      ],
      0.06,
      Math.min(0.75, fold),
    );
    for (const y of [0.1, 0.2]) {
      sketch.crease(
        [
          [sign * 0.2, y - 0.06],
          [sign * 0.03, y],
        ],
        0.035,
        0.5 * level.AU9,
      );
    }
    sketch.crease(
      [
        [sign * 0.1, -0.04],
        [sign * 0.24, 0.14],
      ],
      0.035,
      0.45 * level.AU9,
    );
  }
  canvas.spot(tip, 0.1 * scale, 0.09 * scale, 0.2);
  sketch.spot(0, bottom + 0.03, 0.22, 0.08, -0.22);
  sketch.crease(
    [
      [-0.1, 0.03],
      [0.1, 0.03],
    ],
    0.04,
    0.5 * wrinkled,
  );
}
