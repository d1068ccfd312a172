import { ByteCursor } from "./byte-cursor.js";
import { CheckpointError } from "./checkpoint-error.js";

/** One field of a protocol buffer message: its number, and a number or bytes by its wire type. */
export interface Field {
  readonly number: number;
  readonly value: number | Uint8Array;
}

/**
 * Takes a message apart into its fields, in their order. The wire types are those of
 * https://protobuf.dev/programming-guides/encoding: 0 varint, 1 eight bytes, 2 bytes with a length, 5 a
 * 32-bit number.
 *
 * @param what names the message in errors.
 * @throws CheckpointError when the bytes are no message.
 */
export function readFields(bytes: Uint8Array, what: string): Field[] {
  const cursor = new ByteCursor(bytes, what);
  const fields: Field[] = [];
  while (!cursor.atEnd) {
    const tag = cursor.varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        fields.push({ number, value: cursor.varint() });
        break;
      case 1:
        fields.push({ number, value: cursor.take(8) });
        break;
      case 2:
        fields.push({ number, value: cursor.take(cursor.varint()) });
        break;
      case 5:
        fields.push({ number, value: cursor.fixed32() });
        break;
      default:
        throw new CheckpointError(`${what} has a field of the unknown wire type ${tag % 8}.`);
    }
  }
  return fields;
}

/** The last number of a field, which wins, or 0 where the message leaves it out. */
export function numberField(fields: readonly Field[], number: number, what: string): number {
  const value = fields.findLast((field) => field.number === number)?.value ?? 0;
  if (typeof value !== "number")
    throw new CheckpointError(`${what} has bytes where field ${number} is a number.`);
  return value;
}

/** All messages or bytes of a field. */
export function bytesFields(fields: readonly Field[], number: number, what: string): Uint8Array[] {
  return fields
    .filter((field) => field.number === number)
    .map(({ value }) => {
      if (typeof value !== "number") return value;
      throw new CheckpointError(`${what} has a number where field ${number} is bytes.`);
    });
}
