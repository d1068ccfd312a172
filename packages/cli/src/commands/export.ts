import { type Command, Option } from "commander";
import { addCommonOptions, type CommonOptions, printResult, runAction } from "../console.js";
import { loadModel, writeFileAtomically } from "../models.js";
import { exportOnnx } from "../onnx/export-onnx.js";

interface ExportOptions extends CommonOptions {
  to: "onnx";
  out: string;
}

export function registerExport(program: Command): void {
  const command = program
    .command("export")
    .description("write a model in another form: onnx for other engines")
    .argument("<model>", "a shipped model's name or a model file")
    .addOption(new Option("--to <form>", "the form").choices(["onnx"]).makeOptionMandatory())
    .requiredOption("--out <file>", "the file to write");
  addCommonOptions(command).action((name: string, options: ExportOptions) =>
    runAction(options, () => exportModel(name, options), "Stopped; nothing was written."),
  );
}

async function exportModel(name: string, options: ExportOptions): Promise<void> {
  const model = await loadModel(name);
  const bytes = exportOnnx(model);
  await writeFileAtomically(options.out, bytes);
  const result = { model: name, network: model.network.name, to: options.to, bytes: bytes.length };
  printResult(options, { ...result, out: options.out }, () =>
    [
      `Network     ${model.network.name}`,
      `Form        ${options.to}`,
      `Size        ${(bytes.length / 1000).toFixed(1)} KB`,
      `Written to  ${options.out}`,
    ].join("\n"),
  );
}
