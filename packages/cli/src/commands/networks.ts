import type { Command } from "commander";
import { createNetwork, networkNames } from "microexpnet/internal";
import { addCommonOptions, type CommonOptions, printResult, runAction } from "../console.js";
import { formatTable } from "../report/table.js";
import { costOf } from "../runs/cost.js";

/** Classes that the listed figures are for. */
const classes = 8;

export function registerNetworks(program: Command): void {
  const command = program
    .command("networks")
    .description(`list the networks: parameters, size and multiply-accumulates for ${classes} classes`);
  addCommonOptions(command).action((options: CommonOptions) =>
    runAction(options, async () => {
      const networks = networkNames.map(describe);
      printResult(options, { classes, networks }, () =>
        formatTable(
          ["Network", "Input", "Parameters", "KB", "MMACs"],
          networks.map(({ name, input, parameters, kilobytes, megaMacs }) => [
            name,
            input.slice(0, 2).join("x"),
            parameters,
            kilobytes.toFixed(1),
            megaMacs.toFixed(2),
          ]),
        ),
      );
    }),
  );
}

function describe(name: string) {
  const network = createNetwork(name, classes);
  const { height, width, channels } = network.input;
  return { name, input: [height, width, channels], ...costOf({ network }) };
}
