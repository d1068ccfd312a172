/**
 * Writes log(softmax(values / temperature)) of `classes` values that start at `offset`.
 *
 * The largest value is taken off first, so that logits of any finite size stay finite. Sums run in float64
 * and in a fixed order.
 *
 * @param target `classes` values, written from index 0
 */
export function logSoftmax(
  values: ArrayLike<number>,
  offset: number,
  classes: number,
  temperature: number,
  target: Float64Array,
): void {
  let largest = values[offset];
  for (let c = 1; c < classes; c++) {
    if (values[offset + c] > largest) largest = values[offset + c];
  }
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    const shifted = (values[offset + c] - largest) / temperature;
    target[c] = shifted;
    sum += Math.exp(shifted);
  }
  const logarithm = Math.log(sum);
  for (let c = 0; c < classes; c++) target[c] -= logarithm;
}
