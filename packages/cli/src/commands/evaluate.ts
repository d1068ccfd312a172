import type { Split } from "@microexpnet/training";
import { type Command, Option } from "commander";
import type { Precision } from "microexpnet";
import {
  addCommonOptions,
  type CommonOptions,
  message,
  parseNumber,
  printResult,
  runAction,
} from "../console.js";
import { type AnswerChoice, evaluateModel, type PriorChoice } from "../evaluation/evaluate-model.js";
import { evaluationReport, evaluationText } from "../evaluation/evaluation-report.js";
import { measureRobustness } from "../evaluation/robustness.js";
import { loadModel, writeFileAtomically } from "../models.js";
import { renderReport } from "../report/report.js";
import { loadWithProgress } from "../runs/run-data.js";
import { selectPart } from "../runs/select-part.js";

interface EvaluateOptions extends CommonOptions {
  data: string;
  split?: Split | "all";
  report?: string;
  precision: Precision;
  among: AnswerChoice;
  prior: PriorChoice;
  mirror?: boolean;
  shift: number;
  robustness?: boolean;
}

export function registerEvaluate(program: Command): void {
  const command = program
    .command("evaluate")
    .description("measure a model: accuracy, macro-F1, calibration, each class, confusion matrix")
    .argument(
      "<model>",
      "a shipped model's name or a model file; several, separated by commas, answer together",
    )
    .requiredOption("--data <kind:path>", "images to measure on, for example folder:faces or synthetic")
    .addOption(
      new Option(
        "--split <part>",
        "the part to measure on; by default test where there is one, else valid, else all",
      ).choices(["train", "valid", "test", "all"]),
    )
    .addOption(
      new Option("--precision <type>", "what the engine multiplies")
        .choices(["float32", "int16"])
        .default("float32"),
    )
    .addOption(
      new Option(
        "--among <classes>",
        "what the model may answer: all its classes, or those alone of the data",
      )
        .choices(["all", "data"])
        .default("data"),
    )
    .addOption(
      new Option(
        "--prior <shares>",
        "how often each class is expected: as in training, equally, or auto: equally where the data lacks classes",
      )
        .choices(["auto", "training", "uniform"])
        .default("auto"),
    )
    .option("--mirror", "show each image mirrored, too, and average both answers, at half the speed")
    .addOption(
      new Option(
        "--shift <percent>",
        "show each image moved by so much of its side to the left, right, top and bottom, too, and average all answers",
      )
        .argParser(parseNumber(0, 50))
        .default(0),
    )
    .option("--robustness", "measure on moved, turned, dark, blurred and covered faces, too")
    .option("--report <file>", "write a report in HTML, too");
  addCommonOptions(command).action((name: string, options: EvaluateOptions) =>
    runAction(options, (signal) => evaluate(name, options, signal), "Stopped; nothing was written."),
  );
}

async function evaluate(name: string, options: EvaluateOptions, signal: AbortSignal): Promise<void> {
  const models = await Promise.all(name.split(",").map((one) => loadModel(one)));
  const whole = await loadWithProgress(options.data, signal);
  const { dataset, split } = selectPart(whole, options.split);
  message(`${dataset.count} images of ${whole.name}, split ${split}.`);
  if (models.some(({ crop }) => crop.source === "eyes")) {
    message("The model's crop is placed by the eyes, which the data does not give: whole images are used.");
  }
  const evaluation = await evaluateModel(models, dataset, signal, options);
  for (const sentence of evaluation.notes) message(sentence);
  const result = {
    ...evaluation.figures,
    model: name,
    data: whole.name,
    split,
    precision: options.precision,
    mirror: options.mirror ?? false,
    shift: options.shift,
    ...(options.robustness && { robustness: await measureRobustness(models, dataset, signal, options) }),
  };
  if (options.report) {
    const page = await renderReport(evaluationReport(result));
    await writeFileAtomically(options.report, new TextEncoder().encode(page));
  }
  printResult(options, result, () => evaluationText(result));
}
