import {
  alignLabels,
  type DistillationKind,
  type DistillationOptions,
  distillationPresets,
} from "@microexpnet/training";
import { type Command, Option } from "commander";
import { parseNumber, runAction, UsageError } from "../console.js";
import { loadModel } from "../models.js";
import { runTrainingInto } from "../runs/run-training.js";
import { addRunOptions, prepareRun, printOutcome, type TrainCommandOptions } from "./train.js";

interface DistillCommandOptions extends TrainCommandOptions {
  teacher: string;
  loss: DistillationKind;
  temperature?: number;
  lambda?: number;
  teacherCache?: string;
}

/** The loss that the options ask for, with the defaults of its kind. */
export function distillationOptions(options: {
  loss: DistillationKind;
  temperature?: number;
  lambda?: number;
}): DistillationOptions {
  const preset = distillationPresets[options.loss];
  return {
    kind: options.loss,
    temperature: options.temperature ?? preset.temperature,
    lambda: options.lambda ?? preset.lambda,
  };
}

export function addDistillationOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--loss <kind>", "paper (without T²), hinton (with T²) or standardized logits")
        .choices(["paper", "hinton", "standardized"])
        .default("standardized"),
    )
    .option("--temperature <number>", "temperature of the soft targets", parseNumber(0.01, 1000))
    .option("--lambda <share>", "share of the soft targets in the loss", parseNumber(0, 1));
}

export function registerDistill(program: Command): void {
  const command = program
    .command("distill")
    .description("train a student with one or several teachers; the same command again resumes")
    .argument("<student>", "a name from `microexpnet networks`, or a shorthand such as 48:16p-32p-64")
    .requiredOption(
      "--teacher <files>",
      "model files or shipped names, separated by commas; their soft targets are averaged",
    )
    .option("--teacher-cache <file>", "keep the teachers' logits per image and view; needs --views");
  addDistillationOptions(command);
  addRunOptions(command).action((name: string, options: DistillCommandOptions) =>
    runAction(options, async (signal) => {
      if (options.teacherCache && options.views === 0) {
        throw new UsageError("--teacher-cache needs --views, the number of different views of an image.");
      }
      const models = await Promise.all(options.teacher.split(",").map((file) => loadModel(file)));
      const request = await prepareRun(name, options, signal);
      const teachers = models.map((model) => ({
        ...alignLabels(model, request.train.labels),
        labels: request.train.labels,
      }));
      const { teacher, teacherCache, ...provenance } = request.provenance;
      const outcome = await runTrainingInto(options.out, {
        ...request,
        title: `Distillation of ${name}`,
        teachers,
        distillation: distillationOptions(options),
        teacherCacheFile: options.teacherCache,
        provenance: { ...provenance, teachers: models.map((model) => model.network.name) },
      });
      printOutcome(options, outcome);
    }),
  );
}
