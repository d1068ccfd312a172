import { type Command, Option } from "commander";
import {
  addCommonOptions,
  CommandError,
  type CommonOptions,
  message,
  printResult,
  runAction,
  UsageError,
} from "../console.js";
import { loadModel } from "../models.js";
import { listPictures } from "../prediction/list-pictures.js";
import { type FilePrediction, predictFiles } from "../prediction/predict-files.js";
import { formatTable } from "../report/table.js";

interface PredictOptions extends CommonOptions {
  model: string;
  crop: "face" | "none";
}

export function registerPredict(program: Command): void {
  const command = program
    .command("predict")
    .description("classify the faces in pictures")
    .argument("<files...>", "pictures, or folders of them")
    .option("--model <name>", "a shipped model's name or a model file", "microexpnet-2019")
    .addOption(
      new Option("--crop <how>", "none takes each picture as one face; face would look for faces in it")
        .choices(["face", "none"])
        .default("none"),
    );
  addCommonOptions(command).action((paths: string[], options: PredictOptions) =>
    runAction(options, (signal) => predict(paths, options, signal), "Stopped; nothing was printed."),
  );
}

async function predict(
  paths: readonly string[],
  options: PredictOptions,
  signal: AbortSignal,
): Promise<void> {
  if (options.crop === "face") {
    throw new UsageError(
      'The option --crop cannot be "face": face detection is not part of this version, so crop the faces beforehand and use --crop none.',
    );
  }
  const model = await loadModel(options.model);
  const files = await predictFiles(model, await listPictures(paths, signal), signal);
  printResult(options, { files }, () => predictionText(files));
  const failed = files.filter((file) => file.error !== undefined);
  for (const { error } of failed) message(error as string);
  if (failed.length > 0) {
    throw new CommandError(
      files.length === 1
        ? "The picture could not be classified."
        : `${failed.length} of ${files.length} pictures could not be classified.`,
    );
  }
}

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

function predictionText(files: readonly FilePrediction[]): string {
  const rows = files.flatMap(({ path, faces }) =>
    faces.map(({ label, probabilities }) => {
      const [, second] = Object.entries(probabilities).sort((a, b) => b[1] - a[1]);
      return [path, label, percent(probabilities[label]), second?.[0], second && percent(second[1])];
    }),
  );
  if (rows.length === 0) return "No picture was classified.";
  return formatTable(["Picture", "Expression", "Probability", "Second", "Its probability"], rows);
}
