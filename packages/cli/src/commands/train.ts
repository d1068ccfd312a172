import { alignLabels, type Dataset, deepened } from "@microexpnet/training";
import { type Command, Option } from "commander";
import { analyze, type Network } from "microexpnet/internal";
import {
  addCommonOptions,
  type CommonOptions,
  message,
  parseNumber,
  printResult,
  runAction,
  UsageError,
} from "../console.js";
import { loadModel } from "../models.js";
import { networkByName } from "../network-names.js";
import { loadWithProgress, splitForRun } from "../runs/run-data.js";
import { type RunOutcome, type RunRequest, runTrainingInto } from "../runs/run-training.js";
import { addTrainingFlags, type TrainingFlags } from "../runs/training-flags.js";

export interface TrainCommandOptions extends CommonOptions, TrainingFlags {
  data: string;
  out: string;
  validShare: number;
  keep: "best" | "last";
  start?: string;
}

/** The options of `train` and `distill` that say what is learned from and where the result goes. */
export function addRunOptions(command: Command): Command {
  command
    .requiredOption("--data <kind:path>", "images to learn from, for example folder:faces or synthetic")
    .requiredOption("--out <folder>", "folder for the model, its metrics, log and report")
    .option(
      "--valid-share <share>",
      "share of the subjects held out where the data has no validation part; 0 is none",
      parseNumber(0, 0.9),
      0.15,
    )
    .addOption(
      new Option(
        "--keep <epoch>",
        "the epoch that is best on validation, or the last, which was not chosen by those images",
      )
        .choices(["best", "last"])
        .default("best"),
    )
    .option(
      "--start <model>",
      "go on from a model's weights, matching classes by meaning; residual blocks that it lacks begin at zero",
    );
  return addCommonOptions(addTrainingFlags(command));
}

export function registerTrain(program: Command): void {
  const command = program
    .command("train")
    .description("train a network; the same command again resumes a run that was stopped")
    .argument("<network>", "a name from `microexpnet networks`, or a shorthand such as 48:16p-32p-64");
  addRunOptions(command).action((name: string, options: TrainCommandOptions) =>
    runAction(options, async (signal) => {
      const request = await prepareRun(name, options, signal);
      printOutcome(options, await runTrainingInto(options.out, request));
    }),
  );
}

/** Loads the data and describes the run. */
export async function prepareRun(
  name: string,
  options: TrainCommandOptions,
  signal: AbortSignal,
): Promise<RunRequest> {
  networkByName(name);
  if (options.normalize && options.start !== undefined) {
    throw new UsageError("--normalize is for a new network; the model that --start names has none left.");
  }
  const dataset = await loadWithProgress(options.data, signal);
  const data = splitForRun(dataset, options.validShare, options.seed);
  message(`${data.train.count} training and ${data.valid?.count ?? 0} validation images. ${data.note}`);
  const { network, start } = await startingPoint(name, options.start, dataset);
  return {
    title: `Training of ${name}`,
    network,
    train: data.train,
    valid: data.valid,
    flags: options,
    seed: options.seed,
    start,
    keep: options.keep,
    provenance: provenanceOf(name, options, data.note),
    signal,
  };
}

async function startingPoint(
  name: string,
  start: string | undefined,
  dataset: Dataset,
): Promise<{ network: Network; start?: ReadonlyMap<string, Float32Array> }> {
  if (start === undefined) return { network: networkByName(name, dataset.labels.length) };
  const model = alignLabels(await loadModel(start), dataset.labels);
  const deeper = deepened(networkByName(name, dataset.labels.length), model);
  if (!deeper) {
    message(`The run goes on from a "${model.network.name}" network, whose layers it keeps.`);
    return { network: model.network, start: model.weights };
  }
  const added = analyze(deeper.network).parameterCount - analyze(model.network).parameterCount;
  if (added > 0) {
    message(`${name} has ${added} parameters more than the model it goes on from; they begin at zero.`);
  }
  return { network: deeper.network, start: deeper.weights };
}

/** What the model's file says of its origin: nothing that differs between two runs of one command. */
export function provenanceOf(network: string, options: TrainCommandOptions, split: string) {
  const { data, out, workers, json, start, ...rest } = options;
  return { network, data: data.split(":")[0], split, startedFromModel: start !== undefined, ...rest };
}

export function printOutcome(options: TrainCommandOptions, outcome: RunOutcome): void {
  const { model, validation, epoch, history } = outcome;
  printResult(
    options,
    {
      network: model.network.name,
      out: options.out,
      epochs: history.length,
      keptEpoch: epoch,
      temperature: model.calibration.temperature,
      imagesPerSecond: outcome.imagesPerSecond,
      validation,
    },
    () =>
      [
        validation
          ? `Validation accuracy ${(100 * validation.accuracy).toFixed(2)} %, macro-F1 ${(100 * validation.macroF1).toFixed(2)} %, after epoch ${epoch} of ${history.length}.`
          : `Trained ${history.length} epochs; no images were held out to measure on.`,
        `The model, its metrics, log and report are in ${options.out}.`,
      ].join("\n"),
  );
}
