/** Mean and deviation of a figure over runs. */
export interface Summary {
  readonly mean: number;
  /** Sample standard deviation (n - 1 below the fraction); null for a single run, which has none. */
  readonly deviation: number | null;
  /** Number of runs. */
  readonly count: number;
}

/**
 * Mean and sample standard deviation.
 * @throws RangeError for no values or one that is not finite.
 */
export function summarise(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError("There are no runs to summarise.");
  const odd = values.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) throw new RangeError(`Run ${odd} has the figure ${values[odd]}, which cannot be averaged.`);
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: count === 1 ? null : Math.sqrt(squares / (count - 1)), count };
}

/**
 * Mean and deviation of a figure measured for several seeds over the same folds.
 * @param values values[seed][fold].
 * @returns `runs`: over every fold of every seed; `seeds`: over the seeds' means, which leaves out how much
 *   the folds differ in difficulty.
 * @throws RangeError as `summarise` does.
 */
export function summariseSeeds(values: readonly (readonly number[])[]): { runs: Summary; seeds: Summary } {
  return {
    runs: summarise(values.flat()),
    seeds: summarise(values.map((folds) => summarise(folds).mean)),
  };
}

/**
 * "85.3 ± 1.2", or "85.3" for a single run.
 * @param scale multiplies both figures; the default 100 turns shares into percent.
 * @param digits after the point.
 */
export function formatSummary(summary: Summary, scale = 100, digits = 1): string {
  const mean = (summary.mean * scale).toFixed(digits);
  return summary.deviation === null ? mean : `${mean} ± ${(summary.deviation * scale).toFixed(digits)}`;
}
