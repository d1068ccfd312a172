import type { StepRequest, TrainingJob } from "./job.js";
import { ShardWorker } from "./shard-worker.js";

/** Whoever computes the shards of a batch: this thread or a team of workers. */
export interface Team {
  /** Computes all shards of one step; resolves to a sentence where a loss is not finite. */
  train(request: StepRequest): Promise<string | undefined>;
  /** Fills `shared.validationLogits` with the shared weights and statistics. */
  evaluate(): Promise<void>;
  close(): Promise<void>;
}

export type TeamFactory = (job: TrainingJob) => Promise<Team>;

/** A team of one that works on the calling thread; no worker needed, so it runs anywhere. */
export const soloTeam: TeamFactory = async (job) => {
  const worker = new ShardWorker(job);
  return {
    train: async (request) => {
      Atomics.store(job.shared.next, 0, 0);
      return worker.train(request);
    },
    evaluate: async () => {
      Atomics.store(job.shared.next, 0, 0);
      worker.evaluate();
    },
    close: async () => undefined,
  };
};
