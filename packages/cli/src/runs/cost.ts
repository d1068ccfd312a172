import { analyze, type Model } from "microexpnet/internal";

/** A network's size and cost in the units of the tables: parameters, KB of float32, millions of MACs. */
export function costOf(model: Pick<Model, "network">) {
  const { parameterCount, multiplyAccumulates } = analyze(model.network);
  return {
    parameters: parameterCount,
    kilobytes: (parameterCount * 4) / 1000,
    megaMacs: multiplyAccumulates / 1e6,
  };
}
