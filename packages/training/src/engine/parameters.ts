import { analyze, type Network, type ParameterSpec } from "microexpnet/internal";
import { createRandom } from "../random.js";

/** Where each parameter lies in one flat array; the trained values and the counted statistics apart. */
export interface ParameterLayout {
  readonly weights: readonly PlacedParameter[];
  readonly statistics: readonly PlacedParameter[];
  readonly weightCount: number;
  readonly statisticCount: number;
}

export interface PlacedParameter extends ParameterSpec {
  readonly offset: number;
}

export function layoutParameters(network: Network): ParameterLayout {
  const place = (specs: readonly ParameterSpec[]) => {
    let offset = 0;
    const placed = specs.map((spec) => {
      const result = { ...spec, offset };
      offset += spec.length;
      return result;
    });
    return { placed, count: offset };
  };
  const { parameters } = analyze(network);
  const weights = place(parameters.filter((spec) => spec.trainable));
  const statistics = place(parameters.filter((spec) => !spec.trainable));
  return {
    weights: weights.placed,
    statistics: statistics.placed,
    weightCount: weights.count,
    statisticCount: statistics.count,
  };
}

/**
 * Starting values: He's normal initialisation (He et al. 2015) for weights before a ReLU, Glorot's for the
 * class scores, zero for biases, one for the scales of batch normalisation.
 */
export function initialize(network: Network, layout: ParameterLayout, seed: number) {
  const weights = new Float32Array(layout.weightCount);
  const statistics = new Float32Array(layout.statisticCount);
  const last = network.layers[network.layers.length - 1].name;
  for (const { offset, length, role, shape, layer, name } of layout.weights) {
    if (role === "scale") weights.fill(1, offset, offset + length);
    if (role !== "weight") continue;
    const random = createRandom(seed, "initialization", name);
    const outputs = shape[shape.length - 1];
    const inputs = length / outputs;
    const deviation = layer === last ? Math.sqrt(2 / (inputs + outputs)) : Math.sqrt(2 / inputs);
    for (let i = 0; i < length; i++) {
      // Values beyond two deviations are drawn again, as TensorFlow's initialiser does.
      let value = random.normal();
      while (Math.abs(value) > 2) value = random.normal();
      weights[offset + i] = value * deviation;
    }
  }
  for (const { offset, length, role } of layout.statistics) {
    if (role === "variance") statistics.fill(1, offset, offset + length);
  }
  return { weights, statistics };
}

/** Named arrays, as a model file holds them, from the flat ones. */
export function namedParameters(
  layout: ParameterLayout,
  weights: Float32Array,
  statistics: Float32Array,
): Map<string, Float32Array> {
  const named = new Map<string, Float32Array>();
  for (const p of layout.weights) named.set(p.name, weights.slice(p.offset, p.offset + p.length));
  for (const p of layout.statistics) named.set(p.name, statistics.slice(p.offset, p.offset + p.length));
  return named;
}

/** The flat arrays from named ones. */
export function flatParameters(layout: ParameterLayout, named: ReadonlyMap<string, Float32Array>) {
  const flat = (placed: readonly PlacedParameter[], count: number) => {
    const values = new Float32Array(count);
    for (const { name, offset } of placed) values.set(named.get(name)!, offset);
    return values;
  };
  return {
    weights: flat(layout.weights, layout.weightCount),
    statistics: flat(layout.statistics, layout.statisticCount),
  };
}
