import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { type Dataset, type Split, sharedBytes } from "@microexpnet/training";

/**
 * A data set in one file, little-endian:
 *   8 bytes   "MXPACK1\n"
 *   4 bytes   length of the header
 *   header    JSON: Header
 *   sections  one after another, of the lengths that the header names
 *   32 bytes  SHA-256 of everything before
 */
const magic = "MXPACK1\n";
const headerLimit = 64 * 1024 * 1024;
const digestLength = 32;
const chunkLength = 16 * 1024 * 1024;
const splitNames: readonly Split[] = ["train", "valid", "test"];

interface Header {
  readonly fingerprint: string;
  readonly name: string;
  readonly labels: readonly string[];
  readonly count: number;
  readonly size: number;
  readonly problems?: readonly string[];
  /** Name and length in bytes of each section, in order. */
  readonly sections: readonly (readonly [name: string, length: number])[];
}

const bytesOf = (array: Float32Array | Int32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

function sectionsOf(dataset: Dataset): [name: string, bytes: Uint8Array][] {
  const { pixels, classes, votes, subjects, splits, paths } = dataset;
  const sections: [string, Uint8Array][] = [
    ["pixels", pixels],
    ["classes", classes],
  ];
  if (votes) sections.push(["votes", bytesOf(votes)]);
  if (subjects) sections.push(["subjects", bytesOf(subjects)]);
  if (splits) sections.push(["splits", Uint8Array.from(splits, (split) => splitNames.indexOf(split))]);
  if (paths) sections.push(["paths", new TextEncoder().encode(JSON.stringify(paths))]);
  return sections;
}

/** Writes all of a data set to a file that must not exist yet. */
export async function writePackedFile(
  file: string,
  fingerprint: string,
  dataset: Dataset,
  signal?: AbortSignal,
): Promise<void> {
  const { name, labels, count, size, problems } = dataset;
  const sections = sectionsOf(dataset);
  const header: Header = {
    fingerprint,
    name,
    labels,
    count,
    size,
    problems,
    sections: sections.map(([section, bytes]) => [section, bytes.length]),
  };
  const headerBytes = new TextEncoder().encode(JSON.stringify(header));
  const start = new Uint8Array(12);
  start.set(new TextEncoder().encode(magic));
  new DataView(start.buffer).setUint32(8, headerBytes.length, true);
  const hash = createHash("sha256");
  const handle = await open(file, "wx", 0o600);
  try {
    for (const bytes of [start, headerBytes, ...sections.map(([, section]) => section)]) {
      for (let at = 0; at < bytes.length; at += chunkLength) {
        signal?.throwIfAborted();
        const chunk = bytes.subarray(at, at + chunkLength);
        hash.update(chunk);
        await handle.writeFile(chunk);
      }
    }
    await handle.writeFile(hash.digest());
  } finally {
    await handle.close();
  }
}

/** Fills an array from a file's position; false when the file ends before. */
async function fill(
  handle: FileHandle,
  bytes: Uint8Array,
  position: number,
  hash?: Hash,
  signal?: AbortSignal,
): Promise<boolean> {
  for (let at = 0; at < bytes.length; ) {
    signal?.throwIfAborted();
    const length = Math.min(chunkLength, bytes.length - at);
    const { bytesRead } = await handle.read(bytes, at, length, position + at);
    if (bytesRead === 0) return false;
    hash?.update(bytes.subarray(at, at + bytesRead));
    at += bytesRead;
  }
  return true;
}

/** Whether the sections have the lengths that the counts ask for. */
function isConsistent({ count, size, labels, sections }: Header): boolean {
  const expected: Readonly<Record<string, number>> = {
    pixels: count * size * size,
    classes: count,
    votes: count * labels.length * 4,
    subjects: count * 4,
    splits: count,
  };
  return (
    sections.some(([name]) => name === "pixels") &&
    sections.some(([name]) => name === "classes") &&
    sections.every(([name, length]) => name === "paths" || expected[name] === length)
  );
}

/** A data set from a header and its sections, which stay where they are. */
function unpack(header: Header, sections: ReadonlyMap<string, Uint8Array>): Dataset {
  const { name, labels, count, size, problems } = header;
  const votes = sections.get("votes");
  const subjects = sections.get("subjects");
  const splits = sections.get("splits");
  const paths = sections.get("paths");
  return {
    name,
    labels,
    count,
    size,
    pixels: sections.get("pixels")!,
    classes: sections.get("classes")!,
    ...(votes && { votes: new Float32Array(votes.buffer) }),
    ...(subjects && { subjects: new Int32Array(subjects.buffer) }),
    ...(splits && { splits: Array.from(splits, (split) => splitNames[split]) }),
    // TextDecoder refuses shared memory, so the text is copied out first.
    ...(paths && { paths: JSON.parse(new TextDecoder().decode(paths.slice())) as string[] }),
    ...(problems && { problems }),
  };
}

/**
 * Reads a data set straight into shared memory. Gives undefined for a file that is absent, damaged, of another
 * form, or of another fingerprint.
 */
export async function readPackedFile(
  file: string,
  fingerprint: string,
  signal?: AbortSignal,
): Promise<Dataset | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, "r");
    const fileLength = (await handle.stat()).size;
    const hash = createHash("sha256");
    const start = new Uint8Array(12);
    if (!(await fill(handle, start, 0, hash))) return undefined;
    if (new TextDecoder().decode(start.subarray(0, 8)) !== magic) return undefined;
    const headerLength = new DataView(start.buffer).getUint32(8, true);
    if (headerLength > Math.min(headerLimit, fileLength)) return undefined;
    const headerBytes = new Uint8Array(headerLength);
    if (!(await fill(handle, headerBytes, 12, hash))) return undefined;
    const header = JSON.parse(new TextDecoder().decode(headerBytes)) as Header;
    if (header.fingerprint !== fingerprint || !isConsistent(header)) return undefined;
    const total = header.sections.reduce((sum, [, length]) => sum + length, 12 + headerLength);
    // Checked before any section gets memory, so that a damaged length cannot ask for too much.
    if (total + digestLength !== fileLength) return undefined;
    const sections = new Map<string, Uint8Array>();
    let position = 12 + headerLength;
    for (const [name, length] of header.sections) {
      const bytes = sharedBytes(length);
      if (!(await fill(handle, bytes, position, hash, signal))) return undefined;
      sections.set(name, bytes);
      position += length;
    }
    const digest = Buffer.alloc(digestLength);
    if (!(await fill(handle, digest, position))) return undefined;
    return digest.equals(hash.digest()) ? unpack(header, sections) : undefined;
  } catch (error) {
    if (signal?.aborted) throw error;
    return undefined;
  } finally {
    await handle?.close();
  }
}
