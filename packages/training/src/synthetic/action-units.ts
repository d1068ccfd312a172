/**
 * The facial action units that the drawn faces have, by their numbers in the Facial Action Coding System
 * (Ekman and Friesen 1978; Ekman, Friesen and Hager 2002).
 */
export const actionUnitNames = {
  AU1: "inner brow raiser",
  AU2: "outer brow raiser",
  AU4: "brow lowerer",
  AU5: "upper lid raiser",
  AU6: "cheek raiser",
  AU7: "lid tightener",
  AU9: "nose wrinkler",
  AU10: "upper lip raiser",
  AU12: "lip corner puller",
  AU14: "dimpler",
  AU15: "lip corner depressor",
  AU17: "chin raiser",
  AU20: "lip stretcher",
  AU23: "lip tightener",
  AU25: "lips part",
  AU26: "jaw drop",
  AU27: "mouth stretch",
} as const;

export type ActionUnit = keyof typeof actionUnitNames;

export const actionUnits = Object.keys(actionUnitNames) as readonly ActionUnit[];

/** How strongly each action unit works, 0 (not at all) to about 1 (as far as it goes, intensity E). */
export type ActionUnitLevels = Record<ActionUnit, number>;

/** Levels of both halves of the face; left and right are those of the picture, not of the person. */
export interface FaceAction {
  readonly left: ActionUnitLevels;
  readonly right: ActionUnitLevels;
}

/** All action units at rest. */
export function restLevels(): ActionUnitLevels {
  const levels = {} as ActionUnitLevels;
  for (const unit of actionUnits) levels[unit] = 0;
  return levels;
}
