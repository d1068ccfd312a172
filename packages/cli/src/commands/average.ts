import { averageModels } from "@microexpnet/training";
import type { Command } from "commander";
import { writeModelFile } from "microexpnet";
import { addCommonOptions, type CommonOptions, printResult, runAction } from "../console.js";
import { counted } from "../datasets/listing.js";
import { loadModel, writeFileAtomically } from "../models.js";

interface AverageOptions extends CommonOptions {
  out: string;
}

export function registerAverage(program: Command): void {
  const command = program
    .command("average")
    .description("average the weights of models that were trained further from one start with other seeds")
    .argument("<models>", "model files of one network, separated by commas")
    .requiredOption("--out <file>", "the model file to write; `calibrate` fits its probabilities anew");
  addCommonOptions(command).action((names: string, options: AverageOptions) =>
    runAction(options, async () => {
      const models = await Promise.all(names.split(",").map((name) => loadModel(name)));
      const model = averageModels(models);
      await writeFileAtomically(options.out, writeModelFile(model));
      const result = { network: model.network.name, models: models.length, out: options.out };
      printResult(
        options,
        result,
        () => `The mean of ${counted(models.length, "model")} is in ${options.out}.`,
      );
    }),
  );
}
