/**
 * Writes protocol buffer messages: a tag of field number and wire type before each value, numbers as varints,
 * everything else as bytes with their length (https://protobuf.dev/programming-guides/encoding).
 */

/** A field's value: a whole number of at least 0, a float, a text, bytes, or a message already written. */
type Value = number | { readonly float: number } | string | Uint8Array | Message;

/** One message; `add` takes its fields in any order, and a list for a repeated one. */
export class Message {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** Appends a field, or one for each value of a list; undefined is left out. */
  add(field: number, value: Value | readonly Value[] | undefined): this {
    if (value === undefined) return this;
    if (Array.isArray(value)) {
      for (const item of value) this.add(field, item);
      return this;
    }
    if (typeof value === "number") {
      this.#push(varint(field * 8));
      this.#push(varint(value));
    } else if (typeof value === "object" && "float" in value) {
      this.#push(varint(field * 8 + 5));
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setFloat32(0, value.float, true);
      this.#push(bytes);
    } else {
      const bytes = bytesOf(value as string | Uint8Array | Message);
      this.#push(varint(field * 8 + 2));
      this.#push(varint(bytes.length));
      this.#push(bytes);
    }
    return this;
  }

  /** The message as bytes. */
  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return bytes;
  }

  #push(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }
}

function bytesOf(value: string | Uint8Array | Message): Uint8Array {
  if (typeof value === "string") return new TextEncoder().encode(value);
  return value instanceof Message ? value.finish() : value;
}

/** Seven bits a byte, the lowest first, the top bit set on all but the last. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...bytes, rest]);
}
