import { createRandom, type Dataset, train } from "@microexpnet/training";
import { workerTeam } from "@microexpnet/training/node";
import type { Network } from "microexpnet/internal";

/** Images to train on: enough that they do not all stay in the processor's cache. */
const images = 1024;
const warmUpSteps = 10;
const windows = 5;
const millisecondsPerWindow = 600;

/** Thrown to end the training once enough was measured. */
class MeasuredEnough extends Error {}

/**
 * Images per second of whole training steps (Adam, no augmentation) on random pixels: the median
 * of several timed windows after some steps of warm-up.
 *
 * @throws the signal's reason when stopped
 */
export async function measureTrainingSpeed(
  network: Network,
  { batch, workers, seed }: { batch: number; workers: number; seed: number },
  signal: AbortSignal,
): Promise<number> {
  const enough = new AbortController();
  const rates: number[] = [];
  let start = 0;
  let startStep = 0;
  const onProgress = ({ step }: { step: number }) => {
    const now = performance.now();
    if (step <= warmUpSteps) {
      start = now;
      startStep = step;
    } else if (now - start >= millisecondsPerWindow) {
      rates.push((1000 * (step - startStep) * batch) / (now - start));
      start = now;
      startStep = step;
      if (rates.length === windows) enough.abort(new MeasuredEnough());
    }
  };
  try {
    await train(
      {
        network,
        train: randomDataset(network, seed),
        epochs: 100_000,
        batch,
        seed,
        optimizer: { kind: "adam" },
        // So low that random labels cannot make the loss run away.
        schedule: { kind: "constant", learningRate: 1e-5 },
      },
      { team: workerTeam(workers), signal: AbortSignal.any([signal, enough.signal]), onProgress },
    );
  } catch (error) {
    if (!(error instanceof MeasuredEnough)) throw error;
  }
  return rates.sort((a, b) => a - b)[Math.floor(rates.length / 2)];
}

function randomDataset(network: Network, seed: number): Dataset {
  const random = createRandom(seed, "training speed");
  const size = network.input.height;
  const labels = Array.from({ length: 8 }, (_, index) => `class ${index}`);
  return {
    name: "random pixels",
    labels,
    count: images,
    size,
    pixels: Uint8Array.from({ length: images * size * size }, () => random.integer(256)),
    classes: Uint8Array.from({ length: images }, () => random.integer(labels.length)),
  };
}
