import type { Random } from "../random.js";
import { type ActionUnitLevels, actionUnits, type FaceAction } from "./action-units.js";
import { type Expression, expressionVariants } from "./expressions.js";
import type { Person } from "./person.js";

/** The action units of one picture, and how strong its expression is, 0..1. */
export interface Act {
  readonly strength: number;
  readonly action: FaceAction;
}

/** How often a person shows the expression in the own habitual way. */
const habitRate = 0.6;
const strayRate = 0.03;

/**
 * Lets a person show an expression: the variant's action units times a strength, added to the person's
 * resting face, with some looseness in every unit and between the two halves of the face.
 *
 * @param givenStrength 0..1; where it is not given, drawn from 0.3..1, strong ones more often.
 */
export function actExpression(
  person: Person,
  expression: Expression,
  random: Random,
  givenStrength?: number,
): Act {
  // Drawn in any case, so that a given strength changes nothing else.
  const drawnStrength = 0.3 + 0.7 * Math.sqrt(random.next());
  const strength = givenStrength ?? drawnStrength;
  const variants = expressionVariants[expression];
  const stranger = random.integer(variants.length);
  const variant = variants[random.next() < habitRate ? person.habits[expression] : stranger];
  const shownLeft = random.next() < 0.5;
  const left = {} as ActionUnitLevels;
  const right = {} as ActionUnitLevels;
  for (const unit of actionUnits) {
    const full = (variant.units[unit] ?? 0) * strength * person.expressivity * random.uniform(0.85, 1.15);
    const lean = random.uniform(-0.1, 0.1);
    const strays = random.next() < strayRate && unit !== "AU27";
    // Speech, squinting and tics move a unit that the expression does not ask for.
    const rest = person.resting[unit] + (strays ? random.uniform(0.1, 0.35) : random.uniform(-0.05, 0.05));
    const [onLeft, onRight] = variant.oneSided ? (shownLeft ? [1, 0] : [0, 1]) : [1, 1];
    left[unit] = clamp(rest + full * onLeft * (1 + lean));
    right[unit] = clamp(rest + full * onRight * (1 - lean));
  }
  for (const levels of [left, right]) {
    // A closed mouth hides the jaw: the lips part as far as the jaw drops.
    levels.AU25 = Math.max(levels.AU25, Math.min(1, levels.AU26 + levels.AU27));
  }
  return { strength: expression === "neutral" ? 0 : strength, action: { left, right } };
}

const clamp = (level: number) => Math.min(1.1, Math.max(-0.2, level));
