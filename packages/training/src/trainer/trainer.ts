import { layoutParameters, namedParameters, type ParameterLayout } from "../engine/parameters.js";
import { evaluateLogits } from "../evaluation/evaluate.js";
import { clipGradient, createOptimizer, type Optimizer, updateAverage } from "../optimizers.js";
import { createRandom, shuffledIndices } from "../random.js";
import { learningRateAt } from "../schedules.js";
import type { EpochRecord, TrainingState } from "./checkpoint.js";
import { shardSize, type TrainingJob } from "./job.js";
import { makeJob, resumed, started } from "./preparation.js";
import type { Team } from "./team.js";
import {
  checkOptions,
  TrainingError,
  type TrainingHooks,
  type TrainingOptions,
  type TrainingResult,
} from "./training-options.js";

const secondsBetweenSaves = 60;
/** Share of the old value when batch statistics enter the running ones. */
const statisticsMomentum = 0.95;

/** Trains a network; the same options and seed give the same bits, whatever the team and however often resumed. */
export async function train(options: TrainingOptions, hooks: TrainingHooks): Promise<TrainingResult> {
  checkOptions(options);
  const layout = layoutParameters(options.network);
  const job = makeJob(options, layout);
  const state = hooks.resume ? resumed(hooks.resume, options) : started(options, layout);
  const team = await hooks.team(job);
  try {
    const run = new TrainingRun(options, hooks, layout, job, state, team);
    return await run.finish();
  } finally {
    await team.close();
  }
}

class TrainingRun {
  readonly #optimizer: Optimizer;
  readonly #decays: Uint8Array;
  readonly #gradient: Float32Array;
  readonly #stepsPerEpoch: number;
  readonly #steps: number;
  #startedAt = 0;
  #savedAt = 0;
  #imagesDone = 0;

  constructor(
    readonly options: TrainingOptions,
    readonly hooks: TrainingHooks,
    readonly layout: ParameterLayout,
    readonly job: TrainingJob,
    readonly state: TrainingState,
    readonly team: Team,
  ) {
    this.#optimizer = createOptimizer(options.optimizer, layout.weightCount);
    this.#optimizer.steps = state.optimizerSteps;
    // The optimiser works on its own arrays; the state refers to the very same ones, and so does a checkpoint.
    for (const [i, slot] of this.#optimizer.state.entries()) {
      const saved = state.arrays[`optimizer${i}`];
      if (saved) slot.set(saved);
      state.arrays[`optimizer${i}`] = slot;
    }
    this.#decays = new Uint8Array(layout.weightCount);
    for (const { role, offset, length } of layout.weights) {
      if (role === "weight") this.#decays.fill(1, offset, offset + length);
    }
    this.#gradient = new Float32Array(layout.weightCount);
    this.#stepsPerEpoch = Math.ceil(options.train.count / options.batch);
    this.#steps = this.#stepsPerEpoch * options.epochs;
  }

  async finish(): Promise<TrainingResult> {
    const { options, state } = this;
    this.#startedAt = performance.now();
    this.#savedAt = this.#startedAt;
    while (state.epoch < options.epochs && !this.#isOutOfPatience()) {
      await this.#trainEpoch();
      await this.#endEpoch();
    }
    return this.#result();
  }

