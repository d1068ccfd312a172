import type { Detection } from "./detection.js";
import type { View } from "./view.js";

/** What speaks for or against trusting what is said of a face. */
export interface FaceQuality {
  /** Pixels of the picture along a side of what the network was shown; below its input's side it was enlarged. */
  readonly size: number;
  /**
   * Standard deviation of the Laplacian of the network's input over that of its grey values: about 0.1 for blurred
   * faces, 0.3 to 1 for sharp ones, 4.5 for noise.
   */
  readonly sharpness: number;
  /** Degrees by which the head leans: positive clockwise as seen. 0 where the detector gives no landmarks. */
  readonly roll: number;
  /**
   * Degrees by which the head is turned aside, estimated from where the nose lies between the eyes: positive to the
   * right as seen. 0 where the detector gives no landmarks.
   */
  readonly yaw: number;
}

const degrees = 180 / Math.PI;

/** How far the tip of the nose stands out, in distances between the eyes, on an average face. */
const noseLength = 0.55;

function anglesOf({ landmarks }: Detection): { roll: number; yaw: number } {
  if (!landmarks) return { roll: 0, yaw: 0 };
  const { leftEye, rightEye, nose } = landmarks;
  const dx = rightEye[0] - leftEye[0];
  const dy = rightEye[1] - leftEye[1];
  const distance = Math.hypot(dx, dy);
  if (distance === 0) return { roll: 0, yaw: 90 };
  const fromMiddle = [nose[0] - (leftEye[0] + rightEye[0]) / 2, nose[1] - (leftEye[1] + rightEye[1]) / 2];
  // Turning by an angle moves the nose by noseLength * sin and shortens the eyes' distance by cos.
  const shift = (fromMiddle[0] * dx + fromMiddle[1] * dy) / distance / distance;
  return { roll: Math.atan2(dy, dx) * degrees, yaw: Math.atan(shift / noseLength) * degrees };
}

function sharpnessOf(input: Uint8Array, rows: number, columns: number): number {
  let count = 0;
  let sum = 0;
  let squares = 0;
  let laplacianSquares = 0;
  for (let row = 1; row + 1 < rows; row++) {
    for (let column = 1; column + 1 < columns; column++) {
      const at = row * columns + column;
      const value = input[at];
      const laplacian = input[at - 1] + input[at + 1] + input[at - columns] + input[at + columns] - 4 * value;
      count++;
      sum += value;
      squares += value * value;
      laplacianSquares += laplacian * laplacian;
    }
  }
  const variance = squares / count - (sum / count) ** 2;
  return variance > 0 ? Math.sqrt(laplacianSquares / count / variance) : 0;
}

/** @param input the network's input, rows * columns grey bytes, drawn by `view` */
export function qualityOf(
  face: Detection,
  view: View,
  input: Uint8Array,
  rows: number,
  columns: number,
): FaceQuality {
  return {
    size: Math.hypot(view.xx, view.yx),
    sharpness: sharpnessOf(input, rows, columns),
    ...anglesOf(face),
  };
}
