import type { Layer, PlacedLayer } from "../network.js";
import { poolShape, windowGeometry } from "./shapes.js";

/** What a convolution takes in of the layers that follow it, so that its own output is never written. */
export interface Fusion {
  /** Indices of the layers taken in, the addition before the pool. */
  readonly takenIn: readonly number[];
  /** The last of them, whose output the convolution writes. */
  readonly last: number;
  /** Index of the layer whose output is added to the convolution's, where a residual addition is taken in. */
  readonly other?: number;
  /** Whether a pool over 2 x 2 windows side by side is taken in. */
  readonly pool: boolean;
  /** The activation before the pool: the addition's or the convolution's. */
  readonly relu: boolean;
}

/**
 * The additions, and the pools after them or after a convolution, that a convolution can take in, as nothing else
 * reads what is then not written.
 *
 * @param can what the engine has for a convolution of this kind
 * @returns by the convolution's index
 */
export function fusions(
  layers: readonly PlacedLayer[],
  can: (placed: PlacedLayer) => { readonly add: boolean; readonly pool: boolean },
): Map<number, Fusion> {
  const readers = layers.map((): number[] => []);
  for (const { inputs, index } of layers) {
    for (const input of inputs) readers[input]?.push(index);
  }
  const soleReader = (index: number): PlacedLayer | undefined =>
    readers[index].length === 1 ? layers[readers[index][0]] : undefined;
  const found = new Map<number, Fusion>();
  for (const placed of layers) {
    const { add, pool } = can(placed);
    const sum = add ? soleReader(placed.index) : undefined;
    const other = sum && addedTo(placed, sum, layers);
    const summed = other === undefined ? placed : sum!;
    const next = pool ? soleReader(summed.index) : undefined;
    const pools = next !== undefined && isHalving(next);
    const takenIn = [...(summed === placed ? [] : [summed.index]), ...(pools ? [next.index] : [])];
    const last = takenIn.at(-1);
    if (last === undefined) continue;
    found.set(placed.index, { takenIn, last, other, pool: pools, relu: isRelu(summed.layer) });
  }
  return found;
}

const isRelu = (layer: Layer) => "activation" in layer && layer.activation === "relu";

/** Index of what an addition adds to a convolution's output, where both are alike and the other is there before. */
function addedTo(
  { layer, index, outputShape }: PlacedLayer,
  sum: PlacedLayer,
  layers: readonly PlacedLayer[],
): number | undefined {
  if (sum.layer.kind !== "add" || isRelu(layer)) return undefined;
  const other = sum.inputs[0] === index ? sum.inputs[1] : sum.inputs[0];
  if (other < 0 || other > index) return undefined;
  return layers[other].outputShape[2] === outputShape[2] ? other : undefined;
}

/** Whether it is a pool that halves both sides, an odd one up. */
function isHalving({ layer, ...placed }: PlacedLayer): boolean {
  if (layer.kind !== "maxPool") return false;
  const shape = poolShape({ ...placed, layer });
  if (shape.size !== 2 || shape.stride !== 2) return false;
  const { rows, columns } = windowGeometry(shape, shape.size);
  const [height, width] = placed.inputShape;
  return rows === Math.ceil(height / 2) && columns === Math.ceil(width / 2);
}
