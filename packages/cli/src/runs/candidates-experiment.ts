import { join } from "node:path";
import {
  alignLabels,
  type Dataset,
  type DistillationOptions,
  formatSummary,
  selectImages,
  splitIndices,
  summarise,
} from "@microexpnet/training";
import type { Model } from "microexpnet/internal";
import { distillationOptions } from "../commands/distill.js";
import type { ExperimentOptions } from "../commands/experiment.js";
import { message, UsageError } from "../console.js";
import { loadModel } from "../models.js";
import { networkByName } from "../network-names.js";
import { measureFramesPerSecond } from "../speed.js";
import { costOf } from "./cost.js";
import { curvesSection, type ExperimentOutput, meanHistory, tableSection } from "./experiment-output.js";
import { type ExperimentResult, experimentRun } from "./experiment-runs.js";
import { loadWithProgress, splitForRun } from "./run-data.js";
import type { RunRequest } from "./run-training.js";
import { TeacherCacheFile } from "./teacher-cache.js";

/** One way to train a student: its name in the tables and its loss. */
interface Way {
  readonly name: string;
  readonly distillation?: DistillationOptions;
}

interface Setting {
  readonly train: Dataset;
  readonly measured: Dataset;
  readonly note: string;
  readonly teachers: readonly Model[];
}

/**
 * Learns from the training part and measures on the test part, or on the validation part where there is no
 * test part; the last epoch is kept, so nothing is chosen by the images that are measured on.
 */
async function prepare(options: ExperimentOptions, signal: AbortSignal): Promise<Setting> {
  const dataset = await loadWithProgress(options.data, signal);
  const { train, valid, note } = splitForRun(dataset, options.validShare, options.seed);
  const test = splitIndices(dataset, "test");
  const measured = dataset.splits && test.length > 0 ? selectImages(dataset, test) : valid!;
  const teachers = await Promise.all((options.teacher?.split(",") ?? []).map((file) => loadModel(file)));
  message(`${train.count} images to learn from, ${measured.count} to measure on. ${note}`);
  return { train, measured, note, teachers };
}

/** Every network in every way with every seed. */
async function runAll(
  networks: readonly string[],
  ways: readonly Way[],
  setting: Setting,
  options: ExperimentOptions,
  signal: AbortSignal,
) {
  const { train, measured, note, teachers } = setting;
  const aligned = teachers.map((model) => ({ ...alignLabels(model, train.labels), labels: train.labels }));
  const cache =
    aligned.length > 0 && options.views > 0 && options.mixup === 0
      ? await TeacherCacheFile.open(join(options.out, "teacher-logits.bin"), {
          teachers: aligned,
          classes: train.labels.length,
          count: train.count,
          views: options.views,
          description: JSON.stringify([train.name, train.size, options.augmentation, options.viewSeed]),
        })
      : undefined;
  const results: { network: string; way: Way; seed: number; result: ExperimentResult }[] = [];
  for (const network of networks) {
    for (const way of ways) {
      for (let seed = options.seed; seed < options.seed + options.seeds; seed++) {
        const name = `${network}-${way.name}-seed${seed}`.replaceAll(/[^\w.-]+/g, "-");
        const request: RunRequest = {
          title: name,
          network: networkByName(network, train.labels.length),
          train,
          valid: measured,
          keep: "last",
          flags: options,
          seed,
          ...(way.distillation && { teachers: aligned, distillation: way.distillation }),
          provenance: {
            data: options.data.split(":")[0],
            split: note,
            way: way.name,
            teachers: way.distillation ? teachers.map((model) => model.network.name) : [],
          },
          signal,
        };
        const result = await experimentRun(options.out, name, request, measured, way.distillation && cache);
        message(`${name}: ${(100 * result.evaluation.accuracy).toFixed(2)} %`);
        results.push({ network, way, seed, result });
      }
    }
  }
  return results;
}

type Results = Awaited<ReturnType<typeof runAll>>;

