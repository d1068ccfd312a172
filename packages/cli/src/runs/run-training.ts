import {
  type Dataset,
  type DistillationOptions,
  type EpochRecord,
  type Evaluation,
  evaluateLogits,
  requireAnimatable,
  soloTeam,
  type TeamFactory,
  type TrainingOptions,
  train,
  type WeightedNetwork,
  withBatchNormalization,
} from "@microexpnet/training";
import { workerTeam } from "@microexpnet/training/node";
import {
  ferPlusCrop,
  foldBatchNormalization,
  type Model,
  type Network,
  writeModelFile,
} from "microexpnet/internal";
import { Progress } from "../console.js";
import { datasetLogits } from "../evaluation/dataset-logits.js";
import { fitCalibration, priorOf } from "../evaluation/fit-calibration.js";
import { writeFileAtomically } from "../models.js";
import { renderReport } from "../report/report.js";
import { landmarksOf } from "./face-landmarks.js";
import { RunDirectory } from "./run-directory.js";
import { TeacherCacheFile } from "./teacher-cache.js";
import { type TrainingFlags, trainingOptions } from "./training-flags.js";
import { trainingReport } from "./training-report.js";

export interface RunRequest {
  readonly title: string;
  readonly network: Network;
  readonly train: Dataset;
  readonly valid?: Dataset;
  readonly flags: TrainingFlags;
  readonly seed: number;
  readonly teachers?: readonly (WeightedNetwork & { readonly labels: readonly string[] })[];
  readonly distillation?: DistillationOptions;
  /** File that keeps the teachers' logits; they are asked at every step without it. */
  readonly teacherCacheFile?: string;
  readonly start?: ReadonlyMap<string, Float32Array>;
  readonly keep?: TrainingOptions["keep"];
  /** Goes into the model's provenance. */
  readonly provenance: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

export interface RunOutcome {
  readonly model: Model;
  readonly history: readonly EpochRecord[];
  readonly epoch: number;
  readonly validation?: Evaluation;
  readonly imagesPerSecond: number;
}

/** Trains in memory; nothing is written. */
export async function runTraining(
  request: RunRequest,
  hooks: { directory?: RunDirectory; cache?: TeacherCacheFile } = {},
): Promise<RunOutcome> {
  const { flags, seed, signal } = request;
  const network = flags.normalize ? withBatchNormalization(request.network) : request.network;
  const { directory, cache } = hooks;
  const resume = await directory?.checkpoint();
  // Before the search for landmarks, which takes minutes.
  if (flags.animate > 0) requireAnimatable(request.train.labels, flags);
  const animation = flags.animate > 0 && {
    share: flags.animate,
    landmarks: await landmarksOf(request.train, signal),
  };
  const progress = new Progress();
  let imagesPerSecond = 0;
  const team: TeamFactory = flags.workers > 0 ? workerTeam(Math.min(flags.workers, flags.shards)) : soloTeam;
  const options: TrainingOptions = {
    ...trainingOptions(flags, seed),
    network,
    train: request.train,
    valid: request.valid,
    teachers: request.teachers,
    distillation: request.distillation,
    teacherCache: cache?.cache,
    start: request.start,
    ...(animation && { animation }),
    ...(request.keep && { keep: request.keep }),
  };
  const result = await train(options, {
    team,
    resume,
    signal,
    save:
      directory &&
      (async (state) => {
        await directory.saveCheckpoint(state);
        await directory.writeLog(state.history);
        await cache?.save();
      }),
    onProgress(p) {
      imagesPerSecond = p.imagesPerSecond;
      const epoch = `epoch ${p.epoch}/${p.epochs}, loss ${p.loss.toFixed(3)}, accuracy ${(100 * p.accuracy).toFixed(1)} %`;
      progress.update(
        p.step,
        p.steps,
        `${request.title}: ${epoch}, ${Math.round(p.imagesPerSecond)} images/s`,
      );
    },
  });
  progress.done();
  const { labels } = request.train;
  const { validLogits } = result;
  const scale = validLogits ? fitCalibration(validLogits, request.valid!) : { temperature: 1 };
  const { temperature } = scale;
  const validation =
    validLogits &&
    evaluateLogits({ logits: validLogits, truth: request.valid!.classes, labels, temperature });
  const model = foldBatchNormalization<Model>({
    network,
    labels,
    weights: result.weights,
    // The faces of FER2013 are those of FER+, where the geometry was measured.
    crop: /^fer(plus|2013):/.test(request.train.name) ? ferPlusCrop : { source: "whole-image" },
    calibration: scale,
    provenance: request.provenance,
  });
  const trainLogits = await datasetLogits(model, request.train, signal, "int16");
  const calibration = { ...scale, ...priorOf(trainLogits, temperature, request.train) };
  return {
    model: { ...model, calibration },
    history: result.history,
    epoch: result.epoch,
    validation,
    imagesPerSecond,
  };
}

/**
 * Trains into a folder: resumes what a stopped run left there, and leaves `model.safetensors`,
 * `metrics.json`, `log.jsonl` and `report.html`.
 */
export async function runTrainingInto(path: string, request: RunRequest): Promise<RunOutcome> {
  const directory = await RunDirectory.open(path);
  const { teacherCacheFile, teachers, flags, train: images } = request;
  const cache =
    teacherCacheFile && teachers
      ? await TeacherCacheFile.open(teacherCacheFile, {
          teachers,
          classes: images.labels.length,
          count: images.count,
          views: flags.views,
          description: JSON.stringify([images.name, images.size, flags.augmentation, flags.viewSeed]),
        })
      : undefined;
  const outcome = await runTraining(request, { directory, cache });
  const { model, history, epoch, validation } = outcome;
  await writeFileAtomically(directory.file("model.safetensors"), writeModelFile(model));
  await directory.writeLog(history);
  await directory.writeJson("metrics.json", {
    network: model.network.name,
    seed: request.seed,
    epochs: history.length,
    keptEpoch: epoch,
    temperature: model.calibration.temperature,
    ...(validation && { validation }),
    provenance: request.provenance,
  });
  await directory.writeText("report.html", await renderReport(trainingReport(request, outcome)));
  await directory.removeCheckpoint();
  return outcome;
}
