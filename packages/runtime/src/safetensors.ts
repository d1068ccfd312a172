import { fromFloat16Bits, toFloat16Bits } from "./float16.js";
import { isRecord, parseUntrustedJson, quoted } from "./untrusted-json.js";

/**
 * The safetensors container: 8 bytes with the header's length (little-endian), the header as JSON padded by
 * spaces, then the tensors' values without a gap. See https://github.com/huggingface/safetensors#format.
 */

/** Thrown when a model file is damaged, hostile or not of this format; one sentence says what is wrong. */
export class ModelFileError extends Error {
  override name = "ModelFileError";
}

/** A tensor of a file whose place has been checked, but whose values have not been read. */
export interface StoredTensor {
  readonly elementType: string;
  readonly shape: readonly number[];
  /** The values' little-endian bytes, a view into the file. */
  readonly data: Uint8Array;
}

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  readonly elementType: "F32" | "F16" | "I8";
}

interface ElementType {
  readonly bytes: number;
  readonly read: (view: DataView, offset: number) => number;
  readonly write: (view: DataView, offset: number, value: number) => void;
}

/** How each type stores one value. The whole numbers of I8 mean nothing without a unit (see `model-file.ts`). */
const elementTypes: ReadonlyMap<string, ElementType> = new Map([
  [
    "F32",
    {
      bytes: 4,
      read: (view, offset) => view.getFloat32(offset, true),
      write: (view, offset, value) => view.setFloat32(offset, value, true),
    },
  ],
  [
    "F16",
    {
      bytes: 2,
      read: (view, offset) => fromFloat16Bits(view.getUint16(offset, true)),
      write: (view, offset, value) => view.setUint16(offset, toFloat16Bits(value), true),
    },
  ],
  [
    "I8",
    {
      bytes: 1,
      read: (view, offset) => view.getInt8(offset),
      write: (view, offset, value) => view.setInt8(offset, value),
    },
  ],
]);

/** More than any network of 1000 layers needs; a longer claim is damage or an attack. */
const longestHeader = 16 * 1024 * 1024;

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8) {
    throw new ModelFileError(`The model file has ${bytes.length} bytes, too few to hold a header.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  if (length > longestHeader) {
    throw new ModelFileError(
      `The model file claims a header of ${length} bytes, more than the ${longestHeader} allowed.`,
    );
  }
  if (length > bytes.length - 8) {
    throw new ModelFileError(
      `The model file claims a header of ${length} bytes but has only ${bytes.length - 8} after its length.`,
    );
  }
  let text: string;
  try {
    // A copy, as decoders refuse shared memory; ignoreBOM keeps the mark, which JSON then refuses.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.slice(8, 8 + length));
  } catch {
    throw new ModelFileError("The model file's header is not UTF-8.");
  }
  let header: unknown;
  try {
    header = parseUntrustedJson(text);
  } catch (error) {
    throw new ModelFileError(`The model file's header ${(error as Error).message}.`);
  }
  if (!isRecord(header)) throw new ModelFileError("The model file's header is not a JSON object.");
  return { header, dataStart: 8 + length };
}

function readMetadata(value: unknown): Map<string, string> {
  if (value === undefined) throw new ModelFileError("The model file has no metadata.");
  if (!isRecord(value)) throw new ModelFileError("The model file's metadata is not a JSON object.");
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw new ModelFileError(`The model file's metadata entry ${quoted(key)} is not a string.`);
    }
    metadata.set(key, text);
  }
  return metadata;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

