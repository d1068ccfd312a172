import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { actExpression } from "./acting.js";
import { actionUnits, restLevels } from "./action-units.js";
import { expressionLabels, expressionVariants } from "./expressions.js";
import { drawSyntheticFace } from "./face.js";
import { drawPerson } from "./person.js";

const someone = drawPerson(createRandom(1, "someone"));
const relaxed = { ...someone, resting: restLevels(), expressivity: 1 };

/** Mean absolute difference of two pictures within rows, as parts of the side. */
function difference(a: Uint8Array, b: Uint8Array, size: number, top: number, bottom: number): number {
  let sum = 0;
  const [from, to] = [Math.round(top * size) * size, Math.round(bottom * size) * size];
  for (let i = from; i < to; i++) sum += Math.abs(a[i] - b[i]);
  return sum / (to - from);
}

describe("expressionVariants", () => {
  it("hold the units that the sources name as characteristic", () => {
    const shared = (label: keyof typeof expressionVariants) =>
      actionUnits.filter((unit) => expressionVariants[label].every(({ units }) => units[unit] !== undefined));
    expect(shared("happiness")).toEqual(["AU12"]);
    expect(shared("surprise")).toEqual(["AU1", "AU2"]);
    expect(shared("sadness")).toEqual(["AU15"]);
    expect(shared("anger")).toEqual(["AU4", "AU7", "AU23"]);
    expect(shared("fear")).toEqual(["AU1", "AU2", "AU5"]);
    expect(shared("contempt")).toEqual(["AU14"]);
    for (const { units } of expressionVariants.disgust) expect(units.AU9 ?? units.AU10).toBeGreaterThan(0);
  });

  it("part the lips wherever the jaw drops", () => {
    for (const { units } of Object.values(expressionVariants).flat()) {
      if (units.AU26 || units.AU27) expect(units.AU25).toBeGreaterThan(0);
    }
  });
});

describe("actExpression", () => {
  it("moves a relaxed face for no neutral picture, and more for a stronger expression", () => {
    const total = (label: (typeof expressionLabels)[number], strength: number) => {
      let sum = 0;
      for (let i = 0; i < 40; i++) {
        const { left, right } = actExpression(relaxed, label, createRandom(i, "act"), strength).action;
        for (const unit of actionUnits) sum += left[unit] + right[unit];
      }
      return sum / 40;
    };
    expect(Math.abs(total("neutral", 1))).toBeLessThan(0.6);
    for (const label of expressionLabels.slice(1)) {
      expect(total(label, 1)).toBeGreaterThan(total(label, 0.4) + 0.3);
    }
  });

  it("shows contempt on one half of the face, and either half", () => {
    const sides = new Set<boolean>();
    for (let i = 0; i < 20; i++) {
      const { left, right } = actExpression(relaxed, "contempt", createRandom(i, "act"), 1).action;
      expect(Math.abs(left.AU14 - right.AU14)).toBeGreaterThan(0.15);
      sides.add(left.AU14 > right.AU14);
    }
    expect(sides.size).toBe(2);
  });
});

describe("drawSyntheticFace", () => {
  it("gives the same bytes for the same options, whatever was drawn before", () => {
    const first = drawSyntheticFace({ seed: 4, subject: 3, image: 7 });
    drawSyntheticFace({ seed: 9, subject: 1, image: 2, size: 40 });
    const again = drawSyntheticFace({ seed: 4, subject: 3, image: 7 });
    expect(again).toEqual(first);
    for (const other of [
      { seed: 5, subject: 3, image: 7 },
      { seed: 4, subject: 4, image: 7 },
      { seed: 4, subject: 3, image: 8 },
    ]) {
      expect(drawSyntheticFace(other).pixels).not.toEqual(first.pixels);
    }
  });

  it("changes eyes and mouth with the expression, and leaves the scene and person as they are", () => {
    const size = 64;
    for (let subject = 0; subject < 12; subject++) {
      const draw = (expression: (typeof expressionLabels)[number]) =>
        drawSyntheticFace({ subject, image: 0, size, expression, strength: 1 }).pixels;
      const neutral = draw("neutral");
      const happy = draw("happiness");
      const mouth = difference(neutral, happy, size, 0.6, 0.95);
      expect(mouth).toBeGreaterThan(1.5);
      // The hair does not smile.
      expect(difference(neutral, happy, size, 0, 0.1)).toBe(0);
      const eyes = difference(neutral, draw("fear"), size, 0.15, 0.5);
      expect(eyes).toBeGreaterThan(1.5);
    }
  });

  it("draws pictures of any size with a full range of greys", () => {
    for (const size of [48, 64, 96]) {
      const { pixels } = drawSyntheticFace({ subject: 2, image: 1, size });
      expect(pixels).toHaveLength(size * size);
      const mean = pixels.reduce((sum, grey) => sum + grey, 0) / pixels.length;
      const variance = pixels.reduce((sum, grey) => sum + (grey - mean) * (grey - mean), 0) / pixels.length;
      expect(mean).toBeGreaterThan(20);
      expect(mean).toBeLessThan(235);
      expect(Math.sqrt(variance)).toBeGreaterThan(12);
    }
  });

  it("refuses what it cannot draw in one sentence", () => {
    expect(() => drawSyntheticFace({ subject: 0, image: 0, size: 4 })).toThrow(
      new RangeError("The synthetic faces' size must be a whole number of at least 16, not 4."),
    );
    expect(() => drawSyntheticFace({ subject: -1, image: 0 })).toThrow(/subject .* not -1/);
    expect(() => drawSyntheticFace({ subject: 0, image: 0.5 })).toThrow(/image .* not 0.5/);
    expect(() => drawSyntheticFace({ subject: 0, image: 0, strength: 2 })).toThrow(/strength .* not 2/);
  });
});
