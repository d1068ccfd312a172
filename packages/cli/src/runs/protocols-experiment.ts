import { join } from "node:path";
import {
  alignLabels,
  type Dataset,
  formatSummary,
  type Protocol,
  selectImages,
  splitForProtocol,
  summariseSeeds,
} from "@microexpnet/training";
import { distillationOptions } from "../commands/distill.js";
import type { ExperimentOptions } from "../commands/experiment.js";
import { message, UsageError } from "../console.js";
import { loadModel } from "../models.js";
import { networkByName } from "../network-names.js";
import { curvesSection, type ExperimentOutput, meanHistory, tableSection } from "./experiment-output.js";
import { type ExperimentResult, experimentRun } from "./experiment-runs.js";
import { loadWithProgress } from "./run-data.js";
import type { RunRequest } from "./run-training.js";

const protocols: readonly Protocol[] = ["subject-independent", "random-leaking"];
const ways = ["teacher", "alone", "distilled"] as const;
type Way = (typeof ways)[number];

interface FoldResult {
  readonly network: string;
  readonly protocol: Protocol;
  readonly way: Way;
  readonly seed: number;
  readonly fold: number;
  readonly result: ExperimentResult;
}

/**
 * The same networks measured by folds that share no person, and by a random split of the images, whose
 * near-identical frames of one person lie on both sides. In each fold the teacher goes on from `--teacher`
 * with the fold's training images only, then the student is trained alone and with that teacher.
 */
export async function protocolsExperiment(
  networks: readonly string[],
  options: ExperimentOptions,
  signal: AbortSignal,
): Promise<ExperimentOutput> {
  for (const network of networks) networkByName(network);
  if (!options.teacher) throw new UsageError("The experiment protocols needs --teacher.");
  const dataset = await loadWithProgress(options.data, signal);
  const start = alignLabels(await loadModel(options.teacher), dataset.labels);
  const results: FoldResult[] = [];
  for (const protocol of protocols) {
    for (let seed = options.seed; seed < options.seed + options.seeds; seed++) {
      const { folds } = splitForProtocol(protocol)(dataset, options.folds, seed);
      for (const [fold, indices] of folds.entries()) {
        const train = selectImages(dataset, indices.train);
        const test = selectImages(dataset, indices.test);
        const place = join(protocol, `seed${seed}`, `fold${fold + 1}`);
        results.push(
          ...(await runFold(networks, { protocol, seed, fold, place, train, test }, start, options, signal)),
        );
        const line = results
          .filter((r) => r.protocol === protocol && r.seed === seed && r.fold === fold)
          .map((r) => `${r.way} ${(100 * r.result.evaluation.accuracy).toFixed(1)} %`);
        message(`${place}: ${line.join(", ")}`);
      }
    }
  }
  return output(networks, dataset, results, options);
}

async function runFold(
  networks: readonly string[],
  fold: { protocol: Protocol; seed: number; fold: number; place: string; train: Dataset; test: Dataset },
  start: ReturnType<typeof alignLabels>,
  options: ExperimentOptions,
  signal: AbortSignal,
): Promise<FoldResult[]> {
  const { protocol, seed, place, train, test } = fold;
  const run = async (network: string, way: Way, request: Partial<RunRequest>) => ({
    network,
    protocol,
    way,
    seed,
    fold: fold.fold,
    result: await experimentRun(
      options.out,
      join(place, `${network}-${way}`),
      {
        title: `${place} ${network} ${way}`,
        network: networkByName(network, train.labels.length),
        train,
        flags: options,
        seed,
        provenance: { data: options.data.split(":")[0], protocol, fold: fold.fold + 1 },
        signal,
        ...request,
      },
      test,
    ),
  });
  const teacher = await run(start.network.name, "teacher", {
    network: start.network,
    start: start.weights,
    flags: {
      ...options,
      epochs: options.teacherEpochs,
      learningRate: options.teacherLearningRate,
      // It goes on from a model that has its normalisation inside its weights.
      normalize: false,
    },
  });
  const results: FoldResult[] = [teacher];
  for (const network of networks) {
    results.push(await run(network, "alone", {}));
    results.push(
      await run(network, "distilled", {
        teachers: [{ ...teacher.result.model, labels: train.labels }],
        distillation: distillationOptions(options),
      }),
    );
  }
  return results;
}

function output(
  networks: readonly string[],
  dataset: Dataset,
  results: readonly FoldResult[],
  options: ExperimentOptions,
): ExperimentOutput {
  const of = (protocol: Protocol, network: string, way: Way) =>
    results.filter(
      (r) => r.protocol === protocol && r.way === way && (way === "teacher" || r.network === network),
    );
  const seeds = Array.from({ length: options.seeds }, (_, i) => options.seed + i);
  const cell = (protocol: Protocol, network: string, way: Way, value: (r: ExperimentResult) => number) =>
    formatSummary(
      summariseSeeds(
        seeds.map((seed) =>
          of(protocol, network, way)
            .filter((r) => r.seed === seed)
            .map((r) => value(r.result)),
        ),
      ).runs,
    );
  const rows = networks.flatMap((network) =>
    protocols.map((protocol) => [
      network,
      protocol === "random-leaking" ? "random split (leaking)" : "by subject",
      ...ways.flatMap((way) => [
        cell(protocol, network, way, (r) => r.evaluation.accuracy),
        cell(protocol, network, way, (r) => r.evaluation.macroF1),
      ]),
    ]),
  );
  const table = {
    caption: `${options.folds} folds of ${dataset.count} images of ${dataset.name}: accuracy and macro-F1 in %, mean ± standard deviation over the folds${options.seeds > 1 ? ` and ${options.seeds} seeds` : ""}`,
    columns: ["Network", "Folds", ...ways.flatMap((way) => [`Accuracy ${way}`, `F1 ${way}`])],
    rows,
  };
  const title = "The same networks by two protocols";
  return {
    json: {
      title,
      folds: options.folds,
      results: results.map(({ result, ...rest }) => ({
        ...rest,
        fold: rest.fold + 1,
        accuracy: result.evaluation.accuracy,
        macroF1: result.evaluation.macroF1,
      })),
    },
    tables: [table],
    report: {
      title,
      subtitle: "A random split puts near-identical frames of one person on both sides; its figures leak.",
      sections: [
        tableSection(table),
        ...networks.map((network) =>
          curvesSection(
            `${network}: accuracy on training views after each epoch, mean of the folds`,
            protocols.flatMap((protocol) =>
              (["alone", "distilled"] as const).map((way) => ({
                name: `${way}, ${protocol}`,
                history: meanHistory(of(protocol, network, way).map((r) => r.result.history)),
              })),
            ),
          ),
        ),
      ],
    },
  };
}
