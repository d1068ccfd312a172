import { join } from "node:path";
import { DatasetError } from "@microexpnet/training";
import { describe, expect, it } from "vitest";
import { put, putPicture, temporaryFolder } from "../../test/pictures.js";
import { csv } from "./csv.js";

const root = temporaryFolder();
const context = { cacheDirectory: false } as const;
const table = (name: string, text: string) => put(join(root, name), text);

describe("csv", () => {
  it("reads labels, subjects and splits, with paths relative to the file", async () => {
    await putPicture(join(root, "faces/a.png"), 1);
    await putPicture(join(root, "faces/b, c.png"), 2);
    await putPicture(join(root, "d.png"), 3);
    await put(join(root, "broken.png"), "x");
    const path = await table(
      "full.csv",
      '\uFEFFLabel, subject ,path,split\r\nsad,Ann,faces/a.png,train\r\n\r\nhappy,Bob,"faces/b, c.png",Valid\r\nsad,,d.png,test\r\nsad,Ann,broken.png,test\r\nsad,Ann,absent.png,test\r\n',
    );
    const dataset = await csv.load(path, context);
    expect(dataset).toMatchObject({ name: "csv:full.csv", labels: ["happy", "sad"], count: 3, size: 48 });
    expect([...dataset.classes]).toEqual([1, 0, 1]);
    expect([...dataset.subjects!]).toEqual([0, 1, -1]);
    expect(dataset.splits).toEqual(["train", "valid", "test"]);
    expect([0, 1, 2].map((image) => dataset.pixels[image * 48 * 48])).toEqual([1, 2, 3]);
    expect(dataset.problems).toEqual([
      "broken.png is not an image of a known format.",
      "absent.png cannot be read, because it does not exist.",
    ]);
  });

  it("leaves out paths that lead nowhere, whatever the reason", async () => {
    const long = `${"x".repeat(400)}.png`;
    const path = await table("odd.csv", `path,label\nd.png,sad\nd.png/e.png,sad\n${long},sad\nfaces,sad\n`);
    const { count, problems } = await csv.load(path, context);
    expect(count).toBe(1);
    expect(problems).toEqual([
      expect.stringMatching(/^d\.png\/e\.png cannot be read, because \w+\.$/),
      expect.stringMatching(/^x+\.png cannot be read, because \w+\.$/),
      "faces is not a regular file.",
    ]);
  });

  it("needs no subjects or splits", async () => {
    const dataset = await csv.load(await table("short.csv", "path,label\nd.png,sad\n"), context);
    expect(dataset).not.toHaveProperty("subjects");
    expect(dataset).not.toHaveProperty("splits");
  });

  it.each([
    ["path,label\nd.png,sad\nd.png\n", "line 3: expected 2 fields as in the header, found 1."],
    ["path,label\nd.png,\n", "line 2: the label is empty."],
    ["path,label\n,sad\n", "line 2: the path is empty."],
    ["path,label,split\n\nd.png,sad,later\n", 'line 3: the split "later" is none of train, valid and test.'],
    [
      "path,label,split\nd.png,sad,train\nd.png,sad,\n",
      "line 3: either every row or none must have a split.",
    ],
    ['path,label\nd.png,"sad\n', "is not CSV"],
    [
      "file,emotion\nd.png,sad\n",
      'line 1: expected the header path,label[,subject][,split], found "file,emotion".',
    ],
    ["path,label,path\n", "line 1: the header names path twice."],
    ["path,label\n", "holds a header and no rows."],
    ["", "is empty."],
    ["path,label\nabsent.png,sad\n", "none of the 1 images it names can be read"],
  ])("refuses %j", async (text, sentence) => {
    const path = await table("bad.csv", text);
    await expect(csv.load(path, context)).rejects.toThrow(DatasetError);
    await expect(csv.load(path, context)).rejects.toThrow(sentence);
  });

  it("refuses a folder and a path that does not exist", async () => {
    await expect(csv.load(join(root, "faces"), context)).rejects.toThrow(
      "is a folder, and a file is expected",
    );
    await expect(csv.load(join(root, "absent.csv"), context)).rejects.toThrow("it does not exist");
  });
});
