import type { Layer, Network } from "../network.js";

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
  const convolution = (name: string, filters: number, activation: "relu" | "none" = "relu"): Layer[] => [
    { kind: "convolution", name, filters: width(filters), kernel: 3, bias: false },
    { kind: "batchNormalization", name: `${name}-norm`, activation },
  ];
  const pool = (name: string): Layer => ({ kind: "maxPool", name, size: 2 });
  const residual = (name: string, filters: number, from: string): Layer[] => [
    ...convolution(name, filters, "none"),
    { kind: "add", name: `${name}-sum`, other: from, activation: "relu" },
  ];
  return {
    name: size === "medium" ? "teacher" : `teacher-${size}`,
    input: { height: 48, width: 48, channels: 1, scale: 1 / 64, offset: -2 },
    layers: [
      ...convolution("conv1", 16),
      pool("pool1"),
      ...convolution("conv2", 32),
      pool("pool2"),
      ...convolution("conv3", 64),
      ...residual("conv4", 64, "conv3-norm"),
      pool("pool3"),
      ...convolution("conv5", 128),
      pool("pool4"),
      ...residual("conv6", 128, "pool4"),
      { kind: "globalAveragePool", name: "average" },
      { kind: "dropout", name: "dropout", rate: 0.2 },
      { kind: "dense", name: "scores", units: classes },
    ],
  };
}
