import { expect, it } from "vitest";
import type { Detection } from "../face/detection.js";
import { smooth, Tracker } from "./tracker.js";

const at = (x: number, y = 0): Detection => ({ box: [x, y, 100, 100], score: 0.9 });
const ids = (tracker: Tracker, detections: readonly Detection[], now: number) =>
  tracker.update(detections, now).map(({ id }) => id);

it("keeps ids while faces move, in whatever order they come", () => {
  const tracker = new Tracker();
  expect(ids(tracker, [at(0), at(300)], 0)).toEqual([1, 2]);
  expect(ids(tracker, [at(320), at(15)], 40)).toEqual([2, 1]);
  expect(ids(tracker, [at(30), at(600), at(340)], 80)).toEqual([1, 3, 2]);
});

it("gives a face that comes back soon its id, and a new one after a while", () => {
  const tracker = new Tracker(1000);
  expect(ids(tracker, [at(0)], 0)).toEqual([1]);
  expect(ids(tracker, [], 500)).toEqual([]);
  expect(ids(tracker, [at(10)], 900)).toEqual([1]);
  expect(ids(tracker, [at(10)], 2000)).toEqual([2]);
  tracker.reset();
  expect(ids(tracker, [at(10)], 2001)).toEqual([3]);
});

it("matches the pair that overlaps most where faces are close", () => {
  const tracker = new Tracker();
  tracker.update([at(0), at(60)], 0);
  expect(ids(tracker, [at(55), at(5)], 10)).toEqual([2, 1]);
});

it("forgets half of what was in one half-life, whatever the number of pictures", () => {
  for (const pictures of [1, 2, 7, 100]) {
    const tracker = new Tracker();
    const [track] = tracker.update([at(0)], 0);
    smooth(track, Float32Array.of(1, 0), 200, 0);
    for (let i = 1; i <= pictures; i++) smooth(track, Float32Array.of(0, 1), 200, (200 * i) / pictures);
    expect(track.probabilities![0]).toBeCloseTo(0.5, 4);
    expect(track.probabilities![1]).toBeCloseTo(0.5, 4);
  }
});
