import type { Command } from "commander";
import { addCommonOptions, type CommonOptions, printResult, runAction } from "../console.js";
import { datasetKinds } from "../datasets/index.js";

export function registerDatasets(program: Command): void {
  const command = program
    .command("datasets")
    .description("list the kinds of data set that --data takes, and the layout expected of each");
  addCommonOptions(command).action((options: CommonOptions) =>
    runAction(options, async () => {
      const datasets = datasetKinds.map(({ name, description, layout }) => ({ name, description, layout }));
      printResult(options, { datasets }, () =>
        datasets
          .map(({ name, description, layout }) => `${name}  ${description}\n${indented(layout)}`)
          .join("\n\n"),
      );
    }),
  );
}

const indented = (text: string): string => text.replace(/^/gm, "    ");
