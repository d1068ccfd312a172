import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { registerAverage } from "./commands/average.js";
import { registerBench } from "./commands/bench.js";
import { registerCalibrate } from "./commands/calibrate.js";
import { registerDatasets } from "./commands/datasets.js";
import { registerDistill } from "./commands/distill.js";
import { registerEvaluate } from "./commands/evaluate.js";
import { registerExperiment } from "./commands/experiment.js";
import { registerExport } from "./commands/export.js";
import { registerImport } from "./commands/import.js";
import { registerNetworks } from "./commands/networks.js";
import { registerPredict } from "./commands/predict.js";
import { registerStart } from "./commands/start.js";
import { registerTrain } from "./commands/train.js";
import { message } from "./console.js";
import { exitCodeOf, fileProblem, sentenceOf } from "./errors.js";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** The command with all its verbs. */
export function createProgram(): Command {
  const program = new Command("microexpnet")
    .description("Extremely small and fast facial expression recognition: train, distil, evaluate, run")
    .version(version, "--version", "print the version")
    .helpOption("--help", "print this help")
    .helpCommand(false)
    .exitOverride()
    // Errors are printed by `main`, all in one manner.
    .configureOutput({ outputError: () => undefined })
    .addHelpText(
      "after",
      "\nEvery verb takes --json, --seed and --help, for example `microexpnet train --help`.",
    );
  // Verbs take over the settings above when they are made, so this comes last.
  for (const register of [
    registerStart,
    registerTrain,
    registerDistill,
    registerEvaluate,
    registerAverage,
    registerCalibrate,
    registerPredict,
    registerExperiment,
    registerImport,
    registerExport,
    registerBench,
    registerNetworks,
    registerDatasets,
  ]) {
    register(program);
  }
  return program;
}

/**
 * Runs the command.
 *
 * @param argv the words after the command's name
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C
 */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    report(error);
    return exitCodeOf(error);
  }
}

function report(error: unknown): void {
  // Help and the version have been printed by then.
  if (error instanceof CommanderError && (error.exitCode === 0 || error.code === "commander.help")) return;
  message(sentenceOf(error));
  if (process.env["MICROEXPNET_DEBUG"] === "1") console.error(error);
}

/** Keeps what happens beside `main` from printing stack traces: a reader of our output that went away, for one. */
export function guardProcess(): void {
  const onStreamError = (error: Error) => {
    // Whoever read the output has seen enough, as in `microexpnet networks | head -1`.
    if ((error as NodeJS.ErrnoException).code === "EPIPE") process.exit(process.exitCode ?? 0);
    message(`The result cannot be printed, because ${fileProblem(error) ?? error.message}.`);
    process.exit(1);
  };
  process.stdout.on("error", onStreamError);
  process.stderr.on("error", () => process.exit(process.exitCode ?? 1));
  process.on("uncaughtException", (error) => {
    report(error);
    process.exit(1);
  });
}
