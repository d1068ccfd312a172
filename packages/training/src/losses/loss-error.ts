/** Thrown when a loss is given arrays that do not fit together or options outside their range. */
export class LossError extends Error {
  override name = "LossError";
}

/** Refuses an array that holds fewer values than it must. */
export function requireLength(array: ArrayLike<number>, length: number, what: string): void {
  if (array.length < length) {
    throw new LossError(`${what} must hold at least ${length} values, not ${array.length}.`);
  }
}
