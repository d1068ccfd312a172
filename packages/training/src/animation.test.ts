import { describe, expect, it } from "vitest";
import { animateFace, sampleAnimation, shiftLogits, shiftTarget } from "./animation.js";
import { createRandom } from "./random.js";
import { type ActionUnit, restLevels } from "./synthetic/action-units.js";
import { expressionLabels } from "./synthetic/expressions.js";

const size = 64;
/** A face from the front: eyes 24 pixels apart, the mouth 26 pixels below them. */
const upright = [20, 24, 44, 24, 32, 50].map((value) => value / size);
/** The same face, turned by a quarter to the right about the picture's middle: (x, y) is at (size - y, x). */
const lying = [40, 20, 40, 44, 14, 32].map((value) => value / size);

/** A white spot on black. */
function spot(x: number, y: number, deviation = 2): Uint8Array {
  return Uint8Array.from({ length: size * size }, (_, i) => {
    const across = (i % size) + 0.5 - x;
    const down = Math.floor(i / size) + 0.5 - y;
    return Math.round(250 * Math.exp(-(across ** 2 + down ** 2) / (2 * deviation ** 2)));
  });
}

/** Centre of gravity and deviations of what is white. */
function moments(picture: Uint8Array) {
  let mass = 0;
  const sums = [0, 0, 0, 0];
  for (const [i, value] of picture.entries()) {
    const x = (i % size) + 0.5;
    const y = Math.floor(i / size) + 0.5;
    mass += value;
    for (const [s, term] of [x, y, x * x, y * y].entries()) sums[s] += value * term;
  }
  const [x, y, xx, yy] = sums.map((sum) => sum / mass);
  return { x, y, width: Math.sqrt(xx - x * x), height: Math.sqrt(yy - y * y) };
}

function animated(
  picture: Uint8Array,
  units: Partial<Record<ActionUnit, number>>,
  { sides = ["left", "right"] as ("left" | "right")[], landmarks = upright } = {},
): Uint8Array {
  const action = { left: restLevels(), right: restLevels() };
  for (const side of sides) Object.assign(action[side], units);
  const target = new Uint8Array(size * size);
  expect(animateFace(picture, size, landmarks, action, target)).toBe(true);
  return target;
}

const noise = () => {
  const random = createRandom("noise");
  return Uint8Array.from({ length: size * size }, () => random.integer(256));
};

