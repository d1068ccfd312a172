import { ByteCursor } from "./byte-cursor.js";
import { CheckpointError } from "./checkpoint-error.js";
import { maskedCrc32c } from "./crc32c.js";

/**
 * LevelDB's sorted string table, which TensorFlow keeps a checkpoint's list of tensors in. The file is blocks
 * of entries, a block of metadata, a block that indexes the others, and a footer of 48 bytes: two handles
 * (offset, size), zeros up to byte 40, and a magic number. After each block stand a byte with its compression
 * and its checksum. See https://github.com/google/leveldb/blob/main/doc/table_format.md.
 */

const footerLength = 48;
const magic = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
const trailerLength = 5;
/** Longer than any tensor's name; keys share prefixes, so a small file could else unfold into gigabytes. */
const longestKey = 4096;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

const readHandle = (cursor: ByteCursor): Handle => ({ offset: cursor.varint(), size: cursor.varint() });

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Checks a block's place, compression and checksum and gives its bytes. */
function readBlock(table: Uint8Array, { offset, size }: Handle): Uint8Array {
  const end = offset + size + trailerLength;
  if (end > table.length - footerLength) {
    throw new CheckpointError(
      `The checkpoint's index has a block that ends at byte ${end}, outside its ${table.length} bytes.`,
    );
  }
  const stored = new ByteCursor(table.subarray(offset + size + 1, end), "A checksum").fixed32();
  if (maskedCrc32c(table.subarray(offset, offset + size + 1)) !== stored) {
    throw new CheckpointError(
      `The checkpoint's index is damaged: its block at byte ${offset} fails its checksum.`,
    );
  }
  const compression = table[offset + size];
  if (compression !== 0) {
    throw new CheckpointError(
      `The checkpoint's index has a block with compression ${compression}, but TensorFlow writes it uncompressed.`,
    );
  }
  return table.subarray(offset, offset + size);
}

/** The entries of a block: length shared with the key before, length of the rest, length of the value. */
function readEntries(block: Uint8Array, offset: number): Entry[] {
  const what = `The checkpoint's index block at byte ${offset}`;
  if (block.length < 4) throw new CheckpointError(`${what} ends too early.`);
  // The restart points serve a search by halves, which reading from the start does without.
  const restarts = new ByteCursor(block.subarray(block.length - 4), what).fixed32();
  const entriesEnd = block.length - 4 - 4 * restarts;
  if (entriesEnd < 0) throw new CheckpointError(`${what} claims ${restarts} restart points, more than fit.`);
  const cursor = new ByteCursor(block.subarray(0, entriesEnd), what);
  const entries: Entry[] = [];
  let previous = new Uint8Array(0);
  while (!cursor.atEnd) {
    const shared = cursor.varint();
    const rest = cursor.varint();
    const valueLength = cursor.varint();
    if (shared > previous.length)
      throw new CheckpointError(`${what} has a key that continues a shorter one.`);
    if (shared + rest > longestKey) {
      throw new CheckpointError(
        `${what} has a key of ${shared + rest} bytes, more than the ${longestKey} allowed.`,
      );
    }
    const key = new Uint8Array(shared + rest);
    key.set(previous.subarray(0, shared));
    key.set(cursor.take(rest), shared);
    entries.push({ key, value: cursor.take(valueLength) });
    previous = key;
  }
  return entries;
}

/**
 * Reads a whole table, all checksums checked: its values by key, in the order of the file.
 *
 * @throws CheckpointError with one sentence.
 */
export function readSortedStringTable(table: Uint8Array): Map<string, Uint8Array> {
  const footer = table.subarray(Math.max(0, table.length - footerLength));
  if (footer.length < footerLength || !magic.every((byte, index) => footer[40 + index] === byte)) {
    throw new CheckpointError("The checkpoint's index does not end as a TensorFlow index does.");
  }
  const cursor = new ByteCursor(footer.subarray(0, 40), "The footer of the checkpoint's index");
  const metadata = readHandle(cursor);
  const index = readHandle(cursor);
  if (footer.subarray(cursor.position, 40).some((byte) => byte !== 0)) {
    throw new CheckpointError("The footer of the checkpoint's index is damaged.");
  }
  readBlock(table, metadata);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const values = new Map<string, Uint8Array>();
  let blocksEnd = 0;
  for (const { value } of readEntries(readBlock(table, index), index.offset)) {
    const handle = readHandle(new ByteCursor(value, "A block's place in the checkpoint's index"));
    // Blocks that may repeat or overlap would let a small file unfold into a large one.
    if (handle.offset < blocksEnd)
      throw new CheckpointError("The checkpoint's index has overlapping blocks.");
    blocksEnd = handle.offset + handle.size;
    for (const entry of readEntries(readBlock(table, handle), handle.offset)) {
      let key: string;
      try {
        key = decoder.decode(entry.key);
      } catch {
        throw new CheckpointError("The checkpoint's index has a tensor whose name is not UTF-8.");
      }
      if (values.has(key)) throw new CheckpointError(`The checkpoint's index has "${key}" twice.`);
      values.set(key, entry.value);
    }
  }
  return values;
}
