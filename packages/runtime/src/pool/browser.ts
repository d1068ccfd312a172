import { ClassifierError } from "../classifier-error.js";
import { PoolError, type PoolWorker, type WorkerReply } from "./pool.js";

/** Starts a Web Worker; bundlers find its script by the form of this call. */
export function startWorker(): PoolWorker {
  const worker = new Worker(new URL("./browser-worker/worker.js", import.meta.url), { type: "module" });
  let settle: ((reply: WorkerReply | PoolError) => void) | undefined;
  const answered = (reply: WorkerReply | PoolError) => {
    settle?.(reply);
    settle = undefined;
  };
  worker.onmessage = ({ data }) => answered(data);
  worker.onerror = ({ message }) =>
    answered(new PoolError(`A worker failed: ${message || "its script cannot be loaded"}`));
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        settle = (reply) => {
          if (reply instanceof PoolError) reject(reply);
          else if ("error" in reply) reject(new ClassifierError(reply.error));
          else resolve(reply.scores);
        };
        worker.postMessage(request);
      }),
    terminate: async () => {
      worker.terminate();
      answered(new PoolError("A worker ended before its work was done."));
    },
  };
}
