/** Thrown when a schedule's option lies outside its range. */
export class ScheduleError extends Error {
  override name = "ScheduleError";
}

export type ScheduleKind = "constant" | "step" | "cosine" | "one-cycle";

/** How the learning rate moves over a run. Shares are of the run's steps, 0..1. */
export interface ScheduleOptions {
  readonly kind: ScheduleKind;
  /** The highest learning rate, above 0. */
  readonly learningRate: number;
  /**
   * Share of the steps in which the rate rises: 0.3 by default for "one-cycle", which rises along a cosine
   * from `startShare`; 0 for the others, which rise in a line that reaches the peak with its last step.
   */
  readonly warmupShare?: number;
  /** "one-cycle" starts at this share of the peak; 1 / 25 by default. */
  readonly startShare?: number;
  /** "cosine" (0 by default) and "one-cycle" (1e-4 by default) end at this share of the peak. */
  readonly finalShare?: number;
  /** "step" multiplies the rate by `factor` at each of these shares of the run; 0.5 and 0.75 by default. */
  readonly milestones?: readonly number[];
  /** Of "step"; 0.1 by default. */
  readonly factor?: number;
}

const defaultMilestones: readonly number[] = [0.5, 0.75];

function requireShare(value: number, what: string): number {
  if (!(value >= 0 && value <= 1)) {
    throw new ScheduleError(`The schedule's ${what} must lie between 0 and 1, not ${value}.`);
  }
  return value;
}

/** From `start` at 0 to `end` at 1 along half a cosine. */
const anneal = (start: number, end: number, progress: number) =>
  end + (start - end) * 0.5 * (1 + Math.cos(Math.PI * progress));

/**
 * The learning rate of one step.
 *
 * "cosine" is that of Loshchilov & Hutter, arXiv 1608.03983, without restarts; "one-cycle" that of Smith &
 * Topin, arXiv 1708.07120, with both flanks along cosines.
 *
 * @param step 0 .. totalSteps - 1; steps beyond the end have the rate of the end
 * @throws ScheduleError when an option lies outside its range
 */
export function learningRateAt(options: ScheduleOptions, step: number, totalSteps: number): number {
  const { kind, learningRate: peak } = options;
  if (!(peak > 0 && peak < Number.POSITIVE_INFINITY)) {
    throw new ScheduleError(`The schedule's learning rate must be above 0, not ${peak}.`);
  }
  if (!(totalSteps >= 1)) throw new ScheduleError(`A run must have at least 1 step, not ${totalSteps}.`);
  const share = requireShare(options.warmupShare ?? (kind === "one-cycle" ? 0.3 : 0), "warm-up share");
  const warmup = Math.round(share * totalSteps);
  const here = Math.min(Math.max(step, 0), totalSteps);
  const progress = warmup < totalSteps ? Math.max(here - warmup, 0) / (totalSteps - warmup) : 0;
  if (here < warmup && kind !== "one-cycle") return (peak * (here + 1)) / warmup;
  switch (kind) {
    case "constant":
      return peak;
    case "step": {
      const factor = requireShare(options.factor ?? 0.1, "factor");
      let rate = peak;
      for (const milestone of options.milestones ?? defaultMilestones) {
        if (here >= requireShare(milestone, "milestone") * totalSteps) rate *= factor;
      }
      return rate;
    }
    case "cosine":
      return anneal(peak, peak * requireShare(options.finalShare ?? 0, "final share"), progress);
    case "one-cycle": {
      const start = peak * requireShare(options.startShare ?? 1 / 25, "start share");
      const final = peak * requireShare(options.finalShare ?? 1e-4, "final share");
      return here < warmup ? anneal(start, peak, here / warmup) : anneal(peak, final, progress);
    }
    default:
      throw new ScheduleError(
        `The schedule must be one of constant, step, cosine, one-cycle, not ${JSON.stringify(kind)}.`,
      );
  }
}
