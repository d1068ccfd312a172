import type { Network } from "microexpnet/internal";
import { type AugmentationOptions, augmentationPresets } from "../augmentation.js";
import { type Dataset, sharedBytes, sharedFloats } from "../data/dataset.js";
import { initialize, layoutParameters, namedParameters, type ParameterLayout } from "../engine/parameters.js";
import { evaluateLogits } from "../evaluation/evaluate.js";
import type { DistillationOptions } from "../losses/distillation.js";
import {
  clipGradient,
  createOptimizer,
  type Optimizer,
  type OptimizerOptions,
  updateAverage,
} from "../optimizers.js";
import { createRandom, hashSeed, shuffledIndices } from "../random.js";
import { learningRateAt, type ScheduleOptions } from "../schedules.js";
import { type EpochRecord, ResumeError, type TrainingState } from "./checkpoint.js";
import { shardSize, type TeacherCache, type TrainingJob, type WeightedNetwork } from "./job.js";
import type { Team, TeamFactory } from "./team.js";

/** Thrown when training cannot start or go on; one sentence says why. */
export class TrainingError extends Error {
  override name = "TrainingError";
}

export interface TrainingOptions {
  readonly network: Network;
  /** Images to learn from; every one is used. */
  readonly train: Dataset;
  /** Images to choose the best epoch by; without them the last epoch is kept. */
  readonly valid?: Dataset;
  readonly epochs: number;
  readonly batch: number;
  /** Parts that a batch is always split into, and so the most workers that find work; 4 by default. */
  readonly shards?: number;
  readonly seed: number;
  readonly optimizer: OptimizerOptions;
  readonly schedule: ScheduleOptions;
  readonly augmentation?: AugmentationOptions;
  readonly viewSeed?: number;
  readonly views?: number;
  /** "votes" (the default where there are any) learns the annotators' distribution, "labels" the class alone. */
  readonly targets?: "votes" | "labels";
  readonly labelSmoothing?: number;
  readonly mixup?: number;
  /** "balanced" weighs each class by the inverse root of its share, mean 1; or one weight a class. */
  readonly classWeights?: "balanced" | readonly number[];
  /** Largest Euclidean norm of the gradient; 0 or absent is no limit. */
  readonly clipNorm?: number;
  /** Decay of the moving average of the weights, which is what is evaluated and kept; 0 is none. */
  readonly averageDecay?: number;
  /**
   * Which epoch's weights are the result: the best on validation (the default), or the last, which leaves the
   * validation images unbiased for measuring; `patience` has no effect then.
   */
  readonly keep?: "best" | "last";
  /** Stops after so many epochs without a better validation accuracy; 0 or absent is never. */
  readonly patience?: number;
  readonly teachers?: readonly WeightedNetwork[];
  readonly distillation?: DistillationOptions;
  readonly teacherCache?: TeacherCache;
  /** Weights to start from instead of random ones; the class scores too where their shape fits. */
  readonly start?: ReadonlyMap<string, Float32Array>;
}

export interface TrainingProgress {
  /** Counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  /** Mean loss and accuracy of the epoch so far. */
  readonly loss: number;
  readonly accuracy: number;
  readonly imagesPerSecond: number;
  readonly secondsLeft: number;
}

export interface TrainingHooks {
  readonly team: TeamFactory;
  readonly resume?: TrainingState;
  /** Called after every epoch and about once a minute with the state to store. */
  readonly save?: (state: TrainingState) => Promise<void>;
  readonly onProgress?: (progress: TrainingProgress) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
  /** Stops before the next step, after saving; training then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface TrainingResult {
  /** The kept weights by parameter name. */
  readonly weights: Map<string, Float32Array>;
  readonly history: readonly EpochRecord[];
  /** The epoch that was kept, counted from 1. */
  readonly epoch: number;
  /** Logits of the validation images with the kept weights. */
  readonly validLogits?: Float32Array;
}

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

function checkOptions(options: TrainingOptions): void {
  const { train, valid, epochs, batch } = options;
  if (train.count < 2) throw new TrainingError(`There are ${train.count} images to learn from, too few.`);
  if (valid && valid.count === 0) throw new TrainingError("There are no images to validate on.");
  if (valid && valid.labels.join() !== train.labels.join()) {
    throw new TrainingError("The training and validation images have different classes.");
  }
  for (const [what, value] of Object.entries({ epochs, batch, shards: options.shards ?? 4 })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new TrainingError(`The number of ${what} must be a whole number from 1 up, not ${value}.`);
    }
  }
  if (options.mixup && options.teacherCache) {
    throw new TrainingError("With mixup every view is new, so teacher logits cannot be cached: choose one.");
  }
  if (options.teachers?.length && !options.distillation) {
    throw new TrainingError("There are teachers, but no distillation loss.");
  }
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

