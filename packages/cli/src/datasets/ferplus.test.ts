import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatasetError } from "@microexpnet/training";
import { describe, expect, it } from "vitest";
import { put, putPicture, temporaryFolder } from "../../test/pictures.js";
import { ferplus, listFerplus } from "./ferplus.js";

const root = temporaryFolder();
const context = { cacheDirectory: false } as const;
const box = '"(0, 0, 48, 48)"';

describe("ferplus", () => {
  it("reads the parts that are there, by the column with the most votes", async () => {
    const path = join(root, "good");
    const votes = [
      "4,0,0,1,3,2,0,0,0,0", // neutral
      "0,3,3,0,0,0,0,0,4,0", // unknown: left out
      "0,0,0,0,0,0,0,0,1,9", // not a face: left out
      "0,3,0,0,0,0,0,0,3,0", // happiness, first of a tie with unknown
      "0,0,0,0,0,2,2,2,2,2", // disgust, first of a tie
      "0,0,0,0,0,0,0,5,0,5", // contempt, first of a tie with NF
      "0,0,0,0,0,0,0,0,0,0", // no votes at all: left out
    ];
    const rows = votes.map((row, i) => `fer${i}.png,${box},${row}`);
    await put(
      join(path, "FER2013Train/label.csv"),
      `${rows.join("\n")}\nlost.png,${box},9,0,0,0,0,0,0,0,0,0\n`,
    );
    for (let i = 0; i < votes.length; i++) await putPicture(join(path, `FER2013Train/fer${i}.png`), i * 10);
    const header = "Image name,box,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF";
    await put(join(path, "FER2013Test/label.csv"), `${header}\nt.png,${box},0,0,0,0,0,0,9,1,0,0\n`);
    await putPicture(join(path, "FER2013Test/t.png"), 200);
    const dataset = await ferplus.load(path, context);
    expect(dataset).toMatchObject({ name: "ferplus:good", count: 5, size: 48 });
    expect([...dataset.classes].map((index) => dataset.labels[index])).toEqual([
      "neutral",
      "happiness",
      "disgust",
      "contempt",
      "fear",
    ]);
    expect(dataset.splits).toEqual(["train", "train", "train", "train", "test"]);
    expect([0, 1, 2, 3, 4].map((image) => dataset.pixels[image * 2304])).toEqual([0, 30, 40, 50, 200]);
    const votesOf = (image: number) => [...dataset.votes!.subarray(image * 8, image * 8 + 8)];
    expect(votesOf(0)).toEqual([0.4, 0, 0, 0.1, 0.3, 0.2, 0, 0].map(Math.fround));
    expect(votesOf(1)).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
    expect(votesOf(2)).toEqual([0, 0, 0, 0, 0, 1 / 3, 1 / 3, 1 / 3].map(Math.fround));
    expect(dataset.problems).toEqual([
      "3 images of FER2013Train were left out, because unknown or NF won the vote or nobody voted.",
      "FER2013Train/lost.png cannot be read, because it does not exist.",
    ]);
  });

  it.each([
    ["a.png,box,1,2", "line 1: expected a file name, a box and 10 vote counts, found 4 fields."],
    [
      `b.png,${box},1,0,0,0,0,0,0,0,0,0\na.png,${box},1,-1,0,0,0,0,0,0,0,0`,
      'line 2: the votes for happiness are "-1", not a count.',
    ],
    [`,${box},1,0,0,0,0,0,0,0,0,0`, "line 1: the file name is empty."],
    ["file,box,anger,neutral,a,b,c,d,e,f,g,h", "line 1: expected the vote columns neutral,happiness"],
  ])("refuses the label file %j", async (text, sentence) => {
    const path = join(root, "bad");
    await put(join(path, "FER2013Valid/label.csv"), text);
    await expect(ferplus.load(path, context)).rejects.toThrow(DatasetError);
    await expect(ferplus.load(path, context)).rejects.toThrow(sentence);
  });

  it("refuses other layouts, and says what it found", async () => {
    await put(join(root, "other/readme.txt"), "x");
    await expect(ferplus.load(join(root, "other"), context)).rejects.toThrow(
      /any of the folders FER2013Train, .*; found readme\.txt\.$/,
    );
    await putPicture(join(root, "unlabelled/FER2013Train/a.png"), 1);
    await expect(ferplus.load(join(root, "unlabelled"), context)).rejects.toThrow(
      "the file label.csv; found a.png.",
    );
  });
});

// Decoding all of them would take half a minute, so only the label files are read here.
const shared = fileURLToPath(new URL("../../../../../shared/data/ferplus", import.meta.url));
describe.skipIf(!existsSync(shared))(
  "ferplus on the faces in ../shared (skipped where they are absent)",
  () => {
    it("keeps 28,385 training and 3,555 validation images of 8 classes", async () => {
      const { labels, images } = await listFerplus(shared, context);
      expect(labels).toHaveLength(8);
      expect(images.filter(({ split }) => split === "train")).toHaveLength(28_385);
      expect(images.filter(({ split }) => split === "valid")).toHaveLength(3_555);
      expect(images.every(({ file }) => existsSync(file))).toBe(true);
    });
  },
);
