import type { Network } from "../network.js";
import { convolution, faceNetwork, pool, residual } from "./blocks.js";

export type TeacherSize = "small" | "medium" | "large";

/** Channels of each size, as a multiple of the medium one's. */
const widthOf: Readonly<Record<TeacherSize, number>> = { small: 0.5, medium: 1, large: 1.5 };

/**
 * Our teachers: 3x3 convolutions with batch normalisation on 48x48 faces, most of their weights where the map
 * is small and they cost little, a residual block at two sizes. On two cores the medium one learns 25 epochs
 * of 28,000 faces in well under an hour, the large one in one to two.
 */
export function teacher(size: TeacherSize, classes = 8): Network {
  const width = (filters: number) => filters * widthOf[size];
  return faceNetwork(size === "medium" ? "teacher" : `teacher-${size}`, classes, 0.2, [
    ...convolution("conv1", width(16)),
    pool("pool1"),
    ...convolution("conv2", width(32)),
    pool("pool2"),
    ...convolution("conv3", width(64)),
    ...residual("conv4", width(64), "conv3-norm"),
    pool("pool3"),
    ...convolution("conv5", width(128)),
    pool("pool4"),
    ...residual("conv6", width(128), "pool4"),
  ]);
}