interface Place {
  readonly name: string;
  readonly elementType: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Checks one tensor's entry against the number of bytes that follow the header. */
function readPlace(name: string, entry: unknown, dataLength: number): Place {
  const what = `The model file's tensor ${quoted(name)}`;
  if (!isRecord(entry)) throw new ModelFileError(`${what} is not described by a JSON object.`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const type = typeof dtype === "string" ? elementTypes.get(dtype) : undefined;
  if (typeof dtype !== "string" || !type) {
    throw new ModelFileError(`${what} has the unknown type ${quoted(dtype)}.`);
  }
  if (!Array.isArray(shape) || shape.length > 8 || !shape.every(isCount)) {
    throw new ModelFileError(`${what} has a shape that is not a list of at most 8 whole numbers.`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw new ModelFileError(`${what} has offsets that are not two whole numbers of at least 0.`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end)
    throw new ModelFileError(`${what} ends at byte ${end}, before its begin at byte ${begin}.`);
  if (end > dataLength) {
    throw new ModelFileError(
      `${what} ends at byte ${end}, but only ${dataLength} bytes follow the file's header.`,
    );
  }
  // A product too large to be exact is still larger than any file.
  const needed = (shape as number[]).reduce((a, b) => a * b, type.bytes);
  if (needed !== end - begin) {
    throw new ModelFileError(
      `${what} has ${end - begin} bytes where its type and shape need ${Number.isFinite(needed) ? needed : "far more"}.`,
    );
  }
  return { name, elementType: dtype, shape: shape as number[], begin, end };
}

/**
 * Reads the container and checks that its tensors tile the data without overlap, hole or rest. Nothing is
 * allocated by a size the file claims.
 *
 * @throws ModelFileError with one sentence.
 */
export function readSafetensors(bytes: Uint8Array): {
  metadata: Map<string, string>;
  tensors: Map<string, StoredTensor>;
} {
  const { header, dataStart } = readHeader(bytes);
  const metadata = readMetadata(header["__metadata__"]);
  const dataLength = bytes.length - dataStart;
  const places = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => readPlace(name, entry, dataLength))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  const tensors = new Map<string, StoredTensor>();
  let covered = 0;
  for (const { name, elementType, shape, begin, end } of places) {
    if (begin !== covered) {
      throw new ModelFileError(
        begin < covered
          ? `The model file's tensor ${quoted(name)} overlaps the tensor before it.`
          : `The model file has ${begin - covered} unused bytes before its tensor ${quoted(name)}.`,
      );
    }
    tensors.set(name, { elementType, shape, data: bytes.subarray(dataStart + begin, dataStart + end) });
    covered = end;
  }
  if (covered !== dataLength) {
    throw new ModelFileError(
      `The model file has ${dataLength - covered} unused bytes after its last tensor.`,
    );
  }
  return { metadata, tensors };
}

/** The values of a tensor as float32, whatever type it is stored in. */
export function tensorValues(tensor: StoredTensor): Float32Array {
  const type = elementTypes.get(tensor.elementType)!;
  const view = new DataView(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  const values = new Float32Array(tensor.data.length / type.bytes);
  for (let i = 0; i < values.length; i++) values[i] = type.read(view, i * type.bytes);
  return values;
}

/**
 * Writes the container: metadata and tensors in the order given, the header padded so that the values begin
 * at a multiple of 8 bytes.
 *
 * @throws ModelFileError when the header would be longer than a reader accepts.
 */
export function writeSafetensors(
  metadata: ReadonlyMap<string, string>,
  tensors: readonly NamedTensor[],
): Uint8Array<ArrayBuffer> {
  // Written entry by entry, as objects would reorder names that look like numbers.
  const entries = [`"__metadata__":${JSON.stringify(Object.fromEntries(metadata))}`];
  let dataLength = 0;
  for (const { name, shape, values, elementType } of tensors) {
    const end = dataLength + values.length * elementTypes.get(elementType)!.bytes;
    const entry = { dtype: elementType, shape, data_offsets: [dataLength, end] };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    dataLength = end;
  }
  const header = new TextEncoder().encode(`{${entries.join(",")}}`);
  const dataStart = Math.ceil((8 + header.length) / 8) * 8;
  if (dataStart - 8 > longestHeader) {
    throw new ModelFileError(
      `The model's description takes ${header.length} bytes, more than the ${longestHeader} allowed.`,
    );
  }
  const bytes = new Uint8Array(dataStart + dataLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, dataStart - 8, true);
  bytes.fill(0x20, 8, dataStart);
  bytes.set(header, 8);
  let offset = dataStart;
  for (const { values, elementType } of tensors) {
    const type = elementTypes.get(elementType)!;
    for (const value of values) {
      type.write(view, offset, value);
      offset += type.bytes;
    }
  }
  return bytes;
}
