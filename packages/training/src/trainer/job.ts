import type { Network } from "microexpnet/internal";
import type { AugmentationOptions } from "../augmentation.js";
import type { DistillationOptions } from "../losses/distillation.js";
import type { Expression } from "../synthetic/expressions.js";

/** A network with its weights by parameter name; what a teacher is. */
export interface WeightedNetwork {
  readonly network: Network;
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** Images for a team of workers: pixels and, for training, a target distribution each. All shared memory. */
export interface SharedImages {
  readonly count: number;
  readonly size: number;
  readonly pixels: Uint8Array;
  /** count * classes values. */
  readonly targets: Float32Array;
}

/** A teacher's logits for each image and seeded view, filled in as training goes. All shared memory. */
export interface TeacherCache {
  /** views * count * teachers * classes values. */
  readonly logits: Float32Array;
  /** views * count flags: 1 where the logits are known. */
  readonly filled: Uint8Array;
}

/** Where the features of faces are, how often they are animated, and the classes of what they may show. */
export interface JobAnimation {
  readonly share: number;
  /** count * `landmarkValues` shares of the side, NaN where no face was found. In shared memory. */
  readonly landmarks: Float32Array;
  readonly expressions: readonly Expression[];
  /** Class of each of the expressions. */
  readonly classes: readonly number[];
}

/** Everything a worker needs to compute gradients; cloned to each worker once. */
export interface TrainingJob {
  readonly network: Network;
  readonly classes: number;
  readonly images: SharedImages;
  readonly validation?: { readonly count: number; readonly size: number; readonly pixels: Uint8Array };
  readonly augmentation: AugmentationOptions;
  readonly seed: number;
  /** Views are drawn from this seed alone, so that runs with different seeds can share teacher logits. */
  readonly viewSeed: number;
  /** Number of different views of an image, which epochs take in turn; 0 is a new one each epoch. */
  readonly views: number;
  readonly animation?: JobAnimation;
  /** Mixup's alpha; 0 is none. */
  readonly mixup: number;
  readonly labelSmoothing: number;
  readonly classWeights?: Float32Array;
  readonly distillation?: DistillationOptions;
  readonly teachers: readonly WeightedNetwork[];
  readonly teacherCache?: TeacherCache;
  /** Images in a batch, and the number of shards that it is always split into, whatever the workers. */
  readonly batch: number;
  readonly shards: number;
  readonly shared: SharedState;
}

/** What the main thread and the workers exchange without copies. All shared memory. */
export interface SharedState {
  readonly weights: Float32Array;
  readonly statistics: Float32Array;
  /** shards * weights: each shard's gradient, already divided by the batch. */
  readonly gradients: Float32Array;
  readonly shardStatistics: Float32Array;
  readonly losses: Float64Array;
  readonly correct: Int32Array;
  /** The batch's images, by index. */
  readonly order: Int32Array;
  /** One counter from which workers take the next shard or the next chunk of images. */
  readonly next: Int32Array;
  /** Logits of the validation images. */
  readonly validationLogits: Float32Array;
}

/** Images in one shard of a full batch. */
export const shardSize = (job: { batch: number; shards: number }): number =>
  Math.ceil(job.batch / job.shards);

export interface StepRequest {
  readonly epoch: number;
  /** Number of steps before this one. */
  readonly step: number;
  /** Images in this batch. */
  readonly count: number;
}
