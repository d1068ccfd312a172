import type { Layer, Network } from "../network.js";

/**
 * Our student for faces in the wild: 3x3 convolutions with batch normalisation on 48x48 faces. FER2013's faces
 * have no more pixels, and small kernels at many scales see in 84,000 parameters what the paper's 8x8 ones
 * miss. Each pool comes right after a convolution, with which the engine runs it in one pass.
 */
export function micro(classes = 8): Network {
  const convolution = (name: string, filters: number): Layer[] => [
    { kind: "convolution", name, filters, kernel: 3, bias: false },
    { kind: "batchNormalization", name: `${name}-norm`, activation: "relu" },
  ];
  const pool = (name: string): Layer => ({ kind: "maxPool", name, size: 2 });
  return {
    name: "micro",
    input: { height: 48, width: 48, channels: 1, scale: 1 / 64, offset: -2 },
    layers: [
      ...convolution("conv1", 16),
      pool("pool1"),
      ...convolution("conv2", 32),
      pool("pool2"),
      ...convolution("conv3", 48),
      pool("pool3"),
      ...convolution("conv4", 64),
      { kind: "convolution", name: "conv5", filters: 64, kernel: 3, bias: false },
      { kind: "batchNormalization", name: "conv5-norm" },
      { kind: "add", name: "conv5-sum", other: "conv4-norm", activation: "relu" },
      { kind: "globalAveragePool", name: "average" },
      { kind: "dropout", name: "dropout", rate: 0.1 },
      { kind: "dense", name: "scores", units: classes },
    ],
  };
}
