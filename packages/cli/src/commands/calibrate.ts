import { type Dataset, matchLabels, selectImages, splitIndices } from "@microexpnet/training";
import type { Command } from "commander";
import { type Calibration, type Model, writeModelFile } from "microexpnet";
import {
  addCommonOptions,
  CommandError,
  type CommonOptions,
  message,
  printResult,
  runAction,
} from "../console.js";
import { datasetLogits } from "../evaluation/dataset-logits.js";
import { fitCalibration, priorOf } from "../evaluation/fit-calibration.js";
import { loadModel, writeFileAtomically } from "../models.js";
import { loadWithProgress } from "../runs/run-data.js";

interface CalibrateOptions extends CommonOptions {
  data: string;
  out: string;
}

export function registerCalibrate(program: Command): void {
  const command = program
    .command("calibrate")
    .description("fit a model's temperature, threshold and class shares to your own images")
    .argument("<model>", "a shipped model's name or a model file")
    .requiredOption(
      "--data <kind:path>",
      "images that the model was not trained on; of data with parts, the validation part (and the training part's shares)",
    )
    .requiredOption("--out <file>", "the model file to write");
  addCommonOptions(command).action((name: string, options: CalibrateOptions) =>
    runAction(options, (signal) => calibrate(name, options, signal), "Stopped; nothing was written."),
  );
}

async function calibrate(name: string, options: CalibrateOptions, signal: AbortSignal): Promise<void> {
  const model = await loadModel(name);
  const whole = await loadWithProgress(options.data, signal);
  const images = partOf(whole, "valid");
  message(`${images.count} images of ${whole.name}.`);
  const scale = await fit(model, images, signal);
  const prior = await fitPrior(model, scale.temperature, partOf(whole, "train"), signal);
  const calibration: Calibration = { ...scale, ...prior };
  await writeFileAtomically(options.out, writeModelFile({ ...model, calibration }));
  printResult(
    options,
    { model: name, data: whole.name, count: images.count, calibration, out: options.out },
    () =>
      [
        `Temperature ${calibration.temperature.toFixed(3)}, before ${model.calibration.temperature.toFixed(3)}`,
        `Threshold   ${calibration.threshold?.toFixed(3)}: answers at least this probable were right nine times in ten`,
        `Written to  ${options.out}`,
      ].join("\n"),
  );
}

function partOf(whole: Dataset, split: "train" | "valid"): Dataset {
  const indices = splitIndices(whole, split);
  return whole.splits && indices.length > 0 ? selectImages(whole, indices) : whole;
}

async function fit(model: Model, images: Dataset, signal: AbortSignal): Promise<Calibration> {
  const { toModel, missingInModel } = matchLabels(model.labels, images.labels);
  if (missingInModel.length > 0) {
    throw new CommandError(
      `The model lacks ${missingInModel.join(", ")} of the data, so that its probabilities cannot be fitted to it.`,
    );
  }
  const ofModel = await datasetLogits(model, images, signal);
  const { labels, count } = images;
  const logits = Float32Array.from(
    { length: count * labels.length },
    (_, i) => ofModel[Math.floor(i / labels.length) * model.labels.length + toModel[i % labels.length]],
  );
  return fitCalibration(logits, images);
}

/** The model's own where the data lacks one of its classes. */
async function fitPrior(model: Model, temperature: number, images: Dataset, signal: AbortSignal) {
  const { prior, runnersUp } = model.calibration;
  const own = { ...(prior && { prior }), ...(runnersUp && { runnersUp }) };
  if (images.labels.length !== model.labels.length) return own;
  const fitted = priorOf(await datasetLogits(model, images, signal), temperature, images);
  return fitted.prior ? fitted : own;
}
