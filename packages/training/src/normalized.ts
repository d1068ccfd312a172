import { analyze, type Layer, type Network } from "microexpnet/internal";

/**
 * The same network with a batch normalisation (Ioffe & Szegedy 2015) between every inner convolution or dense
 * layer and its activation. Folding (`foldBatchNormalization`) gives back the layers of the original with the
 * normalisation inside their weights, so a network designed without one can be trained with it and costs
 * nothing more to run. Layers that a normalisation follows already, and the last one, stay as they are.
 *
 * @throws NetworkError when the network is malformed
 */
export function withBatchNormalization(network: Network): Network {
  const placed = analyze(network).layers;
  const isNormalized = new Set(
    placed.flatMap(({ layer, inputs }) => (layer.kind === "batchNormalization" ? inputs : [])),
  );
  const renamed = new Map<string, string>();
  const layers = placed.flatMap(({ layer: original, index }): Layer[] => {
    const layer = readingRenamed(original, renamed);
    if (layer.kind !== "convolution" && layer.kind !== "dense") return [layer];
    if (isNormalized.has(index) || index === placed.length - 1) return [layer];
    const { activation = "none", ...linear } = layer;
    const normalization = `${layer.name}-norm`;
    renamed.set(layer.name, normalization);
    return [
      { ...linear, bias: false },
      { kind: "batchNormalization", name: normalization, activation },
    ];
  });
  return { ...network, layers };
}

/** A layer that names what it reads must now read the normalised output. */
function readingRenamed(layer: Layer, renamed: ReadonlyMap<string, string>): Layer {
  const { input } = layer;
  const changed = input === undefined ? layer : { ...layer, input: renamed.get(input) ?? input };
  return "other" in changed ? { ...changed, other: renamed.get(changed.other) ?? changed.other } : changed;
}
