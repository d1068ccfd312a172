import { initialize, layoutParameters, namedParameters } from "@microexpnet/training";
import type { Command } from "commander";
import { foldBatchNormalization, type Precision } from "microexpnet/internal";
import {
  addCommonOptions,
  breathe,
  type CommonOptions,
  message,
  printResult,
  runAction,
} from "../console.js";
import { networkByName } from "../network-names.js";
import { formatTable } from "../report/table.js";
import { measureFramesPerSecond } from "../speed.js";
import { measureTrainingSpeed } from "../training-speed.js";

interface BenchOptions extends CommonOptions {
  network?: string[];
  training?: boolean;
}

interface Speed {
  network: string;
  precision: Precision;
  batch: number;
  threads: number;
  framesPerSecond: number;
}

const inferenceNetworks = ["microexpnet-2019", "microexpnet-2017", "teacher"];
const trainingNetworks = ["microexpnet-2019", "microexpnet-2017", "teacher"];
const precisions: readonly Precision[] = ["float32", "int16"];
const batches = [1, 64];
const trainingBatch = 64;
const workerCounts = [1, 2];

export function registerBench(program: Command): void {
  const command = program
    .command("bench")
    .description("measure how fast networks run on this machine, in frames a second on one thread")
    .option("--network <names>", "networks, separated by commas", parseNetworks)
    .option("--training", "measure training, too, in images a second with one and two workers");
  addCommonOptions(command).action((options: BenchOptions) =>
    runAction(options, (signal) => bench(options, signal), "Stopped; nothing was printed."),
  );
}

function parseNetworks(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) networkByName(name);
  return names;
}

async function bench(options: BenchOptions, signal: AbortSignal): Promise<void> {
  const results: Speed[] = [];
  for (const network of options.network ?? inferenceNetworks) {
    const model = randomModel(network, options.seed);
    for (const precision of precisions) {
      for (const batch of batches) {
        message(`Running ${network} in ${precision}, batch ${batch}.`);
        await breathe(signal);
        const framesPerSecond = measureFramesPerSecond(model, batch, { precision });
        results.push({ network, precision, batch, threads: 1, framesPerSecond });
      }
    }
  }
  const training = options.training ? await benchTraining(options, signal) : undefined;
  printResult(options, { results, ...(training && { training }) }, () =>
    [
      formatTable(
        ["Network", "Precision", "Batch", "Threads", "Frames/s"],
        results.map((r) => [r.network, r.precision, r.batch, r.threads, Math.round(r.framesPerSecond)]),
      ),
      ...(training
        ? [
            formatTable(
              ["Training of", "Precision", "Batch", "Workers", "Images/s"],
              training.map((r) => [
                r.network,
                r.precision,
                r.batch,
                r.threads,
                Math.round(r.imagesPerSecond),
              ]),
            ),
          ]
        : []),
    ].join("\n\n"),
  );
}

async function benchTraining({ network, seed }: BenchOptions, signal: AbortSignal) {
  const results = [];
  for (const name of network ?? trainingNetworks) {
    for (const threads of workerCounts) {
      message(`Training ${name}, batch ${trainingBatch}, ${threads} worker${threads > 1 ? "s" : ""}.`);
      const settings = { batch: trainingBatch, workers: threads, seed };
      const imagesPerSecond = await measureTrainingSpeed(networkByName(name), settings, signal);
      results.push({ network: name, precision: "float32", batch: trainingBatch, threads, imagesPerSecond });
    }
  }
  return results;
}

/** A network with random weights, ready to run; the speed does not depend on their values. */
function randomModel(name: string, seed: number) {
  const network = networkByName(name);
  const layout = layoutParameters(network);
  const { weights, statistics } = initialize(network, layout, seed);
  return foldBatchNormalization({ network, weights: namedParameters(layout, weights, statistics) });
}