  #isOutOfPatience(): boolean {
    const { patience } = this.options;
    const { best, epoch } = this.state;
    return !!patience && !!best && epoch - best.epoch >= patience;
  }

  async #trainEpoch(): Promise<void> {
    const { options, state, job } = this;
    const order = shuffledIndices(
      options.train.count,
      createRandom(options.seed, "batch order", state.epoch),
    );
    while (state.stepInEpoch < this.#stepsPerEpoch) {
      await this.#pause();
      const first = state.stepInEpoch * options.batch;
      const images = order.subarray(first, Math.min(first + options.batch, order.length));
      job.shared.order.set(images);
      await this.#trainStep(images.length);
      state.stepInEpoch++;
      this.#imagesDone += images.length;
      this.#reportProgress();
    }
  }

  /** Saves when it is time to, and stops when asked to. */
  async #pause(): Promise<void> {
    const { hooks, state } = this;
    const now = performance.now();
    const { signal } = hooks;
    if (signal?.aborted || now - this.#savedAt > secondsBetweenSaves * 1000) {
      this.#savedAt = now;
      await hooks.save?.(state);
    }
    signal?.throwIfAborted();
  }

  async #trainStep(count: number): Promise<void> {
    const { options, state, job, layout } = this;
    const { shared } = job;
    const { weights, statistics } = state.arrays;
    shared.weights.set(weights);
    const problem = await this.team.train({ epoch: state.epoch, step: state.step, count });
    const where = `Training stopped in epoch ${state.epoch + 1} at step ${state.step + 1}`;
    if (problem) throw new TrainingError(`${where}: ${problem}; a lower learning rate may help.`);
    // Shards are added in their order, so that the sum's bits do not depend on who computed them.
    const gradient = this.#gradient;
    const parts = Array.from({ length: job.shards }, (_, shard) =>
      shared.gradients.subarray(shard * layout.weightCount, (shard + 1) * layout.weightCount),
    );
    sumInOrder(parts, gradient);
    const norm = clipGradient(gradient, options.clipNorm || Number.POSITIVE_INFINITY);
    if (!Number.isFinite(norm)) {
      const bad = layout.weights.find((p) =>
        gradient.subarray(p.offset, p.offset + p.length).some((value) => !Number.isFinite(value)),
      );
      throw new TrainingError(
        `${where}: the gradient of layer "${bad?.layer}" is not a finite number; a lower learning rate may help.`,
      );
    }
    this.#updateStatistics(statistics, count);
    const rate = learningRateAt(options.schedule, state.step, this.#steps);
    this.#optimizer.step(weights, gradient, rate, this.#decays);
    state.optimizerSteps = this.#optimizer.steps;
    const decay = options.averageDecay ?? 0;
    if (decay > 0) {
      updateAverage(state.arrays.averageWeights, weights, decay, state.step);
      updateAverage(state.arrays.averageStatistics, statistics, decay, state.step);
    }
    for (let shard = 0; shard < job.shards; shard++) {
      state.lossSum += shared.losses[shard] * count;
      state.correct += shared.correct[shard];
    }
    state.seen += count;
    state.step++;
  }

  /** Running mean and variance: the average over the shards that had images. */
  #updateStatistics(statistics: Float32Array, count: number): void {
    const { job, layout } = this;
    const used = Math.ceil(count / shardSize(job));
    for (let i = 0; i < statistics.length; i++) {
      let sum = 0;
      for (let shard = 0; shard < used; shard++) {
        sum += job.shared.shardStatistics[shard * layout.statisticCount + i];
      }
      statistics[i] = statisticsMomentum * statistics[i] + (1 - statisticsMomentum) * (sum / used);
    }
  }

  #reportProgress(): void {
    const { options, state } = this;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const imagesPerSecond = this.#imagesDone / seconds;
    const imagesLeft = (this.#steps - state.step) * options.batch;
    this.hooks.onProgress?.({
      epoch: state.epoch + 1,
      epochs: options.epochs,
      step: state.step,
      steps: this.#steps,
      loss: state.lossSum / state.seen,
      accuracy: state.correct / state.seen,
      imagesPerSecond,
      secondsLeft: imagesLeft / imagesPerSecond,
    });
  }

  /** The weights that are evaluated and kept: the average where there is one. */
  #kept(): { weights: Float32Array; statistics: Float32Array } {
    const { arrays } = this.state;
    return this.options.averageDecay
      ? { weights: arrays.averageWeights, statistics: arrays.averageStatistics }
      : { weights: arrays.weights, statistics: arrays.statistics };
  }

  async #endEpoch(): Promise<void> {
    const { options, hooks, state } = this;
    const kept = this.#kept();
    const validation = options.valid && (await this.#evaluate(kept));
    state.epoch++;
    const record: EpochRecord = {
      epoch: state.epoch,
      step: state.step,
      learningRate: learningRateAt(options.schedule, state.step - 1, this.#steps),
      trainLoss: state.lossSum / state.seen,
      trainAccuracy: state.correct / state.seen,
      ...(validation && {
        validAccuracy: validation.accuracy,
        validMacroF1: validation.macroF1,
        validLoss: validation.loss,
      }),
    };
    state.history.push(record);
    const isKept = !validation || options.keep === "last" || !state.best;
    if (isKept || validation.accuracy > state.best!.accuracy) {
      const { accuracy = 0, macroF1 = 0 } = validation ?? {};
      state.best = { epoch: state.epoch, accuracy, macroF1 };
      state.arrays.bestWeights = kept.weights.slice();
      state.arrays.bestStatistics = kept.statistics.slice();
    }
    state.stepInEpoch = 0;
    state.lossSum = 0;
    state.correct = 0;
    state.seen = 0;
    this.#savedAt = performance.now();
    await hooks.save?.(state);
    hooks.onEpoch?.(record);
  }

  async #evaluate(kept: { weights: Float32Array; statistics: Float32Array }) {
    const { options, job } = this;
    job.shared.weights.set(kept.weights);
    job.shared.statistics.set(kept.statistics);
    await this.team.evaluate();
    const { classes, labels } = options.valid!;
    const logits = job.shared.validationLogits;
    const { accuracy, macroF1 } = evaluateLogits({ logits, truth: classes, labels, temperature: 1 });
    return { accuracy, macroF1, loss: negativeLogLikelihood(logits, classes, labels.length) };
  }

  async #result(): Promise<TrainingResult> {
    const { state, layout, options, job } = this;
    const { bestWeights, bestStatistics } = state.arrays;
    if (options.valid) await this.#evaluate({ weights: bestWeights, statistics: bestStatistics });
    return {
      weights: namedParameters(layout, bestWeights, bestStatistics),
      history: state.history,
      epoch: state.best!.epoch,
      validLogits: options.valid && job.shared.validationLogits.slice(),
    };
  }
}

function negativeLogLikelihood(logits: Float32Array, truth: Uint8Array, classes: number): number {
  let sum = 0;
  for (let image = 0; image < truth.length; image++) {
    const row = logits.subarray(image * classes, (image + 1) * classes);
    const largest = row.reduce((a, b) => Math.max(a, b));
    const total = row.reduce((a, b) => a + Math.exp(b - largest), 0);
    sum += largest + Math.log(total) - row[truth[image]];
  }
  return sum / truth.length;
}

/** target = the sum of the parts, four in one pass, which is the usual number. */
function sumInOrder(parts: readonly Float32Array[], target: Float32Array): void {
  const [a, b, c, d] = parts;
  if (parts.length === 4) {
    for (let i = 0; i < target.length; i++) target[i] = a[i] + b[i] + c[i] + d[i];
    return;
  }
  target.set(a);
  for (const part of parts.slice(1)) for (let i = 0; i < target.length; i++) target[i] += part[i];
}
