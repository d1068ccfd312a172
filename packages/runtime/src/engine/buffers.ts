/** A value that lives from step `from` to step `to`, both included. */
export interface Lifetime {
  readonly length: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Places values so that those alive at one time never overlap: longest first, each at the lowest place that
 * is free for its whole life.
 *
 * @returns the offset of each value, and the length of the whole
 */
export function placeBuffers(values: readonly Lifetime[]): { offsets: number[]; total: number } {
  const order = values.map((_, index) => index).sort((a, b) => values[b].length - values[a].length || a - b);
  const offsets = new Array<number>(values.length).fill(0);
  const placed: number[] = [];
  let total = 0;
  for (const index of order) {
    const value = values[index];
    const neighbours = placed
      .filter((other) => values[other].from <= value.to && value.from <= values[other].to)
      .sort((a, b) => offsets[a] - offsets[b]);
    let offset = 0;
    for (const other of neighbours) {
      if (offset + value.length <= offsets[other]) break;
      offset = Math.max(offset, offsets[other] + values[other].length);
    }
    offsets[index] = offset;
    total = Math.max(total, offset + value.length);
    placed.push(index);
  }
  return { offsets, total };
}
