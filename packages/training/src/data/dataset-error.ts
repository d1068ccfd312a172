/** Thrown when a data set, its files or a split of it are not as expected; the message is one sentence. */
export class DatasetError extends Error {
  override name = "DatasetError";
}
