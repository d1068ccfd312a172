import type { Network } from "microexpnet/internal";
import { landmarkValues } from "../animation.js";
import type { AugmentationOptions } from "../augmentation.js";
import type { Dataset } from "../data/dataset.js";
import { canonicalLabel } from "../data/labels.js";
import type { DistillationOptions } from "../losses/distillation.js";
import type { OptimizerOptions } from "../optimizers.js";
import type { ScheduleOptions } from "../schedules.js";
import { isExpression } from "../synthetic/expressions.js";
import type { EpochRecord, TrainingState } from "./checkpoint.js";
import type { TeacherCache, WeightedNetwork } from "./job.js";
import type { TeamFactory } from "./team.js";

/** Faces that show more than they did, see `animateFace`. */
export interface AnimationOptions {
  /** Share of the views, 0..1. */
  readonly share: number;
  /** count * `landmarkValues` shares of the training images' side; NaN where no face was found. */
  readonly landmarks: Float32Array;
}

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
  /**
   * In some views an expression that annotators saw in the face is exaggerated, and a neutral face is given any.
   * Teachers are asked about the face as it was, and their answers changed as the votes are.
   */
  readonly animation?: AnimationOptions;
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

/** @throws TrainingError for options with which no training can start */
export function checkOptions(options: TrainingOptions): void {
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
  if (options.animation) checkAnimation(options.animation, options);
  if (options.teachers?.length && !options.distillation) {
    throw new TrainingError("There are teachers, but no distillation loss.");
  }
}

/** @throws TrainingError where the faces of a data set cannot be animated in such a run */
export function requireAnimatable(
  labels: readonly string[],
  { mixup }: Pick<TrainingOptions, "mixup">,
): void {
  if (!labels.map(canonicalLabel).some((name) => name !== "neutral" && isExpression(name))) {
    throw new TrainingError(
      `Faces can be animated where the classes are basic expressions, not ${labels.join(", ")}.`,
    );
  }
  if (mixup) throw new TrainingError("Animated faces cannot be mixed with others: choose one.");
}

function checkAnimation({ share, landmarks }: AnimationOptions, options: TrainingOptions): void {
  const { train } = options;
  requireAnimatable(train.labels, options);
  if (!(share >= 0 && share <= 1)) {
    throw new TrainingError(`The share of animated views must lie between 0 and 1, not ${share}.`);
  }
  if (landmarks.length !== train.count * landmarkValues) {
    throw new TrainingError(
      `There are ${landmarks.length} values of landmarks for ${train.count} images, which need ${landmarkValues} each.`,
    );
  }
}