/** Describes the run and its data in a few words, so that a checkpoint of another run is noticed. */
function fingerprintOf(options: TrainingOptions): string {
  const { train, valid, teachers, start, teacherCache, ...rest } = options;
  const sample = (values?: Uint8Array | Float32Array) => {
    if (!values) return 0;
    const stride = Math.max(1, Math.floor(values.length / 4096));
    return hashSeed(values.length, ...Array.from({ length: 4096 }, (_, i) => values[i * stride] ?? 0));
  };
  const named = (weights?: ReadonlyMap<string, Float32Array>) =>
    weights && [...weights].map(([name, values]) => [name, sample(values.map((value) => value * 1e6))]);
  const data = (set?: Dataset) =>
    set && [set.count, set.size, set.labels, sample(set.pixels), sample(set.classes)];
  return JSON.stringify({
    ...rest,
    train: data(train),
    valid: data(valid),
    teachers: teachers?.map((teacher) => [teacher.network.name, named(teacher.weights)]),
    start: named(start),
    cached: !!teacherCache,
  });
}

function started(options: TrainingOptions, layout: ParameterLayout): TrainingState {
  const { weights, statistics } = initialize(options.network, layout, options.seed);
  for (const [placed, target] of [
    ...layout.weights.map((p) => [p, weights] as const),
    ...layout.statistics.map((p) => [p, statistics] as const),
  ]) {
    const values = options.start?.get(placed.name);
    if (values?.length === placed.length) target.set(values, placed.offset);
  }
  return {
    fingerprint: fingerprintOf(options),
    epoch: 0,
    stepInEpoch: 0,
    step: 0,
    lossSum: 0,
    correct: 0,
    seen: 0,
    optimizerSteps: 0,
    history: [],
    arrays: {
      weights,
      statistics,
      averageWeights: weights.slice(),
      averageStatistics: statistics.slice(),
    },
  };
}

function resumed(state: TrainingState, options: TrainingOptions): TrainingState {
  if (state.fingerprint !== fingerprintOf(options)) {
    throw new ResumeError("The checkpoint belongs to a run with other options or other data.");
  }
  return state;
}

function makeJob(options: TrainingOptions, layout: ParameterLayout): TrainingJob {
  const { train, valid, batch } = options;
  const classes = train.labels.length;
  const shards = Math.min(options.shards ?? 4, batch);
  const doubles = (count: number) => new Float64Array(new SharedArrayBuffer(count * 8));
  const integers = (count: number) => new Int32Array(new SharedArrayBuffer(count * 4));
  return {
    network: options.network,
    classes,
    images: {
      count: train.count,
      size: train.size,
      pixels: shared(train.pixels),
      targets: targetsOf(options),
    },
    validation: valid && { count: valid.count, size: valid.size, pixels: shared(valid.pixels) },
    augmentation: options.augmentation ?? augmentationPresets.none,
    seed: options.seed,
    viewSeed: options.viewSeed ?? options.seed,
    views: options.views ?? 0,
    mixup: options.mixup ?? 0,
    labelSmoothing: options.labelSmoothing ?? 0,
    classWeights: classWeightsOf(options),
    distillation: options.distillation,
    teachers: options.teachers ?? [],
    teacherCache: options.teacherCache,
    batch,
    shards,
    shared: {
      weights: sharedFloats(layout.weightCount),
      statistics: sharedFloats(layout.statisticCount),
      gradients: sharedFloats(shards * layout.weightCount),
      shardStatistics: sharedFloats(shards * layout.statisticCount),
      losses: doubles(shards),
      correct: integers(shards),
      order: integers(batch),
      next: integers(1),
      validationLogits: sharedFloats((valid?.count ?? 0) * classes),
    },
  };
}

function shared(pixels: Uint8Array): Uint8Array {
  if (pixels.buffer instanceof SharedArrayBuffer) return pixels;
  const copy = sharedBytes(pixels.length);
  copy.set(pixels);
  return copy;
}

function targetsOf({ train, targets = "votes" }: TrainingOptions): Float32Array {
  const classes = train.labels.length;
  const values = sharedFloats(train.count * classes);
  if (train.votes && targets === "votes") values.set(train.votes);
  else for (let image = 0; image < train.count; image++) values[image * classes + train.classes[image]] = 1;
  return values;
}

function classWeightsOf({ train, classWeights }: TrainingOptions): Float32Array | undefined {
  if (!classWeights) return undefined;
  const classes = train.labels.length;
  if (classWeights !== "balanced") {
    if (classWeights.length !== classes) {
      throw new TrainingError(`There are ${classWeights.length} class weights for ${classes} classes.`);
    }
    return Float32Array.from(classWeights);
  }
  const counts = new Float64Array(classes);
  for (const label of train.classes) counts[label]++;
  const weights = counts.map((count) => 1 / Math.sqrt(Math.max(count, 1)));
  // Scaled so that the weight of the average image is 1.
  const mean = weights.reduce((sum, weight, c) => sum + weight * counts[c], 0) / train.count;
  return Float32Array.from(weights, (weight) => weight / mean);
}
