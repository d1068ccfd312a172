/** Says in one sentence why predictions cannot be evaluated. */
export class EvaluationError extends Error {
  override readonly name = "EvaluationError";
}
