import type { Layer, Network, NetworkInput } from "../network.js";

/** Where the paper's candidates pool: nowhere, after the first, after the second convolution, after both. */
export type PoolingVariant = "v" | "p1" | "p2" | "p12";
export type SizeVariant = "M" | "S" | "XS" | "XXS";

/** By how much each size squeezes the hidden layer (table 1 of arXiv 1711.07011). */
export const squeezeOfSize: Readonly<Record<SizeVariant, number>> = { M: 1, S: 4, XS: 8, XXS: 16 };

/** Trained by us the input runs from -1 to 1; the authors' own weights read raw 0..255 (`rawPixels`). */
const centredPixels: NetworkInput = { height: 84, width: 84, channels: 1, scale: 1 / 127.5, offset: -1 };
export const rawPixels: NetworkInput = { height: 84, width: 84, channels: 1, scale: 1, offset: 0 };

/**
 * One of the paper's 16 candidates. The first convolution strides by 4 where no pool follows it and by 2
 * where one does, so the maps after it have one size; the second strides by 2 in all of them, which the
 * published parameter counts require.
 */
export function microExpNet(pooling: PoolingVariant, size: SizeVariant, classes = 8, name?: string): Network {
  const poolsFirst = pooling === "p1" || pooling === "p12";
  const poolsSecond = pooling === "p2" || pooling === "p12";
  const units = (poolsSecond ? 768 : 256) / squeezeOfSize[size];
  const layers: Layer[] = [
    {
      kind: "convolution",
      name: "conv1",
      filters: 16,
      kernel: 8,
      stride: poolsFirst ? 2 : 4,
      activation: "relu",
    },
    ...(poolsFirst ? [{ kind: "maxPool", name: "pool1", size: 2 } as const] : []),
    { kind: "convolution", name: "conv2", filters: 32, kernel: 4, stride: 2, activation: "relu" },
    ...(poolsSecond ? [{ kind: "maxPool", name: "pool2", size: 2 } as const] : []),
    { kind: "dense", name: "hidden", units, activation: "relu" },
    { kind: "dense", name: "scores", units: classes },
  ];
  return { name: name ?? `${pooling}-${size}`, input: centredPixels, layers };
}
