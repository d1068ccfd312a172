import type { Landmarks } from "../face/detection.js";
import type { Box } from "../face/picture.js";
import type { FaceQuality } from "../face/quality.js";

/** A face and what it shows. */
export interface Face {
  /** Stays the same while a face is followed; without smoothing, 1 for the first face of each picture. */
  readonly id: number;
  /** In pixels of the picture; may reach beyond it. */
  readonly box: Box;
  readonly landmarks?: Landmarks;
  /** How sure the detector is that it is a face, 0..1. */
  readonly score: number;
  /** The most probable class. */
  readonly label: string;
  /** Calibrated probability of each class; over time where smoothing is asked for. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** True where the label should not be relied on: no class is probable, or the face is small or turned away. */
  readonly uncertain: boolean;
  readonly quality: FaceQuality;
}

/** What was found in a picture. */
export interface Recognition {
  /** Of the picture, in pixels. */
  readonly width: number;
  readonly height: number;
  /** The surest face first. */
  readonly faces: readonly Face[];
  /** Milliseconds that each stage took: getting at the pixels, finding faces, classifying them. */
  readonly milliseconds: { readonly read: number; readonly detect: number; readonly classify: number };
}
