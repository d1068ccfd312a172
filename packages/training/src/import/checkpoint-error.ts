/** Thrown when a TensorFlow checkpoint is damaged or not what was expected; one sentence says what is wrong. */
export class CheckpointError extends Error {
  override name = "CheckpointError";
}
