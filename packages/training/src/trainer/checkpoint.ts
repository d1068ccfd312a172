import { hashSeed } from "../random.js";

/** Thrown when a checkpoint is damaged or belongs to another run. */
export class ResumeError extends Error {
  override name = "ResumeError";
}

/** One epoch as the log and the learning curves show it. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** Steps taken by its end. */
  readonly step: number;
  readonly learningRate: number;
  readonly trainLoss: number;
  /** Accuracy on the augmented training views, before each step. */
  readonly trainAccuracy: number;
  readonly validAccuracy?: number;
  readonly validMacroF1?: number;
  readonly validLoss?: number;
}

/** Everything a training run needs to go on as if it had never stopped. */
export interface TrainingState {
  /** Describes the run; a checkpoint is refused by a run of another description. */
  readonly fingerprint: string;
  epoch: number;
  stepInEpoch: number;
  step: number;
  lossSum: number;
  correct: number;
  seen: number;
  optimizerSteps: number;
  best?: { epoch: number; accuracy: number; macroF1: number };
  history: EpochRecord[];
  /** Flat arrays by name: weights, statistics, their averages, the optimiser's slots, the best so far. */
  arrays: Record<string, Float32Array>;
}

const magic = "microexpnet checkpoint 1\n";

/** The state as bytes: a line, the header as JSON and its length, the arrays, a checksum of all. */
export function writeTrainingState(state: TrainingState): Uint8Array {
  const { arrays, ...rest } = state;
  const lengths = Object.entries(arrays).map(([name, values]) => [name, values.length] as const);
  const header = new TextEncoder().encode(JSON.stringify({ ...rest, lengths }));
  const prefix = new TextEncoder().encode(`${magic}${header.length}\n`);
  const bytes = new Uint8Array(
    prefix.length + header.length + lengths.reduce((sum, [, length]) => sum + length * 4, 0) + 4,
  );
  bytes.set(prefix);
  bytes.set(header, prefix.length);
  let offset = prefix.length + header.length;
  for (const values of Object.values(arrays)) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
    offset += values.byteLength;
  }
  new DataView(bytes.buffer).setUint32(offset, checksum(bytes.subarray(0, offset)), true);
  return bytes;
}

/** @throws ResumeError where the bytes are not a whole checkpoint */
export function readTrainingState(bytes: Uint8Array): TrainingState {
  const damaged = new ResumeError("The checkpoint is damaged or was not written by this version.");
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, magic.length + 12));
  const match = start.startsWith(magic) ? /^(\d+)\n/.exec(start.slice(magic.length)) : null;
  if (!match || bytes.length < 4) throw damaged;
  const end = bytes.length - 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(end, true) !== checksum(bytes.subarray(0, end))) throw damaged;
  let offset = magic.length + match[0].length;
  const headerEnd = offset + Number(match[1]);
  const { lengths, ...rest } = JSON.parse(new TextDecoder().decode(bytes.subarray(offset, headerEnd)));
  offset = headerEnd;
  const arrays: Record<string, Float32Array> = {};
  for (const [name, length] of lengths as [string, number][]) {
    // Copied by the constructor: the `slice` of a Node Buffer would be a view of all of it.
    arrays[name] = new Float32Array(new Uint8Array(bytes.subarray(offset, offset + length * 4)).buffer);
    offset += length * 4;
  }
  if (offset !== end) throw damaged;
  return { ...rest, arrays };
}

/** A checksum that notices torn or overwritten files; it is no defence against an attacker. */
function checksum(bytes: Uint8Array): number {
  let a = hashSeed(bytes.length);
  let b = 1;
  for (let i = 0; i < bytes.length; i++) {
    a = (Math.imul(a ^ bytes[i], 0x01000193) + b) | 0;
    b = (b + a) | 0;
  }
  return (a ^ b) >>> 0;
}
