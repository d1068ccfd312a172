import { logSoftmax } from "./losses/softmax.js";
import type { Random } from "./random.js";
import { type ActionUnit, type FaceAction, restLevels } from "./synthetic/action-units.js";
import { type Expression, expressionVariants } from "./synthetic/expressions.js";

/** Values a face has in an array of landmarks: x and y of the left eye, the right eye and the mouth. */
export const landmarkValues = 6;

/** The share of certainty that a fully animated expression has; the rest is what the face was before. */
const certainty = 0.4;

/**
 * What one action unit does on one half of the face at level 1, intensity E. Places are given in a frame that
 * lies between the eyes: one unit is the distance of the eyes, `across` goes from the middle of the face outward,
 * `down` towards the chin, from the eyes or from the mouth.
 */
interface Movement {
  readonly from: "eyes" | "mouth";
  readonly across: number;
  readonly down: number;
  /** Standard deviations of the Gaussian within which skin moves along. */
  readonly width: number;
  readonly height: number;
  /** How far the middle moves. */
  readonly moveAcross?: number;
  readonly moveDown?: number;
  /** How much of the distance to the middle is added, below 0 where the place gets narrower or flatter. */
  readonly stretchAcross?: number;
  readonly stretchDown?: number;
}

const innerBrow = { from: "eyes", across: 0.2, down: -0.36, width: 0.17, height: 0.14 } as const;
const brow = { from: "eyes", across: 0.36, down: -0.36, width: 0.3, height: 0.14 } as const;
const outerBrow = { from: "eyes", across: 0.6, down: -0.36, width: 0.22, height: 0.14 } as const;
const eye = { from: "eyes", across: 0.5, down: 0, width: 0.25, height: 0.15 } as const;
const lipCorner = { from: "mouth", across: 0.45, down: 0, width: 0.2, height: 0.2 } as const;
const upperLip = { from: "mouth", across: 0, down: -0.15, width: 0.3, height: 0.14 } as const;

/**
 * After the descriptions in the Facial Action Coding System; how far each goes is ours, judged by eye. The lips
 * do not part and the jaw does not drop (AU25 to AU27), for what a mouth holds is not in the picture.
 */
const movements: Readonly<Partial<Record<ActionUnit, readonly Movement[]>>> = {
  AU1: [{ ...innerBrow, moveDown: -0.16 }],
  AU2: [{ ...outerBrow, moveDown: -0.16 }],
  AU4: [{ ...brow, moveAcross: -0.08, moveDown: 0.17 }],
  AU5: [{ ...eye, stretchDown: 0.4 }],
  AU6: [
    { ...eye, stretchDown: -0.2 },
    { from: "eyes", across: 0.5, down: 0.4, width: 0.25, height: 0.2, moveDown: -0.08 },
  ],
  AU7: [{ ...eye, stretchDown: -0.35 }],
  AU9: [
    { ...brow, moveAcross: -0.04, moveDown: 0.1 },
    { from: "eyes", across: 0.12, down: 0.6, width: 0.2, height: 0.2, moveDown: -0.08 },
    { ...upperLip, moveDown: -0.06 },
  ],
  AU10: [{ ...upperLip, moveDown: -0.13 }],
  AU12: [{ ...lipCorner, moveAcross: 0.11, moveDown: -0.16 }],
  AU14: [{ ...lipCorner, moveAcross: 0.05, moveDown: -0.1 }],
  AU15: [{ ...lipCorner, moveDown: 0.16 }],
  AU17: [{ from: "mouth", across: 0, down: 0.25, width: 0.3, height: 0.17, moveDown: -0.12 }],
  AU20: [{ ...lipCorner, moveAcross: 0.15, moveDown: 0.04 }],
  AU23: [
    { from: "mouth", across: 0, down: 0, width: 0.5, height: 0.28, stretchAcross: -0.15, stretchDown: -0.65 },
  ],
};

/** An expression that a face is given. */
export interface Animation {
  readonly expression: Expression;
  /** 0.4 to 1.1 times the levels of the expression's variant. */
  readonly strength: number;
  readonly action: FaceAction;
}

/** Draws one way in which an expression shows, its strength and the looseness of real faces. */
export function sampleAnimation(expression: Expression, random: Random): Animation {
  const variants = expressionVariants[expression];
  const variant = variants[random.integer(variants.length)];
  const strength = random.uniform(0.4, 1.1);
  const shownLeft = random.next() < 0.5;
  const action = { left: restLevels(), right: restLevels() };
  for (const [unit, full] of Object.entries(variant.units)) {
    if (!(unit in movements)) continue;
    const level = Math.min(full * strength * random.uniform(0.7, 1.3), 1);
    const lean = random.uniform(-0.1, 0.1);
    if (!variant.oneSided || shownLeft) action.left[unit as ActionUnit] = level * (1 + lean);
    if (!variant.oneSided || !shownLeft) action.right[unit as ActionUnit] = level * (1 - lean);
  }
  return { expression, strength, action };
}

/** The frame of a face in pixels, or nothing where the landmarks are not those of a face seen well enough. */
function frameOf(landmarks: ArrayLike<number>, size: number) {
  const [leftX, leftY, rightX, rightY, mouthX, mouthY] = Array.from(landmarks, (value) => value * size);
  const unit = Math.hypot(rightX - leftX, rightY - leftY);
  const cosine = (rightX - leftX) / unit;
  const sine = (rightY - leftY) / unit;
  const middleX = (leftX + rightX) / 2;
  const middleY = (leftY + rightY) / 2;
  const mouthAcross = ((mouthX - middleX) * cosine + (mouthY - middleY) * sine) / unit;
  const mouthDown = ((mouthY - middleY) * cosine - (mouthX - middleX) * sine) / unit;
  const isFace = unit > 0.1 * size && mouthDown > 0.5 && mouthDown < 2.5 && Math.abs(mouthAcross) < 1;
  return isFace ? { unit, cosine, sine, middleX, middleY, mouthAcross, mouthDown } : undefined;
}

