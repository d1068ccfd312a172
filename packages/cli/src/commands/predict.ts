import { type Command, Option } from "commander";
import { defaultModel } from "microexpnet";
import {
  addCommonOptions,
  CommandError,
  type CommonOptions,
  message,
  parseInteger,
  printResult,
  runAction,
  UsageError,
} from "../console.js";
import { loadModel } from "../models.js";
import { Annotator } from "../prediction/annotate.js";
import { predictionCsv } from "../prediction/csv.js";
import { listPictures } from "../prediction/list-pictures.js";
import { type FilePrediction, predictFiles } from "../prediction/predict-files.js";
import { formatTable } from "../report/table.js";

interface PredictOptions extends CommonOptions {
  model: string;
  crop: "face" | "none";
  maxFaces: number;
  levels: number;
  among?: string;
  prior: "training" | "uniform";
  annotate?: string;
  csv?: boolean;
}

export function registerPredict(program: Command): void {
  const command = program
    .command("predict")
    .description("find and classify the faces in pictures and videos")
    .argument(
      "<files...>",
      'pictures, videos, folders of them, patterns such as "*.jpg", or - for standard input',
    )
    .option("--model <name>", "a shipped model's name or a model file", defaultModel)
    .addOption(
      new Option("--crop <how>", "face looks for faces; none takes each picture as one face")
        .choices(["face", "none"])
        .default("face"),
    )
    .option("--max-faces <number>", "faces in each picture, the surest first", parseInteger(1, 1000), 100)
    .option(
      "--levels <number>",
      "sizes of faces: 1 large ones alone, up to 4 for crowds",
      parseInteger(1, 4),
      2,
    )
    .option(
      "--among <labels>",
      "classes that may be answered, separated by commas, for example all but contempt",
    )
    .addOption(
      new Option("--prior <shares>", "how often each class is expected: as in training, or equally")
        .choices(["training", "uniform"])
        .default("training"),
    )
    .option("--annotate <folder>", "write each picture with boxes and bars into a folder")
    .option("--csv", "print one line of comma-separated values for each face");
  addCommonOptions(command).action((paths: string[], options: PredictOptions) =>
    runAction(options, (signal) => predict(paths, options, signal), "Stopped; nothing was printed."),
  );
}

async function predict(
  paths: readonly string[],
  options: PredictOptions,
  signal: AbortSignal,
): Promise<void> {
  if (options.csv && options.json) throw new UsageError("The options --csv and --json exclude each other.");
  const { crop, maxFaces, levels, prior } = options;
  const reading = { prior, ...(options.among !== undefined && { among: options.among.split(",") }) };
  const model = await loadModel(options.model);
  const annotator = options.annotate === undefined ? undefined : await Annotator.open(options.annotate);
  const pictures = await listPictures(paths, signal);
  const files = await predictFiles(model, pictures, { crop, maxFaces, levels, reading, annotator, signal });
  printResult(options, { files }, () =>
    options.csv ? predictionCsv(files, model.labels) : predictionText(files),
  );
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
  const rows = files.flatMap(({ path, faces, error }) => {
    if (faces.length === 0 && error === undefined)
      return [[path, "no face", undefined, undefined, undefined]];
    return faces.map(({ label, probabilities, uncertain }) => {
      const [, second] = Object.entries(probabilities).sort((a, b) => b[1] - a[1]);
      return [
        path,
        uncertain ? `${label} (uncertain)` : label,
        percent(probabilities[label]),
        second?.[0],
        second && percent(second[1]),
      ];
    });
  });
  if (rows.length === 0) return "No picture was classified.";
  return formatTable(["Picture", "Expression", "Probability", "Second", "Its probability"], rows);
}
