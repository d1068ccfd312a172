// What 8-bit weights and 7-bit activations change of a network's decisions: its products are taken in
// float32 on rounded values, so that only the rounding differs.
import { analyze, Program } from "../../packages/runtime/dist/internal.js";
import {
  pixelUnit,
  pixelZero,
  quantisePixel,
  quantiseWeights,
  readsUsualPixels,
  roundActivations,
} from "./quantise.mjs";

const hasWeights = ({ kind }) => kind === "convolution" || kind === "dense";

/** Weights as they are after rounding. */
function rounded(weights, filters) {
  const { values, units } = quantiseWeights(weights, filters);
  return Float32Array.from(values, (value, i) => value * units[i % filters]);
}

/**
 * @param first how many of the layers with weights are rounded; the others stay in float32
 * @returns a function from one image's pixels to its scores
 * @throws Error where the network is no chain of convolutions, pools and dense layers each behind a ReLU
 */
export function roundedNetwork({ network, weights }, first = Number.POSITIVE_INFINITY) {
  const { layers } = analyze(network);
  const chained = layers.every(({ layer, inputs, index }) => {
    const known = hasWeights(layer) || layer.kind === "maxPool" || layer.kind === "dropout";
    const isLast = index === layers.length - 1;
    return (
      known &&
      inputs.length === 1 &&
      inputs[0] === index - 1 &&
      (isLast || !hasWeights(layer) || layer.activation === "relu")
    );
  });
  if (!chained || !readsUsualPixels(network)) {
    throw new Error(
      "Only chains of convolutions, pools and dense layers behind ReLUs are rounded, from pixels of -1 to 1.",
    );
  }
  const starts = layers.filter(({ layer }) => hasWeights(layer)).map(({ index }) => index);
  const parts = starts.map((start, i) => {
    const [height, width, channels] = layers[start].inputShape;
    const part = {
      name: `part ${i}`,
      input: { height, width, channels, scale: 1, offset: 0 },
      layers: network.layers.slice(i === 0 ? 0 : start, starts[i + 1]),
    };
    const { filters, units } = layers[start].layer;
    return new Program(part, (name) =>
      i < first && name.endsWith(".weight")
        ? rounded(weights.get(name), filters ?? units)
        : weights.get(name),
    );
  });
  return (pixels) => {
    let map = Float32Array.from(pixels, (byte) => (quantisePixel(byte) - pixelZero) * pixelUnit);
    for (const [i, part] of parts.entries()) {
      if (i > 0 && i < first) roundActivations(map);
      map = part.run(map, 1).slice();
    }
    return map;
  };
}
