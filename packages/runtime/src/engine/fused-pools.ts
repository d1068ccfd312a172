import type { PlacedLayer } from "../network.js";
import { poolShape, windowGeometry } from "./shapes.js";

/**
 * The pools over 2 x 2 windows side by side that a convolution can take in, as nothing else reads its output.
 *
 * @param canPool whether the engine has a convolution of this kind that pools
 * @returns the pool's index by the convolution's
 */
export function fusedPools(
  layers: readonly PlacedLayer[],
  canPool: (placed: PlacedLayer) => boolean,
): Map<number, number> {
  const readers = new Map<number, number>();
  for (const index of layers.flatMap(({ inputs }) => inputs)) {
    readers.set(index, (readers.get(index) ?? 0) + 1);
  }
  const pools = new Map<number, number>();
  for (const { layer, index, inputs, inputShape } of layers) {
    if (layer.kind !== "maxPool" || readers.get(inputs[0]) !== 1 || !layers[inputs[0]]) continue;
    const shape = poolShape({ ...layers[index], layer });
    const { rows, columns } = windowGeometry(shape, shape.size);
    const isHalf = rows === Math.ceil(inputShape[0] / 2) && columns === Math.ceil(inputShape[1] / 2);
    if (shape.size === 2 && shape.stride === 2 && isHalf && canPool(layers[inputs[0]])) {
      pools.set(inputs[0], index);
    }
  }
  return pools;
}
