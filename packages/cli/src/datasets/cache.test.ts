import { mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "@microexpnet/training";
import { beforeAll, describe, expect, it } from "vitest";
import { put, putPicture, temporaryFolder } from "../../test/pictures.js";
import { cachedDataset, cacheFile, defaultCacheDirectory } from "./cache.js";
import { csv } from "./csv.js";
import { ferplus } from "./ferplus.js";

const root = temporaryFolder();
const cacheDirectory = join(root, "cache");
const path = join(root, "data/labels.csv");

/** Loads, and tells how many images were decoded. */
async function load(options: { size?: number; cacheDirectory?: string } = {}) {
  let decoded = 0;
  const onProgress = (done: number) => {
    decoded = done;
  };
  const dataset = await csv.load(path, { cacheDirectory, onProgress, ...options });
  return { dataset, decoded };
}

const packs = async () => (await readdir(cacheDirectory)).filter((name) => name.endsWith(".pack"));

beforeAll(async () => {
  for (let i = 0; i < 5; i++) await putPicture(join(root, `data/${i}.png`), i * 20);
  await put(join(root, "data/bad.png"), "x");
  const rows = [0, 1, 2, 3, 4].map((i) => `${i}.png,${i % 2 ? "sad" : "happy"},s${i % 3},train`);
  await put(path, `path,label,subject,split\n${rows.join("\n")}\nbad.png,sad,s1,train\n`);
});

describe("the packed cache", () => {
  it("gives the same data set on the second start, in shared memory, without decoding", async () => {
    const first = await load();
    const second = await load();
    expect([first.decoded, second.decoded]).toEqual([6, 0]);
    expect(second.dataset).toEqual(first.dataset);
    expect(second.dataset.problems).toEqual(["bad.png is not an image of a known format."]);
    expect(second.dataset.pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(second.dataset.subjects!.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(await packs()).toHaveLength(1);
  });

  it("keeps votes and splits", async () => {
    const faces = join(root, "ferplus");
    const row = 'a.png,"(0, 0, 48, 48)",3,1,0,0,0,0,0,0,0,0\n';
    await put(join(faces, "FER2013Train/label.csv"), row);
    await put(join(faces, "FER2013Test/label.csv"), row);
    for (const part of ["Train", "Test"]) await putPicture(join(faces, `FER2013${part}/a.png`), 7);
    const first = await ferplus.load(faces, { cacheDirectory });
    const second = await ferplus.load(faces, {
      cacheDirectory,
      onProgress: () => expect.unreachable("images were decoded"),
    });
    expect(second).toEqual(first);
    expect(second.votes![0]).toBe(0.75);
    expect(second.votes!.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("is one for each size", async () => {
    expect((await load({ size: 32 })).decoded).toBe(6);
    expect((await load({ size: 32 })).dataset.size).toBe(32);
    expect((await load()).dataset.size).toBe(48);
  });

  it("is built anew when an image or the label file changes, and replaces the old one", async () => {
    const before = (await packs()).length;
    await load();
    await putPicture(join(root, "data/0.png"), 199, 48);
    await utimes(join(root, "data/0.png"), 1, 1);
    const image = await load();
    expect(image.decoded).toBe(6);
    expect(image.dataset.pixels[0]).toBe(199);
    await writeFile(path, (await readFile(path, "utf8")).replace("0.png,happy", "0.png,sad"));
    const label = await load();
    expect([label.decoded, label.dataset.classes[0]]).toEqual([6, 1]);
    await rm(join(root, "data/4.png"));
    expect((await load()).dataset.count).toBe(4);
    expect((await load()).decoded).toBe(0);
    expect(await packs()).toHaveLength(before);
  });

  it("is built anew when damaged, cut or foreign", async () => {
    const { dataset } = await load();
    const file = cacheFile(cacheDirectory, { kind: "csv", path, fingerprint: "" }, undefined);
    const whole = await readFile(file);
    const flipped = (at: number) => {
      const bytes = Buffer.from(whole);
      bytes[at] ^= 1;
      return bytes;
    };
    const hugeHeader = Buffer.from(whole);
    hugeHeader.writeUInt32LE(0xffffffff, 8);
    const damages: [string, Uint8Array][] = [
      ["empty", Buffer.alloc(0)],
      ["foreign", Buffer.from("a text of someone else, which is no cache at all")],
      ["magic", flipped(0)],
      ["header's length", hugeHeader],
      ["header", flipped(30)],
      ["a pixel", flipped(whole.length - 6000)],
      ["checksum", flipped(whole.length - 1)],
      ["longer", Buffer.concat([whole, Buffer.alloc(1)])],
    ];
    for (const [what, bytes] of damages) {
      await writeFile(file, bytes);
      const again = await load();
      expect(again.decoded, what).toBeGreaterThan(0);
      expect(again.dataset, what).toEqual(dataset);
    }
    for (const length of [1, 11, 13, 200, whole.length - 40, whole.length - 1]) {
      await truncate(file, length);
      expect((await load()).decoded, `cut to ${length}`).toBeGreaterThan(0);
    }
    expect((await load()).decoded).toBe(0);
  });

  it("is not disturbed by what a killed process left, which is removed after a day", async () => {
    const fresh = await put(join(cacheDirectory, "csv-x-own.pack.1.partial"), "half a cache");
    const old = await put(join(cacheDirectory, "csv-x-own.pack.2.partial"), "half a cache");
    const yesterday = Date.now() / 1000 - 25 * 3600;
    await utimes(old, yesterday, yesterday);
    await load({ size: 24 });
    expect((await load({ size: 24 })).decoded).toBe(0);
    expect((await stat(fresh)).size).toBe(12);
    await expect(stat(old)).rejects.toThrow("ENOENT");
  });

  it("that cannot be written leads to a note and no failure", async () => {
    const blocked = await put(join(root, "a file"), "x");
    const { dataset } = await load({ cacheDirectory: join(blocked, "cache") });
    expect(dataset.count).toBe(4);
    expect(dataset.problems?.at(-1)).toMatch(
      /^The packed cache could not be written to .+ the images again\.$/,
    );
  });

  it("leaves no partial file behind when the writing fails or is stopped", async () => {
    const directory = join(root, "full");
    const key = { kind: "csv", path: "x", fingerprint: "f" };
    const { dataset } = await load();
    // A folder in the place of the file: the rename fails after all is written.
    await mkdir(join(cacheFile(directory, key, undefined), "x"), { recursive: true });
    const unwritten: Dataset = await cachedDataset(key, { cacheDirectory: directory }, async () => dataset);
    expect(unwritten.problems?.length).toBe((dataset.problems?.length ?? 0) + 1);
    const controller = new AbortController();
    const stopped = cachedDataset(
      { ...key, path: "y" },
      { cacheDirectory: directory, signal: controller.signal },
      async () => {
        controller.abort(new Error("stopped by the user"));
        return dataset;
      },
    );
    await expect(stopped).rejects.toThrow("stopped by the user");
    expect((await readdir(directory)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("lies in XDG_CACHE_HOME where that is a whole path", () => {
    const saved = process.env["XDG_CACHE_HOME"];
    try {
      process.env["XDG_CACHE_HOME"] = root;
      expect(defaultCacheDirectory()).toBe(join(root, "microexpnet"));
      process.env["XDG_CACHE_HOME"] = "relative";
      expect(defaultCacheDirectory()).toMatch(/\.cache.microexpnet$/);
    } finally {
      if (saved === undefined) delete process.env["XDG_CACHE_HOME"];
      else process.env["XDG_CACHE_HOME"] = saved;
    }
  });
});
