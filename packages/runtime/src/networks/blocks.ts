import type { Layer, Network } from "../network.js";

/** A 3x3 convolution with batch normalisation. */
export const convolution = (name: string, filters: number, activation: "relu" | "none" = "relu"): Layer[] => [
  { kind: "convolution", name, filters, kernel: 3, bias: false },
  { kind: "batchNormalization", name: `${name}-norm`, activation },
];

export const pool = (name: string): Layer => ({ kind: "maxPool", name, size: 2 });

/** A convolution whose result is added to that of the layer `from`. */
export const residual = (name: string, filters: number, from: string): Layer[] => [
  ...convolution(name, filters, "none"),
  { kind: "add", name: `${name}-sum`, other: from, activation: "relu" },
];

/** A network on 48x48 faces, as large as FER2013's: layers, then the class scores of their mean over the map. */
export const faceNetwork = (name: string, classes: number, dropout: number, layers: Layer[]): Network => ({
  name,
  input: { height: 48, width: 48, channels: 1, scale: 1 / 64, offset: -2 },
  layers: [
    ...layers,
    { kind: "globalAveragePool", name: "average" },
    { kind: "dropout", name: "dropout", rate: dropout },
    { kind: "dense", name: "scores", units: classes },
  ],
});
