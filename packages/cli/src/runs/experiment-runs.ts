import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Dataset, type EpochRecord, type Evaluation, hashSeed } from "@microexpnet/training";
import { type Model, readModelFile, writeModelFile } from "microexpnet/internal";
import { evaluateModel } from "../evaluation/evaluate-model.js";
import { writeFileAtomically } from "../models.js";
import { RunDirectory } from "./run-directory.js";
import { type RunRequest, runTraining } from "./run-training.js";
import { fingerprint, type TeacherCacheFile } from "./teacher-cache.js";
import { defaultFlags, type TrainingFlags } from "./training-flags.js";

/** What one training of an experiment gave on the images it is measured on. */
export interface ExperimentResult {
  readonly name: string;
  readonly evaluation: Evaluation;
  readonly history: readonly EpochRecord[];
  readonly model: Model;
}

/** Everything that a result depends on, so that a finished run of other options is not taken for this one. */
function keyOf(request: RunRequest, measured: Dataset): string {
  const { network, flags, seed, distillation, provenance, train, keep } = request;
  // Of the command's options those alone that change a training's result.
  const { workers: _, ...names } = defaultFlags;
  const training = [...Object.keys(names), "warmup"].map((name) => [
    name,
    flags[name as keyof TrainingFlags],
  ]);
  return JSON.stringify({
    network,
    flags: training,
    seed,
    distillation,
    provenance,
    keep,
    train: [train.name, train.count],
    measured: [measured.name, measured.count],
    teachers: request.teachers?.map((teacher) => hashSeed(fingerprint(teacher))) ?? [],
  });
}

/**
 * One training of an experiment in a folder of its own. A finished one is read instead of repeated, a stopped
 * one goes on.
 */
export async function experimentRun(
  out: string,
  name: string,
  request: RunRequest,
  measured: Dataset,
  cache?: TeacherCacheFile,
): Promise<ExperimentResult> {
  const directory = await RunDirectory.open(join(out, "runs", name));
  const key = keyOf(request, measured);
  const finished = await readFile(directory.file("result.json"), "utf8").catch(() => undefined);
  if (finished) {
    const result = JSON.parse(finished) as { key: string; history: EpochRecord[]; evaluation: Evaluation };
    if (result.key === key) {
      const model = readModelFile(await readFile(directory.file("model.safetensors")));
      return { name, model, history: result.history, evaluation: result.evaluation };
    }
  }
  const { model, history } = await runTraining({ ...request, title: name }, { directory, cache });
  const { figures: evaluation } = await evaluateModel(
    model,
    measured,
    request.signal ?? new AbortController().signal,
  );
  await writeFileAtomically(directory.file("model.safetensors"), writeModelFile(model));
  await directory.writeJson("result.json", { key, evaluation, history });
  await directory.removeCheckpoint();
  await cache?.save();
  return { name, model, history, evaluation };
}
