import { Worker } from "node:worker_threads";
import { ClassifierError } from "../classifier-error.js";
import { PoolError, type PoolWorker, type WorkerReply } from "./pool.js";

/**
 * Starts a worker thread; it keeps the process alive only while it has something to answer.
 *
 * @param script a compiled file, as threads run nothing else
 */
export function startWorker(script = new URL("./node-worker/worker.js", import.meta.url)): PoolWorker {
  // Without the process's own flags, some of which a thread refuses.
  const worker = new Worker(script, { execArgv: [] });
  let settle: ((reply: WorkerReply | PoolError) => void) | undefined;
  const answered = (reply: WorkerReply | PoolError) => {
    worker.unref();
    settle?.(reply);
    settle = undefined;
  };
  worker.on("message", answered);
  worker.on("error", (error) => answered(new PoolError(`A worker failed: ${error.message}`)));
  worker.on("exit", () => answered(new PoolError("A worker ended before its work was done.")));
  worker.unref();
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        settle = (reply) => {
          if (reply instanceof PoolError) reject(reply);
          else if ("error" in reply) reject(new ClassifierError(reply.error));
          else resolve(reply.scores);
        };
        worker.ref();
        worker.postMessage(request);
      }),
    terminate: async () => {
      await worker.terminate();
    },
  };
}
