import { type Classifier, createClassifier } from "../classifier.js";
import { readModelFile } from "../model-file.js";
import type { WorkerJob, WorkerReply, WorkerStart } from "./pool.js";

/** What a pool's worker answers to each request, on any platform. */
export function createAnswer(): (request: WorkerStart | WorkerJob) => WorkerReply {
  let classifier: Classifier | undefined;
  return (request) => {
    try {
      if (request.kind !== "start") return { scores: classifier![request.kind](request.pixels) };
      const { model, precision, batch } = request;
      classifier = createClassifier(readModelFile(model), { precision, batch });
      return {};
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  };
}
