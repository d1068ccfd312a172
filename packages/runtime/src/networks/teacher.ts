import type { Layer, Network } from "../network.js";

/**
 * Our teacher: 3x3 convolutions with batch normalisation on 48x48 faces, most of its weights where the map
 * is small and they cost little, one residual block at each of the two last sizes.
 */
export function teacher(classes = 8): Network {
  const convolution = (name: string, filters: number, activation: "relu" | "none" = "relu"): Layer[] => [
    { kind: "convolution", name, filters, kernel: 3, bias: false },
    { kind: "batchNormalization", name: `${name}-norm`, activation },
  ];
  const pool = (name: string): Layer => ({ kind: "maxPool", name, size: 2 });
  const residual = (name: string, filters: number, from: string): Layer[] => [
    ...convolution(name, filters, "none"),
    { kind: "add", name: `${name}-sum`, other: from, activation: "relu" },
  ];
  return {
    name: "teacher",
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
