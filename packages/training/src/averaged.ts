import { type Model, ModelFileError } from "microexpnet/internal";

/**
 * A model whose weights are the mean of others', which were trained further from one start with other seeds: they
 * lie close enough together that what they have in common is better than each (Wortsman et al., "Model soups", 2022,
 * arXiv 2203.05482). Networks that were trained from different random weights have nothing to average.
 *
 * @returns the first one's network, labels, crop and calibration; the latter ought to be fitted anew
 * @throws ModelFileError where the models differ in network or labels, or there is none
 */
export function averageModels(models: readonly Model[]): Model {
  const [first] = models;
  if (!first) throw new ModelFileError("There is no model to average.");
  const shape = ({ network, labels }: Model) => JSON.stringify([network.input, network.layers, labels]);
  const other = models.find((model) => shape(model) !== shape(first));
  if (other) {
    throw new ModelFileError(
      `Only models of one network with the same labels can be averaged, not "${first.network.name}" and "${other.network.name}" or one whose layers or labels differ.`,
    );
  }
  const weights = new Map<string, Float32Array>();
  for (const [name, values] of first.weights) {
    const sum = Float64Array.from(values);
    for (const { weights: more } of models.slice(1)) {
      for (const [i, value] of more.get(name)!.entries()) sum[i] += value;
    }
    weights.set(
      name,
      Float32Array.from(sum, (value) => value / models.length),
    );
  }
  return { ...first, weights, provenance: commonProvenance(models) };
}

/** What is known of all models, once, and of each what differs. */
function commonProvenance(models: readonly Model[]): Record<string, unknown> {
  const [first, ...others] = models.map(({ provenance }) => Object.entries(provenance));
  const isCommon = ([key, value]: [string, unknown]) =>
    others.every((entries) => JSON.stringify(Object.fromEntries(entries)[key]) === JSON.stringify(value));
  const common = Object.fromEntries(first.filter(isCommon));
  const averaged = [first, ...others].map((entries) =>
    Object.fromEntries(entries.filter(([key]) => !Object.hasOwn(common, key))),
  );
  return { ...common, averaged };
}
