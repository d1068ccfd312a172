import { CheckpointError } from "./checkpoint-error.js";

/** Reads numbers and runs of bytes one after another, and refuses to pass the end. */
export class ByteCursor {
  position = 0;

  /** @param what names the bytes in messages, for example "The entry of wc1". */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly what: string,
  ) {}

  get atEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  /** The next bytes, as a view. */
  take(count: number): Uint8Array {
    if (count > this.bytes.length - this.position) throw new CheckpointError(`${this.what} ends too early.`);
    this.position += count;
    return this.bytes.subarray(this.position - count, this.position);
  }

  /** A 32-bit number, little-endian. */
  fixed32(): number {
    const bytes = this.take(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  }

  /** A whole number in groups of 7 bits, the lowest first, from 0 to 2^53 - 1. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.take(1)[0];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        // A highest group of zero says nothing; no writer makes one, so it is damage.
        if (byte === 0 && shift > 0) throw new CheckpointError(`${this.what} holds a number that is padded.`);
        // Larger ones are negative numbers, which nothing here may be.
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw new CheckpointError(`${this.what} holds a number that is negative or too large.`);
  }
}
