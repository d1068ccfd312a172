import type { Box, Picture, Point } from "./picture.js";

/** Six points of a face, named as one sees them in the picture: the left eye is the one further to the left. */
export interface Landmarks {
  readonly leftEye: Point;
  readonly rightEye: Point;
  readonly nose: Point;
  readonly mouth: Point;
  /** Where the ears meet the cheeks. */
  readonly leftEar: Point;
  readonly rightEar: Point;
}

/** A face found in a picture. */
export interface Detection {
  /** In pixels of the picture; may reach beyond it. */
  readonly box: Box;
  /** How sure the detector is, 0..1. */
  readonly score: number;
  readonly landmarks?: Landmarks;
  /** True where the box is what the network is to be shown, rather than a face to be placed by the model's crop. */
  readonly exact?: boolean;
}

export interface DetectOptions {
  /** At most so many faces, the surest first; all of them by default. */
  readonly maxFaces?: number;
}

/**
 * Finds faces in a picture. BlazeFace, boxes that the caller knows, the whole picture and the browser's own
 * detector are implementations; anything else with this method will do.
 */
export interface FaceDetector {
  detect(picture: Picture, options?: DetectOptions): readonly Detection[] | Promise<readonly Detection[]>;
}

/** Takes the largest square in the middle of the picture as one face, as when a model is trained. */
export const wholePictureDetector: FaceDetector = {
  detect({ width, height }) {
    const side = Math.min(width, height);
    return [{ box: [(width - side) >> 1, (height - side) >> 1, side, side], score: 1, exact: true }];
  },
};

/**
 * Answers with boxes that the caller has found by other means, the same for every picture.
 *
 * @param boxes squares about the faces from the brows to the chin, in pixels
 * @param exact whether the boxes are what the network is to be shown
 */
export const knownBoxesDetector = (boxes: readonly Box[], exact = false): FaceDetector => ({
  detect: (_, { maxFaces = boxes.length } = {}) =>
    boxes.slice(0, maxFaces).map((box) => ({ box, score: 1, exact })),
});

function intersection(a: Box, b: Box): number {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  return Math.max(width, 0) * Math.max(height, 0);
}

const area = (box: Box) => box[2] * box[3];

/** Area of the intersection over that of the union. */
export function overlap(a: Box, b: Box): number {
  const common = intersection(a, b);
  return common === 0 ? 0 : common / (area(a) + area(b) - common);
}

/** Share of the smaller box that the other covers. */
export function covered(a: Box, b: Box): number {
  const common = intersection(a, b);
  return common === 0 ? 0 : common / Math.min(area(a), area(b));
}
