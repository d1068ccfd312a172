import { type Dataset, roundToBytes, type Split, splitIndices } from "@microexpnet/training";
import { type Command, Option } from "commander";
import { type Model, readModelFile, writeModelFile } from "microexpnet/internal";
import {
  addCommonOptions,
  breathe,
  type CommonOptions,
  message,
  Progress,
  printResult,
  runAction,
  UsageError,
} from "../console.js";
import { renderImages } from "../evaluation/dataset-logits.js";
import { evaluateModel } from "../evaluation/evaluate-model.js";
import { loadModel, writeFileAtomically } from "../models.js";
import { exportOnnx } from "../onnx/export-onnx.js";
import { loadWithProgress } from "../runs/run-data.js";
import { selectPart } from "../runs/select-part.js";

interface ExportOptions extends CommonOptions {
  to: "onnx" | "int8";
  out: string;
  data?: string;
  split?: Split | "all";
}

export function registerExport(program: Command): void {
  const command = program
    .command("export")
    .description("write a model in another form: onnx for other engines, int8 in a quarter of the size")
    .argument("<model>", "a shipped model's name or a model file")
    .addOption(new Option("--to <form>", "the form").choices(["onnx", "int8"]).makeOptionMandatory())
    .requiredOption("--out <file>", "the file to write")
    .option(
      "--data <kind:path>",
      "with int8: images to round the weights by and to measure the loss of accuracy on",
    )
    .addOption(
      new Option("--split <part>", "the part to measure on, as for evaluate").choices([
        "train",
        "valid",
        "test",
        "all",
      ]),
    );
  addCommonOptions(command).action((name: string, options: ExportOptions) =>
    runAction(options, (signal) => exportModel(name, options, signal), "Stopped; nothing was written."),
  );
}

/** Images by which weights are rounded. */
const roundingImages = 512;

/** What the form costs: accuracy of the model as it was and as it is read back. */
interface Loss {
  readonly data: string;
  readonly split: Split | "all";
  readonly count: number;
  readonly accuracy: { readonly before: number; readonly after: number };
  /** Images that get another answer. */
  readonly changed: number;
}

async function exportModel(name: string, options: ExportOptions, signal: AbortSignal): Promise<void> {
  if (options.data && options.to !== "int8") {
    throw new UsageError("The option --data is for int8, as the other forms lose nothing.");
  }
  const model = await loadModel(name);
  const dataset = options.data ? await loadWithProgress(options.data, signal) : undefined;
  const part = dataset && selectPart(dataset, options.split);
  const bytes = options.to === "onnx" ? exportOnnx(model) : await toBytes(model, signal, dataset);
  const before = writeModelFile(model).length;
  const loss = part && (await measureLoss(model, readModelFile(bytes), part, signal));
  await writeFileAtomically(options.out, bytes);
  const { network } = model;
  const result = {
    model: name,
    network: network.name,
    to: options.to,
    bytes: bytes.length,
    float32Bytes: before,
    ...loss,
    out: options.out,
  };
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  printResult(options, result, () =>
    [
      `Network     ${network.name}`,
      `Form        ${options.to}`,
      `Size        ${(bytes.length / 1000).toFixed(1)} KB (${(before / 1000).toFixed(1)} KB as float32)`,
      ...(loss
        ? [
            `Accuracy    ${percent(loss.accuracy.after)}, before ${percent(loss.accuracy.before)}: ` +
              `${(100 * (loss.accuracy.after - loss.accuracy.before)).toFixed(2)} points ` +
              `on ${loss.count} images of ${loss.data}, split ${loss.split}; ${loss.changed} get another answer`,
          ]
        : []),
      `Written to  ${options.out}`,
    ].join("\n"),
  );
}

/** In 8 bits; with data the weights are rounded by images to learn from, or by any where none are said to be. */
async function toBytes(model: Model, signal: AbortSignal, dataset?: Dataset): Promise<Uint8Array> {
  if (!dataset) return writeModelFile(model, { precision: "int8" });
  const train = splitIndices(dataset, "train");
  const indices = train.length > 0 ? train : splitIndices(dataset, "all");
  const count = Math.min(indices.length, roundingImages);
  message(`Rounding the weights by ${count} images.`);
  const spread = Array.from({ length: count }, (_, i) => indices[Math.floor((i * indices.length) / count)]);
  const pixels = renderImages(dataset, spread, model.network.input);
  const progress = new Progress();
  const { weights, units } = await roundToBytes(model, pixels, (done, total) => {
    progress.update(done, total, "layers");
    return breathe(signal);
  });
  progress.done();
  return writeModelFile({ ...model, weights }, { precision: "int8", units });
}

async function measureLoss(
  before: Model,
  after: Model,
  { dataset, split }: ReturnType<typeof selectPart>,
  signal: AbortSignal,
): Promise<Loss> {
  message(`${dataset.count} images of ${dataset.name}, split ${split}.`);
  const [first, second] = [
    await evaluateModel(before, dataset, signal),
    await evaluateModel(after, dataset, signal),
  ];
  for (const sentence of first.notes) message(sentence);
  return {
    data: dataset.name,
    split,
    count: first.figures.count,
    accuracy: { before: first.figures.accuracy, after: second.figures.accuracy },
    changed: Array.from(first.answers).filter((answer, i) => answer !== second.answers[i]).length,
  };
}
