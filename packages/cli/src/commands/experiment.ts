import type { Command } from "commander";
import { candidateNames } from "microexpnet/internal";
import {
  addCommonOptions,
  type CommonOptions,
  parseInteger,
  parseNumber,
  printResult,
  runAction,
  UsageError,
} from "../console.js";
import { renderReport } from "../report/report.js";
import { formatMarkdownTable, formatTable } from "../report/table.js";
import { candidatesExperiment, temperatureExperiment } from "../runs/candidates-experiment.js";
import type { ExperimentOutput } from "../runs/experiment-output.js";
import { protocolsExperiment } from "../runs/protocols-experiment.js";
import { RunDirectory } from "../runs/run-directory.js";
import { addTrainingFlags, type TrainingFlags } from "../runs/training-flags.js";
import { addDistillationOptions } from "./distill.js";

export interface ExperimentOptions extends CommonOptions, TrainingFlags {
  data: string;
  out: string;
  teacher?: string;
  networks?: string;
  seeds: number;
  folds: number;
  temperatures: string;
  validShare: number;
  loss: "paper" | "hinton" | "standardized";
  temperature?: number;
  lambda?: number;
  teacherEpochs: number;
  teacherLearningRate: number;
}

const kinds = ["candidates", "temperature", "pooling", "protocols"] as const;

export function registerExperiment(program: Command): void {
  const command = program
    .command("experiment")
    .description("the paper's studies on your data; the same command again goes on where it was stopped")
    .argument("<kind>", `${kinds.join(", ")}`)
    .requiredOption("--data <kind:path>", "images to learn from and to measure on")
    .requiredOption("--out <folder>", "folder for the runs, the tables and the report")
    .option("--teacher <files>", "model files separated by commas; without them students are trained alone")
    .option("--networks <names>", "students, separated by commas; the default depends on the kind")
    .option("--seeds <number>", "trainings of each, with the seeds from --seed on", parseInteger(1, 100), 3)
    .option("--folds <number>", "folds of the protocols", parseInteger(2, 100), 10)
    .option("--temperatures <list>", "temperatures to try, separated by commas", "1,2,4,8,16")
    .option(
      "--valid-share <share>",
      "share held out where the data has no parts of its own",
      parseNumber(0.01, 0.9),
      0.25,
    )
    .option(
      "--teacher-epochs <number>",
      "passes in which a fold's teacher is fitted",
      parseInteger(1, 10000),
      8,
    )
    .option(
      "--teacher-learning-rate <number>",
      "highest learning rate of that",
      parseNumber(1e-9, 10),
      0.0005,
    );
  addDistillationOptions(command);
  addCommonOptions(addTrainingFlags(command)).action((kind: string, options: ExperimentOptions) =>
    runAction(options, async (signal) => {
      const output = await run(kind, options, signal);
      const directory = await RunDirectory.open(options.out);
      await directory.writeJson("results.json", output.json);
      await directory.writeText("tables.md", markdown(output));
      await directory.writeText("report.html", await renderReport(output.report));
      printResult(options, output.json, () =>
        [
          ...output.tables.map(({ caption, columns, rows }) => `${caption}\n${formatTable(columns, rows)}\n`),
          `results.json, tables.md and report.html are in ${options.out}.`,
        ].join("\n"),
      );
    }),
  );
}

function run(kind: string, options: ExperimentOptions, signal: AbortSignal): Promise<ExperimentOutput> {
  const networks = options.networks?.split(",");
  switch (kind) {
    case "candidates":
      return candidatesExperiment(networks ?? candidateNames, options, signal);
    case "pooling":
      return candidatesExperiment(networks ?? ["v-XXS", "p1-XXS", "p2-XXS", "p12-XXS"], options, signal);
    case "temperature":
      return temperatureExperiment(networks ?? ["microexpnet-2019"], options, signal);
    case "protocols":
      return protocolsExperiment(networks ?? ["microexpnet-2019"], options, signal);
    default:
      throw new UsageError(`There is no experiment "${kind}"; there are ${kinds.join(", ")}.`);
  }
}

function markdown(output: ExperimentOutput): string {
  return output.tables
    .map(({ caption, columns, rows }) => `${caption}\n\n${formatMarkdownTable(columns, rows)}\n`)
    .join("\n");
}
