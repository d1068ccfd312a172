import { Worker } from "node:worker_threads";
import type { WorkerReply, WorkerRequest } from "./node-worker.js";
import type { TrainingJob } from "./trainer/job.js";
import type { Team, TeamFactory } from "./trainer/team.js";

/** A team of `count` worker threads. */
export function workerTeam(count: number): TeamFactory {
  return async (job: TrainingJob): Promise<Team> => {
    const workers = Array.from(
      { length: count },
      () => new Worker(new URL("./node-worker.js", import.meta.url), { workerData: job }),
    );
    let failed: Error | undefined;
    for (const worker of workers) {
      worker.on("error", (error) => {
        failed ??= error;
      });
      worker.unref();
    }

    /** Sends one request to all workers and waits for every answer. */
    const ask = async (request: WorkerRequest): Promise<WorkerReply[]> => {
      Atomics.store(job.shared.next, 0, 0);
      return Promise.all(
        workers.map(
          (worker) =>
            new Promise<WorkerReply>((resolve, reject) => {
              if (failed) return reject(failed);
              const settle = () => {
                worker.off("message", onMessage);
                worker.off("error", onError);
                worker.off("exit", onExit);
                worker.unref();
              };
              const onMessage = (reply: WorkerReply) => {
                settle();
                if (reply.error) reject(new Error(reply.error));
                else resolve(reply);
              };
              const onError = (error: Error) => {
                settle();
                reject(error);
              };
              const onExit = () => {
                settle();
                reject(new Error("A training worker ended before its work was done."));
              };
              worker.on("message", onMessage);
              worker.on("error", onError);
              worker.on("exit", onExit);
              worker.ref();
              worker.postMessage(request);
            }),
        ),
      );
    };
    await ask({ kind: "ready" });
    return {
      train: async (request) => {
        const replies = await ask({ kind: "train", request });
        return replies.find((reply) => reply.problem)?.problem;
      },
      evaluate: async () => {
        await ask({ kind: "evaluate" });
      },
      close: async () => {
        await Promise.all(workers.map((worker) => worker.terminate()));
      },
    };
  };
}
