/** Thrown when pixels do not have the form that a classifier reads. */
export class ClassifierError extends Error {
  override name = "ClassifierError";
}
