import type { Random } from "../random.js";
import { type ActionUnitLevels, actionUnits, restLevels } from "./action-units.js";
import { type Expression, expressionLabels, expressionVariants } from "./expressions.js";

export const hairStyles = ["bald", "short", "parted", "fringe", "long", "curly"] as const;

/**
 * What stays the same in all pictures of one person. Lengths are in head units: the face is about two wide,
 * x runs to the right from the middle, y down from the line of the eyes. Tones are albedos, 0..1.
 */
export interface Person {
  readonly cheekWidth: number;
  readonly jawWidth: number;
  readonly chinWidth: number;
  readonly chinHeight: number;
  readonly skin: number;
  readonly hair: number;
  readonly hairStyle: (typeof hairStyles)[number];
  readonly hairline: number;
  readonly hairVolume: number;
  readonly ears: boolean;
  readonly brow: {
    readonly thickness: number;
    readonly height: number;
    readonly arch: number;
    readonly tilt: number;
    readonly tone: number;
  };
  readonly eye: {
    readonly spacing: number;
    readonly width: number;
    readonly opening: number;
    readonly tilt: number;
    readonly iris: number;
    readonly lashes: number;
    readonly bags: number;
  };
  readonly nose: { readonly length: number; readonly width: number; readonly bridge: number };
  readonly mouth: {
    readonly height: number;
    readonly width: number;
    readonly upperLip: number;
    readonly lowerLip: number;
    readonly tone: number;
  };
  /** Depth of lines at rest, 0 (young) to 1 (old). */
  readonly age: number;
  readonly glasses: "none" | "thin" | "thick";
  /** Darkness of the beard and of the moustache, 0 (none) to 1. */
  readonly beard: number;
  readonly moustache: number;
  /** How the face lies when it shows nothing; below 0 where an action unit's opposite is at work. */
  readonly resting: ActionUnitLevels;
  /** How far this person's expressions go, about 1. */
  readonly expressivity: number;
  /** The variant of each expression that this person shows most often. */
  readonly habits: Readonly<Record<Expression, number>>;
}

/** Draws a person from a stream of random numbers. */
export function drawPerson(random: Random): Person {
  const { uniform } = random;
  const chance = (probability: number) => random.next() < probability;
  const cheekWidth = uniform(0.84, 1.02);
  const jawWidth = cheekWidth * uniform(0.8, 0.95);
  const skin = uniform(0.4, 0.86);
  const age = Math.max(0, uniform(-0.4, 1));
  // Hair greys with age, else it is darker than the skin in most people.
  const hair = chance(0.25 * age) ? uniform(0.5, 0.85) : Math.min(skin * 0.9, uniform(0.05, 0.55));
  const bearded = chance(0.5);
  const resting = restLevels();
  for (const unit of actionUnits) {
    if (unit !== "AU26" && unit !== "AU27" && chance(0.3)) resting[unit] = uniform(-0.15, 0.25);
  }
  const habits = {} as Record<Expression, number>;
  for (const label of expressionLabels) habits[label] = random.integer(expressionVariants[label].length);
  return {
    cheekWidth,
    jawWidth,
    chinWidth: jawWidth * uniform(0.48, 0.68),
    chinHeight: uniform(1.38, 1.58),
    skin,
    hair,
    hairStyle: hairStyles[random.integer(hairStyles.length)],
    hairline: uniform(-0.86, -0.62),
    hairVolume: uniform(0.06, 0.24),
    ears: chance(0.6),
    brow: {
      thickness: uniform(0.045, 0.11),
      height: uniform(-0.36, -0.25),
      arch: uniform(0.01, 0.09),
      tilt: uniform(-0.05, 0.05),
      tone: Math.min(skin * 0.75, hair * uniform(0.7, 1.1)),
    },
    eye: {
      spacing: uniform(0.38, 0.47),
      width: uniform(0.16, 0.21),
      opening: uniform(0.075, 0.115),
      tilt: uniform(-0.03, 0.03),
      iris: uniform(0.06, 0.3),
      lashes: uniform(0.4, 1),
      bags: uniform(0, 0.25) + 0.2 * age,
    },
    nose: { length: uniform(0.5, 0.64), width: uniform(0.13, 0.22), bridge: uniform(0.05, 0.3) },
    mouth: {
      height: uniform(0.87, 0.99),
      width: uniform(0.29, 0.4),
      upperLip: uniform(0.035, 0.08),
      lowerLip: uniform(0.06, 0.12),
      tone: uniform(0.6, 0.85),
    },
    age,
    glasses: chance(0.16) ? (chance(0.5) ? "thin" : "thick") : "none",
    beard: bearded && chance(0.4) ? uniform(0.2, 0.8) : 0,
    moustache: bearded && chance(0.35) ? uniform(0.2, 0.8) : 0,
    resting,
    expressivity: uniform(0.85, 1.15),
    habits,
  };
}
