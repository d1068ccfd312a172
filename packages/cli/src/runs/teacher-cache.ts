import { open, readFile, rename } from "node:fs/promises";
import {
  hashSeed,
  sharedBytes,
  sharedFloats,
  type TeacherCache,
  type WeightedNetwork,
} from "@microexpnet/training";

/** What the logits in a cache depend on; a file of other content is not used. */
export interface CacheKey {
  readonly teachers: readonly WeightedNetwork[];
  readonly classes: number;
  /** Images, seeded views of each, and a text that describes pixels, augmentation and view seed. */
  readonly count: number;
  readonly views: number;
  readonly description: string;
}

const headerLength = 64;

/** A text that differs between teachers whose networks or weights differ. */
export function fingerprint({ network, weights }: WeightedNetwork): string {
  const hashes = [...weights].map(([name, values]) => {
    const words = new Uint32Array(values.slice().buffer);
    return `${name} ${words.reduce((hash, word) => (Math.imul(hash, 16777619) ^ word) >>> 0, 1)}`;
  });
  return JSON.stringify([network, hashes]);
}

function headerOf(key: CacheKey): Uint8Array {
  const teachers = key.teachers.map(fingerprint);
  const text = JSON.stringify([teachers, key.classes, key.count, key.views, key.description]);
  const header = new Uint8Array(headerLength);
  header.set(
    new TextEncoder().encode(`microexpnet teacher logits 1 ${hashSeed(text)} ${hashSeed("b", text)}\n`),
  );
  return header;
}

/**
 * Teacher logits per image and seeded view, read from a file where an earlier run with the same teachers,
 * images and views left them, and written back as training goes.
 */
export class TeacherCacheFile {
  private constructor(
    readonly path: string,
    readonly cache: TeacherCache,
    private readonly header: Uint8Array,
  ) {}

  static async open(path: string, key: CacheKey): Promise<TeacherCacheFile> {
    const entries = key.views * key.count;
    const cache: TeacherCache = {
      filled: sharedBytes(entries),
      logits: sharedFloats(entries * key.teachers.length * key.classes),
    };
    const header = headerOf(key);
    const bytes = await readFile(path).catch(() => undefined);
    const expected = headerLength + cache.filled.byteLength + cache.logits.byteLength;
    if (bytes?.length === expected && header.every((value, i) => bytes[i] === value)) {
      cache.filled.set(bytes.subarray(headerLength, headerLength + entries));
      new Uint8Array(cache.logits.buffer).set(bytes.subarray(headerLength + entries));
    }
    return new TeacherCacheFile(path, cache, header);
  }

  /** Share of the logits that are known. */
  get filledShare(): number {
    return this.cache.filled.reduce((sum, flag) => sum + flag, 0) / this.cache.filled.length;
  }

  /** Called between two steps, when no worker writes. */
  async save(): Promise<void> {
    const file = await open(`${this.path}.partial`, "w");
    try {
      for (const part of [this.header, this.cache.filled, new Uint8Array(this.cache.logits.buffer)]) {
        await file.writeFile(part);
      }
    } finally {
      await file.close();
    }
    await rename(`${this.path}.partial`, this.path);
  }
}
