import { startWorker } from "#pool";
import type { Precision } from "../engine/program.js";

/** Thrown when a pool cannot work: a worker failed, or the pool was closed. */
export class PoolError extends Error {
  override name = "PoolError";
}

/** What a worker is started with: a model file's bytes, as they are simple to send. */
export interface WorkerStart {
  readonly kind: "start";
  readonly model: Uint8Array;
  readonly precision: Precision;
  readonly batch: number;
}

export interface WorkerJob {
  readonly kind: "logits" | "probabilities";
  readonly pixels: ArrayLike<number>;
}

/** Each request has one reply; no scores to a start. */
export type WorkerReply = { readonly scores?: Float32Array } | { readonly error: string };

/** A worker of any platform. At most one request is under way. */
export interface PoolWorker {
  /** @throws PoolError where the worker fails; an Error with its words where the request does */
  ask(request: WorkerStart | WorkerJob): Promise<Float32Array | undefined>;
  terminate(): Promise<void>;
}

/**
 * Classifies on several threads.
 *
 * ```ts
 * const pool = await classifier.pool(2);
 * for await (const probabilities of pool.map(batches)) { ... } // in the order of `batches`
 * await pool.close();
 * ```
 *
 * A job is an array of images as for `Classifier.logits`. Sending one costs about as much as running a small
 * network once, so give tens of images at a time.
 */
export interface ClassifierPool {
  readonly workers: number;
  /** Class scores of the images, once a worker was free. The pixels are copied at once. */
  logits(pixels: ArrayLike<number>): Promise<Float32Array>;
  /** Probabilities, likewise. */
  probabilities(pixels: ArrayLike<number>): Promise<Float32Array>;
  /**
   * Probabilities of each array of a sequence, in its order. No more than two arrays a worker are taken ahead
   * of what was read from the result, so memory stays bounded whatever the sequence's length and speed.
   */
  map(
    arrays: Iterable<ArrayLike<number>> | AsyncIterable<ArrayLike<number>>,
  ): AsyncGenerator<Float32Array, void, void>;
  /** Ends the workers; jobs that are not done are rejected with a PoolError. */
  close(): Promise<void>;
}

interface Waiting {
  readonly job: WorkerJob;
  readonly resolve: (scores: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/** Starts `count` workers and waits until each has the model ready. */
export async function createPool(
  count: number,
  start: WorkerStart,
  startOne: () => PoolWorker = startWorker,
): Promise<ClassifierPool> {
  if (!Number.isInteger(count) || count < 1 || count > 1024) {
    throw new PoolError(`A pool has 1 to 1024 workers, not ${count}.`);
  }
  const workers = Array.from({ length: count }, () => startOne());
  const idle: PoolWorker[] = [];
  const waiting: Waiting[] = [];
  let failed: PoolError | undefined;

  const end = async (error: PoolError) => {
    failed ??= error;
    for (const { reject } of waiting.splice(0)) reject(failed);
    await Promise.all(workers.map((worker) => worker.terminate()));
  };

  /** Gives the worker one job after another while there are any. */
  const work = async (worker: PoolWorker) => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      try {
        next.resolve((await worker.ask(next.job)) as Float32Array);
      } catch (error) {
        next.reject(failed ?? error);
        if (error instanceof PoolError) return void end(error);
      }
    }
    idle.push(worker);
  };

  const submit = (kind: WorkerJob["kind"], pixels: ArrayLike<number>): Promise<Float32Array> => {
    if (failed) return Promise.reject(failed);
    const job = { kind, pixels: copyOf(pixels) };
    return new Promise((resolve, reject) => {
      waiting.push({ job, resolve, reject });
      const worker = idle.pop();
      if (worker) void work(worker);
    });
  };

  const close = () => end(new PoolError("The pool was closed."));
  try {
    await Promise.all(workers.map((worker) => worker.ask(start)));
  } catch (error) {
    await close();
    throw error;
  }
  idle.push(...workers);
  return {
    workers: count,
    logits: (pixels) => submit("logits", pixels),
    probabilities: (pixels) => submit("probabilities", pixels),
    async *map(arrays) {
      const ahead: Promise<Float32Array>[] = [];
      for await (const pixels of arrays) {
        const scores = submit("probabilities", pixels);
        // Its failure is told when its turn comes, or not at all where the reader leaves before.
        scores.catch(() => undefined);
        ahead.push(scores);
        if (ahead.length >= 2 * count) yield (await ahead.shift())!;
      }
      while (ahead.length > 0) yield (await ahead.shift())!;
    },
    close,
  };
}

/** A copy of its own memory: sending a view would send all that it is a view of. */
function copyOf(pixels: ArrayLike<number>): ArrayLike<number> {
  return ArrayBuffer.isView(pixels) ? (pixels as Uint8Array).slice() : Array.from(pixels);
}