describe("animateFace", () => {
  it("leaves a face at rest as it is, and says where there is none", () => {
    const picture = noise();
    expect(animated(picture, {})).toEqual(picture);
    const action = { left: restLevels(), right: restLevels() };
    const target = new Uint8Array(size * size);
    for (const landmarks of [
      Array(6).fill(Number.NaN),
      [0.5, 0.4, 0.5, 0.4, 0.5, 0.7],
      [0.3, 0.7, 0.7, 0.7, 0.5, 0.3],
    ]) {
      expect(animateFace(picture, size, landmarks, action, target)).toBe(false);
    }
    expect(target.every((value) => value === 0)).toBe(true);
  });

  // The place of a feature in pixels, and where it must go: [right, down], by how many pixels at least.
  const left = { brow: [23, 15], innerBrow: [27, 15], outerBrow: [18, 15], corner: [21, 50] } as const;
  it.each([
    ["AU1", left.innerBrow, [0, -1]],
    ["AU2", left.outerBrow, [0, -1]],
    ["AU4", left.brow, [0.9, 2]],
    ["AU12", left.corner, [-1, -2]],
    ["AU14", left.corner, [-0.5, -1]],
    ["AU15", left.corner, [0, 2]],
    ["AU20", left.corner, [-2, 0]],
    ["AU10", [32, 46], [0, -1.5]],
    ["AU17", [32, 56], [0, -1]],
    ["AU9", [32, 46], [0, -1]],
  ] as const)("moves with %s what is at %j by %j or more", (unit, [x, y], [right, down]) => {
    const before = spot(x, y);
    const after = moments(animated(before, { [unit]: 1 }));
    for (const [moved, least] of [
      [after.x - x, right],
      [after.y - y, down],
    ]) {
      expect(Math.sign(least) * moved).toBeGreaterThanOrEqual(Math.abs(least) * (least === 0 ? 0 : 1));
      if (least === 0) expect(Math.abs(moved)).toBeLessThan(1);
      expect(Math.abs(moved)).toBeLessThan(6);
    }
    // The other half of the face moves as in a mirror.
    const mirrored = moments(animated(spot(size - x, y), { [unit]: 1 }));
    expect(mirrored.x).toBeCloseTo(size - after.x, 1);
    expect(mirrored.y).toBeCloseTo(after.y, 1);
  });

  it("opens the eyes with AU5 and narrows them with AU7, thins the lips with AU23", () => {
    const eye = spot(20, 24);
    const { height } = moments(eye);
    expect(moments(animated(eye, { AU5: 1 })).height).toBeGreaterThan(1.15 * height);
    expect(moments(animated(eye, { AU7: 1 })).height).toBeLessThan(0.9 * height);
    const mouth = spot(32, 50, 3);
    const lips = moments(animated(mouth, { AU23: 1 }));
    expect(lips.height).toBeLessThan(0.75 * moments(mouth).height);
    expect(lips.y).toBeCloseTo(50, 1);
  });

  it("moves one half of the face alone", () => {
    const units = { AU14: 1, AU12: 1 };
    const corner = spot(21, 50);
    expect(moments(animated(corner, units, { sides: ["left"] })).y).toBeLessThan(47);
    expect(moments(animated(corner, units, { sides: ["right"] })).y).toBeCloseTo(50, 1);
  });

  it("follows a face that is turned", () => {
    const units = { AU4: 1, AU12: 0.7, AU23: 0.5 };
    const standing = moments(animated(spot(23, 15), units));
    const turned = moments(animated(spot(size - 15, 23), units, { landmarks: lying }));
    expect(turned.x).toBeCloseTo(size - standing.y, 1);
    expect(turned.y).toBeCloseTo(standing.x, 1);
  });

  it("never folds the skin: what lies below stays below", () => {
    const ramp = Uint8Array.from({ length: size * size }, (_, i) => 3 * Math.floor(i / size));
    const target = new Uint8Array(size * size);
    for (const expression of expressionLabels.slice(1)) {
      for (let seed = 0; seed < 200; seed++) {
        const { action } = sampleAnimation(expression, createRandom(seed, expression));
        animateFace(ramp, size, upright, action, target);
        const folded = target.findIndex((value, i) => i >= size && value < target[i - size]);
        expect(folded, `${expression} ${seed}`).toBe(-1);
      }
    }
  });
});

describe("sampleAnimation", () => {
  it("always moves something, contempt on one side only, and never parts the lips", () => {
    for (let seed = 0; seed < 700; seed++) {
      const expression = expressionLabels[1 + (seed % 7)];
      const { action, strength } = sampleAnimation(expression, createRandom(seed));
      expect(strength >= 0.4 && strength < 1.1).toBe(true);
      const [a, b] = [action.left, action.right];
      expect(Object.values(a).some(Boolean) || Object.values(b).some(Boolean)).toBe(true);
      expect(a.AU25 + b.AU25 + a.AU26 + a.AU27).toBe(0);
      if (expression === "contempt") expect(a.AU12 + a.AU14 === 0).not.toBe(b.AU12 + b.AU14 === 0);
    }
  });
});

describe("targets of animated faces", () => {
  it("gain a share for one class, in probabilities and in logits alike", () => {
    const probabilities = [0.7, 0.2, 0.1];
    const targets = Float32Array.of(9, 9, 9, ...probabilities);
    shiftTarget(targets, 3, 3, 1, 0.25);
    const expected = [0.525, 0.4, 0.075];
    for (const [c, value] of expected.entries()) expect(targets[3 + c]).toBeCloseTo(value, 6);
    const logits = Float32Array.of(9, ...probabilities.map((p) => Math.log(p) + 2.5));
    shiftLogits(logits, 1, 3, 1, 0.25);
    const powers = [...logits.subarray(1)].map(Math.exp);
    const sum = powers.reduce((a, b) => a + b);
    for (const [c, value] of expected.entries()) expect(powers[c] / sum).toBeCloseTo(value, 6);
    const sure = Float32Array.of(1000, -1000);
    shiftLogits(sure, 0, 2, 0, 0.5);
    expect(sure.every(Number.isFinite)).toBe(true);
  });
});
