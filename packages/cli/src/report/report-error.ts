/** Says in one sentence why a table or report cannot be made. */
export class ReportError extends Error {
  override readonly name = "ReportError";
}
