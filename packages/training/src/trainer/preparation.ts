import { augmentationPresets } from "../augmentation.js";
import { type Dataset, sharedBytes, sharedFloats } from "../data/dataset.js";
import { canonicalLabel } from "../data/labels.js";
import { initialize, type ParameterLayout } from "../engine/parameters.js";
import { hashSeed } from "../random.js";
import { isExpression } from "../synthetic/expressions.js";
import { ResumeError, type TrainingState } from "./checkpoint.js";
import type { JobAnimation, TrainingJob } from "./job.js";
import { TrainingError, type TrainingOptions } from "./training-options.js";

/** Describes the run and its data in a few words, so that a checkpoint of another run is noticed. */
function fingerprintOf(options: TrainingOptions): string {
  const { train, valid, teachers, start, teacherCache, animation, ...rest } = options;
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
    ...(animation && {
      animation: [animation.share, sample(animation.landmarks.map((value) => value * 1e6 || 0))],
    }),
  });
}

/** The state before the first step: random weights, and those to start from in place of them where they fit. */
export function started(options: TrainingOptions, layout: ParameterLayout): TrainingState {
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

/**
 * A stored state, to go on from.
 * @throws ResumeError where it belongs to another run
 */
export function resumed(state: TrainingState, options: TrainingOptions): TrainingState {
  if (state.fingerprint !== fingerprintOf(options)) {
    throw new ResumeError("The checkpoint belongs to a run with other options or other data.");
  }
  return state;
}

/** What the workers need, in shared memory. */
export function makeJob(options: TrainingOptions, layout: ParameterLayout): TrainingJob {
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
    animation: animationOf(options),
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

function animationOf({ animation, train }: TrainingOptions): JobAnimation | undefined {
  if (!animation || animation.share === 0) return undefined;
  const landmarks = sharedFloats(animation.landmarks.length);
  landmarks.set(animation.landmarks);
  const meanings = train.labels.map(canonicalLabel);
  const expressions = meanings.filter(isExpression).filter((name) => name !== "neutral");
  return {
    share: animation.share,
    landmarks,
    expressions,
    classes: expressions.map((expression) => meanings.indexOf(expression)),
  };
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
