import { times } from "./canvas.js";
import { curveThrough, ellipse, type Point } from "./curve.js";
import type { Person } from "./person.js";
import { halves, type Sketch } from "./sketch.js";

/** Mirrors the right half of an outline, given from top to bottom, to close it. */
const mirrored = (half: readonly Point[]): Point[] => [
  ...half,
  ...half
    .filter(([x]) => x > 0)
    .map(([x, y]): Point => [-x, y])
    .reverse(),
];

/** The face's outline in head units; the chin goes down with the jaw. */
function faceOutline(person: Person, jaw: number): Point[] {
  const { cheekWidth, jawWidth, chinWidth, chinHeight } = person;
  return mirrored([
    [0, -1],
    [0.55 * cheekWidth, -0.88],
    [0.96 * cheekWidth, -0.35],
    [cheekWidth, 0.2],
    [jawWidth, 0.92 + 0.4 * jaw],
    [chinWidth, chinHeight - 0.1 + 0.8 * jaw],
    [0, chinHeight + 0.9 * jaw],
  ]);
}

/** Neck, shoulders, hair behind the head, ears and the face's bare skin with its beard. */
export function drawHead(sketch: Sketch, person: Person, jaw: number): void {
  const { canvas, scene } = sketch;
  const { skin, hair, cheekWidth } = person;
  const closed = (points: readonly Point[]) => curveThrough(sketch.places(points, undefined), 4, true);
  if (person.hairStyle === "long") {
    const width = cheekWidth + person.hairVolume;
    const points: Point[] = [
      [0, -1.15],
      [0.9 * width, -0.7],
      [1.08 * width, 0.4],
      [1.05 * width, 1.9],
      [0, 2],
    ];
    canvas.fill(closed(mirrored(points)), sketch.lit(hair * 0.8));
  }
  const neck: Point[] = [
    [-0.55, 0.9],
    [0.55, 0.9],
    [0.6, 2.2],
    [-0.6, 2.2],
  ];
  canvas.fill(sketch.places(neck, undefined), sketch.lit(skin * 0.6));
  const shoulders: Point[] = [
    [-0.5, 1.72],
    [0, 1.9],
    [0.5, 1.72],
    [2, 2.1],
    [2, 3],
    [-2, 3],
    [-2, 2.1],
  ];
  canvas.fill(sketch.places(shoulders, undefined), () => scene.clothes);
  if (person.ears) {
    for (const { sign } of halves) {
      const ear: Point[] = [
        [0, -0.16],
        [0.12, -0.1],
        [0.13, 0.15],
        [0.02, 0.36],
        [-0.08, 0.1],
      ];
      const points = ear.map(([x, y]): Point => [sign * (cheekWidth + x), y + 0.1]);
      canvas.fill(closed(points), sketch.lit(skin * 0.82));
    }
  }
  const outline = closed(faceOutline(person, jaw));
  canvas.fill(outline, sketch.lit(skin));
  canvas.stroke([...outline, outline[0]], [1, 1], times(0.75), 0.4);
  if (person.beard > 0) drawBeard(sketch, person, jaw);
}

function drawBeard(sketch: Sketch, person: Person, jaw: number): void {
  const { jawWidth, chinWidth, chinHeight, mouth } = person;
  const half: Point[] = [
    [0.98 * person.cheekWidth, 0.35],
    [0.99 * jawWidth, 0.92 + 0.4 * jaw],
    [chinWidth, chinHeight - 0.1 + 0.8 * jaw],
    [0, chinHeight + 0.9 * jaw],
  ];
  const inner: Point[] = [
    [0, mouth.height + 0.22 + jaw],
    [mouth.width + 0.1, mouth.height + 0.1 + 0.5 * jaw],
    [0.75 * jawWidth, 0.72],
  ];
  const right = [...half, ...inner];
  for (const { sign } of halves) {
    const points = right.map(([x, y]): Point => [sign * x, y]);
    const shape = curveThrough(sketch.places(points, undefined), 3, true);
    sketch.canvas.fill(shape, sketch.lit(Math.min(person.hair, 0.75 * person.skin)), person.beard);
  }
}

/** The hair over the forehead. */
export function drawHair(sketch: Sketch, person: Person): void {
  const { hairStyle, hairline, hair, cheekWidth, hairVolume } = person;
  if (hairStyle === "bald") return;
  const width = cheekWidth + 0.5 * hairVolume;
  const top = -1.05 - hairVolume;
  const sideburn = hairStyle === "short" ? -0.1 : hairStyle === "curly" ? 0.05 : 0.15;
  const line = hairStyle === "fringe" ? hairline + 0.22 : hairline;
  const lean = hairStyle === "parted" ? 0.45 : 0;
  const outer: Point[] = [
    [-width, sideburn],
    [-1.02 * width, -0.5],
    [-0.6 * width, top + 0.15],
    [0, top],
    [0.6 * width, top + 0.15],
    [1.02 * width, -0.5],
    [width, sideburn],
  ];
  const inner: Point[] = [
    [0.93 * cheekWidth, sideburn - 0.05],
    [0.82 * cheekWidth, -0.45],
    [0.5 * cheekWidth, line + 0.05 - 0.3 * lean],
    [0.1 + lean * 0.5, line - 0.15 * lean],
    [-0.5 * cheekWidth, line + 0.05 + 0.45 * lean],
    [-0.82 * cheekWidth, -0.45],
    [-0.93 * cheekWidth, sideburn - 0.05],
  ];
  const shape = curveThrough(sketch.places([...outer, ...inner], undefined), 4, true);
  sketch.canvas.fill(shape, sketch.lit(hair));
  if (hairStyle === "curly") {
    for (let i = 0; i <= 10; i++) {
      const x = 1.05 * width * (i / 5 - 1);
      const y = -0.42 + (top + 0.5) * Math.sqrt(1.15 - (x / width) * (x / width));
      const curl = ellipse(sketch.place(x, y, undefined), [0.17 * sketch.scale, 0.15 * sketch.scale], i, 12);
      sketch.canvas.fill(curl, sketch.lit(hair * (i % 2 === 0 ? 1.12 : 0.9)));
    }
  }
}
