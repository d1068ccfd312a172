import type { Layer, Network } from "../network.js";

const convolution = (name: string, filters: number, activation: "relu" | "none" = "relu"): Layer[] => [
  { kind: "convolution", name, filters, kernel: 3, bias: false },
  { kind: "batchNormalization", name: `${name}-norm`, activation },
];

const pool = (name: string): Layer => ({ kind: "maxPool", name, size: 2 });

/** A convolution whose result is added to what it reads, or to what an earlier layer made. */
const residual = (name: string, filters: number, from: string): Layer[] => [
  ...convolution(name, filters, "none"),
  { kind: "add", name: `${name}-sum`, other: from, activation: "relu" },
];

/**
 * A student for faces in the wild: 3x3 convolutions with batch normalisation on 48x48 faces. FER2013's faces
 * have no more pixels, and small kernels at many scales see in few parameters what the paper's 8x8 ones miss.
 * Weights are few where the map is large, so that a layer more there costs products but hardly any parameters.
 */
const student = (name: string, classes: number, dropout: number, layers: Layer[]): Network => ({
  name,
  input: { height: 48, width: 48, channels: 1, scale: 1 / 64, offset: -2 },
  layers: [
    ...layers,
    { kind: "globalAveragePool", name: "average" },
    { kind: "dropout", name: "dropout", rate: dropout },
    { kind: "dense", name: "scores", units: classes },
  ],
});

/** The smallest: under 25,000 parameters. */
export const nano = (classes = 8): Network =>
  student("nano", classes, 0.05, [
    ...convolution("conv1", 16),
    pool("pool1"),
    ...convolution("conv2", 16),
    ...residual("conv3", 16, "conv2-norm"),
    pool("pool2"),
    ...convolution("conv4", 24),
    ...residual("conv5", 24, "conv4-norm"),
    pool("pool3"),
    ...convolution("conv6", 40),
  ]);

/** The default: under 100,000 parameters, used several times each on the two larger maps. */
export const micro = (classes = 8): Network =>
  student("micro", classes, 0.1, [
    ...convolution("conv1", 16),
    pool("pool1"),
    ...convolution("conv2", 24),
    ...residual("conv3", 24, "conv2-norm"),
    pool("pool2"),
    ...convolution("conv4", 48),
    ...residual("conv5", 48, "conv4-norm"),
    pool("pool3"),
    ...convolution("conv6", 96),
  ]);

/** The most accurate of those under 400,000 parameters: a residual block of two convolutions at two sizes. */
export const mini = (classes = 8): Network =>
  student("mini", classes, 0.2, [
    ...convolution("conv1", 16),
    pool("pool1"),
    ...convolution("conv2", 32),
    pool("pool2"),
    ...convolution("conv3", 64),
    ...convolution("conv4", 64),
    ...residual("conv5", 64, "conv3-norm"),
    pool("pool3"),
    ...convolution("conv6", 112),
    ...convolution("conv7", 112),
    ...residual("conv8", 112, "conv6-norm"),
  ]);
