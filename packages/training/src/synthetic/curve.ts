export type Point = readonly [x: number, y: number];

/**
 * Points along the Catmull-Rom curve through the given points (Catmull and Rom 1974), `steps` for each
 * stretch between two of them.
 */
export function curveThrough(points: readonly Point[], steps: number, closed = false): Point[] {
  const count = points.length;
  const at = (i: number) => points[closed ? (i + count) % count : Math.min(count - 1, Math.max(0, i))];
  const result: Point[] = [];
  const stretches = closed ? count : count - 1;
  for (let i = 0; i < stretches; i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    for (let step = 0; step < steps; step++) {
      const t = step / steps;
      const blend = (axis: 0 | 1) =>
        b[axis] +
        0.5 *
          t *
          (c[axis] -
            a[axis] +
            t *
              (2 * a[axis] -
                5 * b[axis] +
                4 * c[axis] -
                d[axis] +
                t * (3 * (b[axis] - c[axis]) + d[axis] - a[axis])));
      result.push([blend(0), blend(1)]);
    }
  }
  if (!closed) result.push(points[count - 1]);
  return result;
}

/** `count` points around an ellipse whose first radius is turned by `angle` radians. */
export function ellipse(centre: Point, radius: Point, angle: number, count: number): Point[] {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  return Array.from({ length: count }, (_, i): Point => {
    const turn = (2 * Math.PI * i) / count;
    const [u, v] = [radius[0] * Math.cos(turn), radius[1] * Math.sin(turn)];
    return [centre[0] + u * cosine - v * sine, centre[1] + u * sine + v * cosine];
  });
}
