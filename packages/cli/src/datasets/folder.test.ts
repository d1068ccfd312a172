import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { DatasetError } from "@microexpnet/training";
import { describe, expect, it } from "vitest";
import { put, putPicture, temporaryFolder } from "../../test/pictures.js";
import { folder } from "./folder.js";

const root = temporaryFolder();
const context = { cacheDirectory: false } as const;
const meanOf = (pixels: Uint8Array, image: number, area: number) =>
  pixels.subarray(image * area, (image + 1) * area).reduce((sum, value) => sum + value, 0) / area;

describe("folder", () => {
  it("takes a folder a class, nested images and no junk", async () => {
    const path = join(root, "plain");
    await putPicture(join(path, "happy/b.png"), 20);
    await putPicture(join(path, "happy/person 1/a.jpg"), 30);
    await putPicture(join(path, "angry/c.png"), 10);
    await put(join(path, "angry/empty.png"), "");
    await put(join(path, "angry/text.png"), "hello");
    await put(join(path, "angry/notes.txt"), "hello");
    await put(join(path, "angry/.hidden.png"), "hello");
    await put(join(path, ".git/x.png"), "hello");
    await putPicture(join(path, "stray.png"), 99);
    await symlink(path, join(path, "happy", "loop"));
    const dataset = await folder.load(path, context);
    expect(dataset).toMatchObject({ name: "folder:plain", labels: ["angry", "happy"], count: 3, size: 48 });
    expect(dataset.paths).toEqual(["angry/c.png", "happy/b.png", "happy/person 1/a.jpg"]);
    expect([...dataset.classes]).toEqual([0, 1, 1]);
    expect([0, 1, 2].map((image) => Math.round(meanOf(dataset.pixels, image, 48 * 48)))).toEqual([
      10, 20, 30,
    ]);
    expect(dataset.pixels.length).toBe(3 * 48 * 48);
    expect(dataset).not.toHaveProperty("subjects");
    expect(dataset).not.toHaveProperty("splits");
    expect(dataset.problems).toEqual([
      "1 file was passed over: in no class folder (stray.png).",
      "1 file was passed over: not named as an image (angry/notes.txt).",
      "angry/empty.png is empty.",
      "angry/text.png is not an image of a known format.",
    ]);
  });

  it("keeps a common small size, and brings all else to 96 or the size asked for", async () => {
    const path = join(root, "sizes");
    await put(join(path, "a/0.png"), "damaged, and so of no size");
    await putPicture(join(path, "a/1.png"), 10, 20);
    await putPicture(join(path, "a/2.png"), 10, 20);
    expect((await folder.load(path, context)).size).toBe(20);
    expect((await folder.load(path, { ...context, size: 32 })).size).toBe(32);
    await putPicture(join(path, "b/3.png"), 200, 20, 21);
    const mixed = await folder.load(path, context);
    expect(mixed.size).toBe(96);
    expect(meanOf(mixed.pixels, 2, 96 * 96)).toBe(200);
    const large = join(root, "large");
    await putPicture(join(large, "a/1.png"), 10, 97);
    expect((await folder.load(large, context)).size).toBe(96);
  });

  it("takes splits from the folders above the classes", async () => {
    const path = join(root, "splits");
    await putPicture(join(path, "Training/happy/a.png"), 1);
    await putPicture(join(path, "validation/sad/a.png"), 2);
    await putPicture(join(path, "test/happy/a.png"), 3);
    const dataset = await folder.load(path, context);
    expect(dataset.labels).toEqual(["happy", "sad"]);
    expect(dataset.splits).toEqual(["train", "test", "valid"]);
    expect([...dataset.classes]).toEqual([0, 0, 1]);
  });

  it("names a class none of whose images can be read", async () => {
    const path = join(root, "lost");
    await putPicture(join(path, "a/1.png"), 10);
    await put(join(path, "b/2.png"), "");
    const { problems } = await folder.load(path, context);
    expect(problems).toEqual(["b/2.png is empty.", "No image of the class b could be read."]);
  });

  it("refuses what is no such folder with one sentence", async () => {
    const flat = join(root, "flat");
    await putPicture(join(flat, "a.png"), 1);
    const unreadable = join(root, "unreadable");
    await put(join(unreadable, "a/1.png"), "");
    await put(join(unreadable, "a/2.png"), "x");
    const file = await put(join(root, "file.txt"), "x");
    const cases: [string, string][] = [
      [join(root, "absent"), "cannot be opened, because it does not exist."],
      [file, "is a file, and a folder is expected (one folder a class with images in it)."],
      [flat, "one folder a class with images in it; found a.png."],
      [
        unreadable,
        "folder:unreadable: none of the 2 images it names can be read, for example: a/1.png is empty.",
      ],
    ];
    for (const [path, sentence] of cases) {
      await expect(folder.load(path, context)).rejects.toThrow(DatasetError);
      await expect(folder.load(path, context)).rejects.toThrow(sentence);
    }
  });

  it("reports progress up to all images and stops on an abort", async () => {
    const path = join(root, "many");
    for (let i = 0; i < 70; i++) await putPicture(join(path, `a/${i}.png`), i, 8);
    const steps: [number, number][] = [];
    await folder.load(path, { ...context, onProgress: (done, total) => steps.push([done, total]) });
    expect(steps).toEqual([
      [32, 70],
      [64, 70],
      [70, 70],
    ]);
    const controller = new AbortController();
    const load = folder.load(path, {
      ...context,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("stopped by the user")),
    });
    await expect(load).rejects.toThrow("stopped by the user");
  });
});
