import type { PictureKernels } from "../engine/kernel-exports.js";
import { Arena, instantiate, type KernelInstance } from "../engine/memory.js";
import { inferenceKernels } from "../engine/program.js";

/**
 * Room in WebAssembly memory for one row of a picture at a time, so that the memory stays small however large the
 * picture is. Addresses are those of `instance`.
 */
export interface PictureRows {
  readonly instance: KernelInstance<PictureKernels>;
  /** Bytes of a row, the sums of them, and the bytes of a finished row. */
  readonly bytes: number;
  readonly sums: number;
  readonly finished: number;
  /** For each column of the output: first and last pixel, and the weights of the two. */
  readonly first: number;
  readonly last: number;
  readonly firstWeight: number;
  readonly lastWeight: number;
  /** The whole memory. */
  readonly memory: Uint8Array;
}

let made: { rows: PictureRows; values: number; columns: number } | undefined;

/** Room for rows of `values` bytes and outputs of `columns` columns; the same room at each call while it is enough. */
export function pictureRows(values: number, columns: number): PictureRows {
  if (made && made.values >= values && made.columns >= columns) return made.rows;
  const arena = new Arena();
  const most = Math.max(values, made?.values ?? 0);
  const outputs = Math.max(columns, made?.columns ?? 0);
  const places = {
    bytes: arena.allocate(most + 16),
    sums: arena.floats(most + 32),
    finished: arena.allocate(Math.max(most, 3 * outputs) + 16),
    first: arena.floats(outputs),
    last: arena.floats(outputs),
    firstWeight: arena.floats(outputs),
    lastWeight: arena.floats(outputs),
  };
  const instance = instantiate<PictureKernels>(inferenceKernels(), arena.finish());
  const rows = { ...places, instance, memory: new Uint8Array(instance.memory.buffer) };
  made = { rows, values: most, columns: outputs };
  return rows;
}
