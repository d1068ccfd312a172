import { availableParallelism } from "node:os";
import {
  type AugmentationPreset,
  augmentationPresets,
  type OptimizerKind,
  type ScheduleKind,
  type TrainingOptions,
} from "@microexpnet/training";
import { type Command, Option } from "commander";
import { parseInteger, parseNumber } from "../console.js";

/** Options that `train`, `distill` and the experiments share; the defaults are the recipe of our models. */
export interface TrainingFlags {
  epochs: number;
  batch: number;
  learningRate: number;
  optimizer: OptimizerKind;
  momentum: number;
  weightDecay: number;
  schedule: ScheduleKind;
  warmup?: number;
  augmentation: AugmentationPreset;
  mixup: number;
  labelSmoothing: number;
  classWeights: "none" | "balanced";
  targets: "votes" | "labels";
  clipNorm: number;
  averageDecay: number;
  patience: number;
  shards: number;
  workers: number;
  animate: number;
  views: number;
  viewSeed: number;
  normalize: boolean;
}

export const defaultFlags: TrainingFlags = {
  epochs: 30,
  batch: 128,
  learningRate: 0.003,
  optimizer: "adamw",
  momentum: 0.9,
  weightDecay: 0.001,
  schedule: "one-cycle",
  augmentation: "default",
  mixup: 0,
  labelSmoothing: 0,
  classWeights: "none",
  targets: "votes",
  clipNorm: 0,
  averageDecay: 0.999,
  patience: 0,
  shards: 4,
  workers: Math.min(4, availableParallelism()),
  animate: 0,
  views: 0,
  viewSeed: 0,
  normalize: false,
};

export function addTrainingFlags(command: Command): Command {
  const d = defaultFlags;
  const whole = (low: number) => parseInteger(low, 1_000_000);
  return command
    .option("--epochs <number>", "passes over the training images", whole(1), d.epochs)
    .option("--batch <number>", "images in a batch", whole(1), d.batch)
    .option("--learning-rate <number>", "highest learning rate", parseNumber(1e-9, 10), d.learningRate)
    .addOption(
      new Option("--optimizer <name>", "optimiser").choices(["sgd", "adam", "adamw"]).default(d.optimizer),
    )
    .option("--momentum <number>", "momentum of sgd", parseNumber(0, 0.9999), d.momentum)
    .option("--weight-decay <number>", "weight decay", parseNumber(0, 10), d.weightDecay)
    .addOption(
      new Option("--schedule <name>", "course of the learning rate")
        .choices(["constant", "step", "cosine", "one-cycle"])
        .default(d.schedule),
    )
    .option("--warmup <share>", "share of the steps in which the rate rises", parseNumber(0, 0.9))
    .addOption(
      new Option("--augmentation <name>", "random changes of the training images")
        .choices(Object.keys(augmentationPresets))
        .default(d.augmentation),
    )
    .option(
      "--animate <share>",
      "share of the views in which brows, eyes and mouth are moved to show more of an expression",
      parseNumber(0, 1),
      d.animate,
    )
    .option("--mixup <alpha>", "mixup's alpha; 0 is none", parseNumber(0, 10), d.mixup)
    .option("--label-smoothing <share>", "label smoothing", parseNumber(0, 0.9), d.labelSmoothing)
    .addOption(
      new Option("--class-weights <how>", "weight of rare classes")
        .choices(["none", "balanced"])
        .default(d.classWeights),
    )
    .addOption(
      new Option("--targets <what>", "learn the annotators' votes, where there are any, or the class alone")
        .choices(["votes", "labels"])
        .default(d.targets),
    )
    .option(
      "--clip-norm <number>",
      "largest norm of the gradient; 0 is no limit",
      parseNumber(0, 1e9),
      d.clipNorm,
    )
    .option(
      "--average-decay <number>",
      "moving average of the weights; 0 is none",
      parseNumber(0, 0.99999),
      d.averageDecay,
    )
    .option("--patience <epochs>", "stop after so many epochs without gain; 0 is never", whole(0), d.patience)
    .option("--shards <number>", "parts of a batch; changes the result", parseInteger(1, 256), d.shards)
    .option("--workers <number>", "worker threads; never changes the result", parseInteger(1, 256), d.workers)
    .option("--views <number>", "different views of an image; 0 is a new one each epoch", whole(0), d.views)
    .option("--view-seed <number>", "seed of the views alone", whole(0), d.viewSeed)
    .option(
      "--normalize",
      "train with batch normalisation after every inner layer; it ends up inside the weights",
      d.normalize,
    );
}

/** The trainer's options that follow from the flags. */
export function trainingOptions(flags: TrainingFlags, seed: number) {
  return {
    epochs: flags.epochs,
    batch: flags.batch,
    shards: flags.shards,
    seed,
    optimizer: {
      kind: flags.optimizer,
      weightDecay: flags.weightDecay,
      ...(flags.optimizer === "sgd" && { momentum: flags.momentum }),
    },
    schedule: {
      kind: flags.schedule,
      learningRate: flags.learningRate,
      ...(flags.warmup !== undefined && { warmupShare: flags.warmup }),
    },
    augmentation: augmentationPresets[flags.augmentation],
    viewSeed: flags.viewSeed,
    views: flags.views,
    targets: flags.targets,
    labelSmoothing: flags.labelSmoothing,
    mixup: flags.mixup,
    classWeights: flags.classWeights === "balanced" ? "balanced" : undefined,
    clipNorm: flags.clipNorm,
    averageDecay: flags.averageDecay,
    patience: flags.patience,
  } as const satisfies Partial<TrainingOptions>;
}
