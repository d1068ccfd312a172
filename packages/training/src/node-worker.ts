import { parentPort, workerData } from "node:worker_threads";
import type { StepRequest, TrainingJob } from "./trainer/job.js";
import { ShardWorker } from "./trainer/shard-worker.js";

export type WorkerRequest =
  | { readonly kind: "ready" }
  | { readonly kind: "train"; readonly request: StepRequest }
  | { readonly kind: "evaluate" };

export interface WorkerReply {
  /** Set where a loss is not finite. */
  readonly problem?: string;
  /** Set where the work failed. */
  readonly error?: string;
}

let worker: ShardWorker | undefined;

parentPort?.on("message", (message: WorkerRequest) => {
  const reply = (value: WorkerReply) => parentPort?.postMessage(value);
  try {
    worker ??= new ShardWorker(workerData as TrainingJob);
    switch (message.kind) {
      case "ready":
        return reply({});
      case "train":
        return reply({ problem: worker.train(message.request) });
      case "evaluate":
        worker.evaluate();
        return reply({});
    }
  } catch (error) {
    reply({ error: error instanceof Error ? error.message : String(error) });
  }
});