/** A movement on one half of a face, its place in the face's frame. */
interface PlacedMovement {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly moveX: number;
  readonly moveY: number;
  readonly stretchX: number;
  readonly stretchY: number;
}

function place({ left, right }: FaceAction, mouthDown: number): PlacedMovement[] {
  const placed: PlacedMovement[] = [];
  for (const [unit, parts] of Object.entries(movements)) {
    for (const [side, { [unit as ActionUnit]: level }] of [
      [-1, left],
      [1, right],
    ] as const) {
      if (level === 0) continue;
      for (const movement of parts) {
        // Both halves share the middle of the face.
        const share = movement.across === 0 ? level / 2 : level;
        placed.push({
          x: side * movement.across,
          y: movement.down + (movement.from === "mouth" ? mouthDown : 0),
          width: movement.width,
          height: movement.height,
          moveX: share * side * (movement.moveAcross ?? 0),
          moveY: share * (movement.moveDown ?? 0),
          stretchX: share * (movement.stretchAcross ?? 0),
          stretchY: share * (movement.stretchDown ?? 0),
        });
      }
    }
  }
  return placed;
}

/**
 * Moves the features of a face in a square picture as facial action units do, so that a photograph teaches what a
 * data set seldom shows, for example anger with pressed lips. Skin does not wrinkle.
 *
 * Each pixel is taken, bilinearly, from where its skin lay before: against the sum of the movements at its place,
 * each weighed by a Gaussian. No movement is so steep that skin would fold.
 *
 * @param source size * size grey bytes
 * @param landmarks `landmarkValues` shares of the side, 0..1
 * @param target size * size bytes, overwritten where the answer is true
 * @returns false where the landmarks are not those of a face seen from the front or half from the side
 */
export function animateFace(
  source: Uint8Array,
  size: number,
  landmarks: ArrayLike<number>,
  action: FaceAction,
  target: Uint8Array,
): boolean {
  const frame = frameOf(landmarks, size);
  if (!frame) return false;
  const { unit, cosine, sine, middleX, middleY, mouthAcross, mouthDown } = frame;
  const placed = place(action, mouthDown);
  for (let row = 0, i = 0; row < size; row++) {
    for (let column = 0; column < size; column++, i++) {
      const fromX = column + 0.5 - middleX;
      const fromY = row + 0.5 - middleY;
      const y = (fromY * cosine - fromX * sine) / unit;
      // The middle of a turned face runs from between the eyes to the mouth.
      const middle = mouthAcross * Math.min(Math.max(y / mouthDown, 0), 1.3);
      const x = (fromX * cosine + fromY * sine) / unit - middle;
      let moveX = 0;
      let moveY = 0;
      for (const movement of placed) {
        const across = x - movement.x;
        const down = y - movement.y;
        const exponent = (across / movement.width) ** 2 + (down / movement.height) ** 2;
        if (exponent > 18) continue;
        const weight = Math.exp(-exponent / 2);
        moveX += weight * (movement.moveX + movement.stretchX * across);
        moveY += weight * (movement.moveY + movement.stretchY * down);
      }
      target[i] =
        moveX === 0 && moveY === 0
          ? source[i]
          : valueAt(
              source,
              size,
              column - (moveX * cosine - moveY * sine) * unit,
              row - (moveX * sine + moveY * cosine) * unit,
            );
    }
  }
  return true;
}

/** Bilinear; pixels' centres have whole coordinates, and the picture's edge goes on outside it. */
function valueAt(source: Uint8Array, size: number, column: number, row: number): number {
  const x = Math.min(Math.max(column, 0), size - 1);
  const y = Math.min(Math.max(row, 0), size - 1);
  const left = Math.min(Math.floor(x), size - 2);
  const top = Math.min(Math.floor(y), size - 2);
  const right = x - left;
  const below = y - top;
  const i = top * size + left;
  const upper = source[i] * (1 - right) + source[i + 1] * right;
  const lower = source[i + size] * (1 - right) + source[i + size + 1] * right;
  return (upper * (1 - below) + lower * below + 0.5) | 0;
}

/** The share of the target that the expression of an animated face takes. */
export const certaintyOf = ({ strength }: Animation): number => certainty * strength;

/**
 * Gives a class a share of a target distribution, the others keep their proportions.
 *
 * @param targets probabilities, `classes` of them from `offset` on, changed in place
 */
export function shiftTarget(
  targets: Float32Array,
  offset: number,
  classes: number,
  label: number,
  share: number,
): void {
  for (let c = 0; c < classes; c++) targets[offset + c] *= 1 - share;
  targets[offset + label] += share;
}

const logProbabilities = new Float64Array(256);
/** Far below what any loss tells apart, so that no logarithm is of zero. */
const smallest = 1e-12;

/** The same for a teacher's logits, whose probabilities are changed; `classes` is 256 at most. */
export function shiftLogits(
  logits: Float32Array,
  offset: number,
  classes: number,
  label: number,
  share: number,
): void {
  logSoftmax(logits, offset, classes, 1, logProbabilities);
  for (let c = 0; c < classes; c++) {
    const kept = (1 - share) * Math.exp(logProbabilities[c]);
    logits[offset + c] = Math.log(Math.max(kept + (c === label ? share : 0), smallest));
  }
}
