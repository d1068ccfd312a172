import { CheckpointError } from "./checkpoint-error.js";
import { maskedCrc32c } from "./crc32c.js";
import { bytesFields, numberField, readFields } from "./protocol-buffer.js";
import { readSortedStringTable } from "./sorted-string-table.js";

export { CheckpointError } from "./checkpoint-error.js";

/** A tensor of a checkpoint: values in row-major order, the last axis fastest. */
export interface CheckpointTensor {
  readonly shape: number[];
  readonly values: Float32Array;
}

/** What the index says of one tensor (TensorFlow's tensor_bundle.proto, BundleEntryProto). */
interface Entry {
  readonly elementType: number;
  readonly shape: number[];
  readonly shard: number;
  readonly offset: number;
  readonly size: number;
  readonly checksum: number;
  readonly sliced: boolean;
}

const float32 = 1;
/** Types stored with lengths or in pieces (string, resource, variant), whose checksum is another one. */
const irregularTypes = [7, 20, 21];

/** What optimisers keep beside the variables: Adam's and others' slots, powers of Adam's rates, the step. */
const optimizerSlot = /\/(Adam|AdamW|Momentum|RMSProp|Adagrad|Adadelta|Ftrl)(_\d+)?$/;
const optimizerState = /(^|\/)(beta[12]_power|global_step)(_\d+)?$/;

function readEntry(name: string, bytes: Uint8Array): Entry {
  const what = `The checkpoint's entry of "${name}"`;
  const fields = readFields(bytes, what);
  const shapes = bytesFields(fields, 2, what);
  const dimensions = shapes.flatMap((shape) => bytesFields(readFields(shape, what), 2, what));
  if (dimensions.length > 8) throw new CheckpointError(`${what} has more than 8 axes.`);
  return {
    elementType: numberField(fields, 1, what),
    shape: dimensions.map((dimension) => numberField(readFields(dimension, what), 1, what)),
    shard: numberField(fields, 3, what),
    offset: numberField(fields, 4, what),
    size: numberField(fields, 5, what),
    checksum: numberField(fields, 6, what),
    sliced: bytesFields(fields, 7, what).length > 0,
  };
}

/** The number of shards, from the header that stands under the empty key (BundleHeaderProto). */
function readShardCount(bytes: Uint8Array | undefined): number {
  if (!bytes) throw new CheckpointError("The checkpoint's index has no header.");
  const what = "The header of the checkpoint's index";
  const fields = readFields(bytes, what);
  const count = numberField(fields, 1, what);
  if (count < 1 || count > 99_999) throw new CheckpointError(`${what} claims ${count} data files.`);
  if (numberField(fields, 2, what) !== 0)
    throw new CheckpointError("The checkpoint's values are big-endian.");
  return count;
}

function readValues(name: string, entry: Entry, data: Uint8Array): Uint8Array {
  const end = entry.offset + entry.size;
  if (end > data.length) {
    throw new CheckpointError(
      `The checkpoint's tensor "${name}" ends at byte ${end}, but its data file has ${data.length} bytes.`,
    );
  }
  const bytes = data.subarray(entry.offset, end);
  if (!irregularTypes.includes(entry.elementType) && maskedCrc32c(bytes) !== entry.checksum) {
    throw new CheckpointError(`The checkpoint's tensor "${name}" is damaged: it fails its checksum.`);
  }
  return bytes;
}

/**
 * Reads a TensorFlow checkpoint of format V2: `NAME.index` and the data files beside it. Checks the checksums
 * of the index and of all tensors; gives the float32 variables by name and leaves out what optimisers keep.
 *
 * @param index the bytes of `NAME.index`
 * @param shard gives the bytes of the data file `NAME.data-{id}-of-{count}`, both numbers with five digits;
 * called once a file
 * @throws CheckpointError with one sentence that says what is damaged.
 */
export function readCheckpoint(
  index: Uint8Array,
  shard: (id: number, count: number) => Uint8Array,
): Map<string, CheckpointTensor> {
  const table = readSortedStringTable(index);
  const shardCount = readShardCount(table.get(""));
  table.delete("");
  const shards = new Map<number, { data: Uint8Array; unclaimed: number }>();
  const tensors = new Map<string, CheckpointTensor>();
  for (const [name, bytes] of table) {
    const entry = readEntry(name, bytes);
    if (entry.sliced) throw new CheckpointError(`The checkpoint's tensor "${name}" is split into slices.`);
    if (entry.shard >= shardCount) {
      throw new CheckpointError(
        `The checkpoint's tensor "${name}" lies in data file ${entry.shard} of ${shardCount}, counted from 0.`,
      );
    }
    let file = shards.get(entry.shard);
    if (!file) {
      const data = shard(entry.shard, shardCount);
      file = { data, unclaimed: data.length };
      shards.set(entry.shard, file);
    }
    const values = readValues(name, entry, file.data);
    // Tensors that share bytes would let a small checkpoint unfold into a large one.
    file.unclaimed -= entry.size;
    if (file.unclaimed < 0) {
      throw new CheckpointError(`The checkpoint's tensor "${name}" shares its bytes with another one.`);
    }
    if (entry.elementType !== float32 || optimizerSlot.test(name) || optimizerState.test(name)) continue;
    const length = entry.shape.reduce((a, b) => a * b, 1);
    if (length * 4 !== entry.size) {
      throw new CheckpointError(
        `The checkpoint's tensor "${name}" has ${entry.size} bytes, but the shape ${entry.shape.join("x") || "of one number"}.`,
      );
    }
    const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
    tensors.set(name, {
      shape: entry.shape,
      values: Float32Array.from({ length }, (_, i) => view.getFloat32(i * 4, true)),
    });
  }
  return tensors;
}