function output(
  title: string,
  networks: readonly string[],
  ways: readonly Way[],
  setting: Setting,
  results: Results,
): ExperimentOutput {
  const of = (network: string, way: Way) => results.filter((r) => r.network === network && r.way === way);
  const summary = (network: string, way: Way, value: (r: ExperimentResult) => number) =>
    formatSummary(summarise(of(network, way).map((r) => value(r.result))));
  const microseconds = new Map(
    networks.map((network) => [
      network,
      1e6 / measureFramesPerSecond(of(network, ways[0])[0].result.model, 1, { precision: "int16" }),
    ]),
  );
  const rows = networks.map((network) => {
    const { parameters, kilobytes, megaMacs } = costOf(of(network, ways[0])[0].result.model);
    return [
      network,
      parameters,
      kilobytes.toFixed(0),
      megaMacs.toFixed(2),
      microseconds.get(network)!.toFixed(0),
      ...ways.flatMap((way) => [
        summary(network, way, (r) => r.evaluation.accuracy),
        summary(network, way, (r) => r.evaluation.macroF1),
      ]),
    ];
  });
  const seeds = new Set(results.map((r) => r.seed)).size;
  const table = {
    caption: `${title}: accuracy and macro-F1 in %, mean ± standard deviation over ${seeds} seed${seeds === 1 ? "" : "s"}, on ${setting.measured.count} images; microseconds an image in int16, one thread, on this machine`,
    columns: [
      "Network",
      "Parameters",
      "KB",
      "MMACs",
      "µs",
      ...ways.flatMap((way) => [`Accuracy ${way.name}`, `F1 ${way.name}`]),
    ],
    rows,
  };
  const json = {
    title,
    measuredImages: setting.measured.count,
    results: results.map(({ network, way, seed, result }) => ({
      network,
      way: way.name,
      seed,
      parameters: costOf(result.model).parameters,
      microseconds: microseconds.get(network),
      accuracy: result.evaluation.accuracy,
      macroF1: result.evaluation.macroF1,
    })),
  };
  const curves = networks.map((network) =>
    curvesSection(
      `${network}: accuracy on the measured images after each epoch, mean of the seeds`,
      ways.map((way) => ({
        name: way.name,
        history: meanHistory(of(network, way).map((r) => r.result.history)),
      })),
    ),
  );
  const scatter = (xTitle: string, cost: (network: string) => number) => ({
    kind: "scatter" as const,
    caption: `Accuracy against ${xTitle.toLowerCase()}`,
    xTitle,
    yTitle: "Accuracy",
    logarithmic: true,
    points: ways.flatMap((way) =>
      networks.map((network) => ({
        x: cost(network),
        y: summarise(of(network, way).map((r) => r.result.evaluation.accuracy)).mean,
        label: network,
        group: way.name,
      })),
    ),
  });
  const scatters =
    networks.length > 1
      ? [
          scatter("Parameters", (network) => costOf(of(network, ways[0])[0].result.model).parameters),
          scatter("Microseconds an image", (network) => microseconds.get(network)!),
        ]
      : [];
  return {
    json,
    tables: [table],
    report: { title, sections: [tableSection(table), ...scatters, ...curves] },
  };
}

/** Networks alone and, where there are teachers, distilled. */
export async function candidatesExperiment(
  networks: readonly string[],
  options: ExperimentOptions,
  signal: AbortSignal,
): Promise<ExperimentOutput> {
  for (const network of networks) networkByName(network);
  const setting = await prepare(options, signal);
  const ways: Way[] = [
    { name: "alone" },
    ...(setting.teachers.length > 0
      ? [{ name: "distilled", distillation: distillationOptions(options) }]
      : []),
  ];
  const results = await runAll(networks, ways, setting, options, signal);
  return output(`Candidates on ${setting.train.name}`, networks, ways, setting, results);
}

/** Students distilled at several temperatures. */
export async function temperatureExperiment(
  networks: readonly string[],
  options: ExperimentOptions,
  signal: AbortSignal,
): Promise<ExperimentOutput> {
  for (const network of networks) networkByName(network);
  if (!options.teacher) throw new UsageError("The experiment temperature needs --teacher.");
  const temperatures = options.temperatures.split(",").map(Number);
  if (temperatures.some((value) => !(value > 0))) {
    throw new UsageError(
      `--temperatures takes numbers above 0 separated by commas, not "${options.temperatures}".`,
    );
  }
  const setting = await prepare(options, signal);
  const ways = temperatures.map((temperature) => ({
    name: `T=${temperature}`,
    distillation: distillationOptions({ ...options, temperature }),
  }));
  const results = await runAll(networks, ways, setting, options, signal);
  return output(`Temperature on ${setting.train.name}`, networks, ways, setting, results);
}
