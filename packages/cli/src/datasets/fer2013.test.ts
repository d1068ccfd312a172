import { join } from "node:path";
import { DatasetError } from "@microexpnet/training";
import { describe, expect, it } from "vitest";
import { put, temporaryFolder } from "../../test/pictures.js";
import { fer2013 } from "./fer2013.js";

const root = temporaryFolder();
const context = { cacheDirectory: false } as const;
const pixels = (value: number) => Array.from({ length: 2304 }, (_, i) => (value + i) % 256).join(" ");
const table = (name: string, ...lines: string[]) => put(join(root, name, "fer2013.csv"), lines.join("\n"));

describe("fer2013", () => {
  it("reads the challenge's file, by its own path or its folder's", async () => {
    const path = await table(
      "good",
      "emotion,pixels,Usage",
      `0,${pixels(0)},Training`,
      `3,${pixels(9)},PublicTest`,
      `6,${pixels(200)},PrivateTest`,
    );
    const seen: number[] = [];
    const dataset = await fer2013.load(path, { ...context, onProgress: (read) => seen.push(read) });
    expect(dataset).toMatchObject({ name: "fer2013:fer2013.csv", count: 3, size: 48 });
    expect([...dataset.classes].map((index) => dataset.labels[index])).toEqual([
      "anger",
      "happiness",
      "neutral",
    ]);
    expect(dataset.splits).toEqual(["train", "valid", "test"]);
    expect([...dataset.pixels.subarray(2304, 2308)]).toEqual([9, 10, 11, 12]);
    expect(dataset.pixels[2 * 2304 + 100]).toBe(44);
    expect(seen.length).toBeGreaterThan(0);
    expect(await fer2013.load(join(root, "good"), context)).toEqual(dataset);
  });

  it("takes columns by their names, and files without Usage", async () => {
    const path = await table("kaggle", "emotion, Usage, pixels", `1,Training,${pixels(3)}`);
    expect((await fer2013.load(path, context)).pixels[1]).toBe(4);
    const short = await table("short", "emotion,pixels", `1,${pixels(3)}`);
    expect(await fer2013.load(short, context)).not.toHaveProperty("splits");
  });

  it("resizes on request", async () => {
    const path = await table("flat", "emotion,pixels", `1,${Array(2304).fill(77).join(" ")}`);
    const dataset = await fer2013.load(path, { ...context, size: 64 });
    expect(dataset.size).toBe(64);
    expect(new Set(dataset.pixels)).toEqual(new Set([77]));
    expect(dataset.pixels.length).toBe(64 * 64);
  });

  it.each([
    ["a,b,c", "line 1: expected the header emotion,pixels,Usage"],
    [`emotion,pixels\n1,${pixels(0)}\n7,${pixels(0)}`, 'line 3: the emotion is "7", not 0 to 6.'],
    ["emotion,pixels\n1,1 2 3", "line 2: the pixels are not 48x48 values of 0 to 255."],
    [`emotion,pixels\n1,${pixels(0).replace("17", "x")}`, "line 2: the pixels are not"],
    [`emotion,pixels\n1,${pixels(0).replace("17", "256")}`, "line 2: the pixels are not"],
    [`emotion,pixels,Usage\n1,${pixels(0)},Later`, 'line 2: the usage "Later" is none of'],
    [`emotion,pixels,Usage\n1,${pixels(0)}`, "line 2: expected 3 fields as in the header, found 2."],
    ["emotion,pixels", "holds no images."],
    ["", "holds no images."],
  ])("refuses a bad file (%#)", async (text, sentence) => {
    const path = await table("bad", text);
    await expect(fer2013.load(path, context)).rejects.toThrow(DatasetError);
    await expect(fer2013.load(path, context)).rejects.toThrow(sentence);
  });
});
