import { type Dataset, holdOutBySubject, selectImages, splitIndices } from "@microexpnet/training";
import { message, Progress } from "../console.js";
import { loadDataset } from "../datasets/index.js";

/** The images that a run learns from and those it chooses by. */
export interface RunData {
  readonly train: Dataset;
  readonly valid?: Dataset;
  /** How the two were told apart, in one sentence. */
  readonly note: string;
}

/** Loads a data set with progress, and says what was left out. */
export async function loadWithProgress(spec: string, signal: AbortSignal): Promise<Dataset> {
  const progress = new Progress();
  const dataset = await loadDataset(spec, {
    signal,
    onProgress: (done, total, what) => progress.update(done, total, what),
  });
  progress.done();
  const { problems = [] } = dataset;
  for (const problem of problems.slice(0, 5)) message(problem);
  if (problems.length > 5) message(`... and ${problems.length - 5} more images that were left out.`);
  return dataset;
}

/**
 * The data set's own training and validation parts where it has them; otherwise a share of its subjects (or,
 * where they are unknown, of its images) is held out.
 */
export function splitForRun(dataset: Dataset, validShare: number, seed: number): RunData {
  const own = splitIndices(dataset, "train");
  const valid = splitIndices(dataset, "valid");
  if (dataset.splits && own.length > 0 && valid.length > 0) {
    return {
      train: selectImages(dataset, own),
      valid: selectImages(dataset, valid),
      note: "The data set's own training and validation parts.",
    };
  }
  const pool = dataset.splits && own.length > 0 ? selectImages(dataset, own) : dataset;
  if (validShare === 0) return { train: pool, note: "All images are learned from; none are held out." };
  const held = holdOutBySubject(pool, validShare, seed);
  return { train: selectImages(pool, held.train), valid: selectImages(pool, held.valid), note: held.note };
}
