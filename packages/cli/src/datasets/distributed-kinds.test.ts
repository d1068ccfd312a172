import { join } from "node:path";
import type { Dataset } from "@microexpnet/training";
import { describe, expect, it } from "vitest";
import { put, putPicture, temporaryFolder } from "../../test/pictures.js";
import { affectnet } from "./affectnet.js";
import { ckplus } from "./ckplus.js";
import type { DatasetKind } from "./dataset-kind.js";
import { jaffe } from "./jaffe.js";
import { kdef } from "./kdef.js";
import { ouluCasia } from "./oulu-casia.js";
import { rafDb } from "./raf-db.js";

const root = temporaryFolder();
const context = { cacheDirectory: false } as const;
const labelsOf = ({ labels, classes }: Dataset) => [...classes].map((index) => labels[index]);

/** Bytes of a NumPy file that holds one text, as AffectNet's annotations do. */
function npyText(text: string): Buffer {
  const header = `{'descr': '<U${text.length}', 'fortran_order': False, 'shape': (), }`.padEnd(117) + "\n";
  const start = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0]);
  return Buffer.concat([start, Buffer.from(header), Buffer.from(text.split("").join("\0\0\0") + "\0\0\0")]);
}

describe("ckplus", () => {
  it("takes the last three frames and the first, of labelled sequences", async () => {
    const path = join(root, "ckplus");
    const frames = join(path, "cohn-kanade-images");
    for (let i = 1; i <= 12; i++) {
      await putPicture(join(frames, `S005/001/S005_001_${String(i).padStart(8, "0")}.png`), i, 64, 49);
    }
    await putPicture(join(frames, "S010/002/S010_002_00000001.png"), 99, 64, 49);
    await putPicture(join(frames, "S011/001/S011_001_00000001.png"), 50, 64, 49);
    await putPicture(join(frames, "S011/001/S011_001_00000002.png"), 51, 64, 49);
    await put(join(path, "Emotion/S005/001/S005_001_00000012_emotion.txt"), "   3.0000000e+00\n");
    await put(join(path, "Emotion/S011/001/S011_001_00000002_emotion.txt"), "   5.0000000e+00\n");
    await put(join(path, "Emotion/S012/001/S012_001_00000002_emotion.txt"), "   5.0000000e+00\n");
    await put(join(path, "Emotion/S010/002/.DS_Store"), "x");
    const dataset = await ckplus.load(path, context);
    expect(labelsOf(dataset)).toEqual(["neutral", "disgust", "disgust", "disgust", "neutral", "happy"]);
    expect([...dataset.subjects!]).toEqual([0, 0, 0, 0, 1, 1]);
    const area = dataset.size ** 2;
    expect([0, 1, 2, 3, 4, 5].map((image) => dataset.pixels[image * area])).toEqual([1, 10, 11, 12, 50, 51]);
    expect(dataset.problems).toEqual(["The labelled sequence S012/001 has no frames."]);
    await put(join(path, "Emotion/S010/002/S010_002_00000001_emotion.txt"), "joy");
    await expect(ckplus.load(path, context)).rejects.toThrow('holds "joy", not a code of 0 to 7.');
  });
});

describe("oulu-casia", () => {
  it("takes the last three frames of each sequence under all lights", async () => {
    const path = join(root, "oulu");
    for (const light of ["NI/Strong", "VL/Weak"]) {
      for (let i = 0; i < 5; i++) await putPicture(join(path, light, `P001/Anger/00${i}.jpeg`), i * 20);
    }
    // Numbers without leading zeros come in order of number, not of name.
    for (const i of [8, 9, 10, 11]) await putPicture(join(path, `VL/Weak/P012/Happiness/${i}.jpeg`), i * 10);
    await put(join(path, "VL/Weak/P012/Happiness/Thumbs.db"), "x");
    await put(join(path, "list.txt"), "x");
    const dataset = await ouluCasia.load(path, context);
    expect(labelsOf(dataset)).toEqual([...Array(6).fill("anger"), ...Array(3).fill("happiness")]);
    expect([...dataset.subjects!]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1]);
    expect(dataset.paths?.slice(6).map((name) => name.split("/").pop())).toEqual([
      "9.jpeg",
      "10.jpeg",
      "11.jpeg",
    ]);
    expect(dataset.problems).toHaveLength(1);
  });
});

describe("jaffe", () => {
  it("reads class and subject from the names", async () => {
    const path = join(root, "jaffe");
    await putPicture(join(path, "KA.AN1.39.tiff"), 1, 32);
    await putPicture(join(path, "KA.NE3.28.tiff"), 2, 32);
    await putPicture(join(path, "YM.SU2.60.tiff"), 3, 32);
    await put(join(path, "README_FIRST.txt"), "x");
    const dataset = await jaffe.load(path, context);
    expect(labelsOf(dataset)).toEqual(["anger", "neutral", "surprise"]);
    expect([...dataset.subjects!]).toEqual([0, 0, 1]);
    expect(dataset.problems).toEqual([
      "1 file was passed over: not among the images named as KA.AN1.39.tiff (README_FIRST.txt).",
    ]);
  });
});

describe("kdef", () => {
  it("reads class and subject from the names, one subject over both sessions", async () => {
    const path = join(root, "kdef");
    await putPicture(join(path, "AF01/AF01ANS.JPG"), 1, 40, 60);
    await putPicture(join(path, "BF01/BF01AFHL.JPG"), 2, 40, 60);
    await putPicture(join(path, "AM01/AM01SUFR.JPG"), 3, 40, 60);
    const dataset = await kdef.load(path, context);
    expect(dataset.size).toBe(96);
    expect(labelsOf(dataset)).toEqual(["angry", "surprised", "afraid"]);
    expect([...dataset.subjects!]).toEqual([0, 1, 0]);
    expect(dataset.problems).toEqual([]);
  });
});

describe("raf-db", () => {
  it("reads the label file and the aligned images", async () => {
    const path = join(root, "raf");
    const label = join(path, "basic/EmoLabel/list_patition_label.txt");
    await put(label, "train_00001.jpg 5\ntrain_00002.jpg 1\r\ntest_0001.jpg 7\n");
    for (const [index, name] of ["train_00001", "train_00002", "test_0001"].entries()) {
      await putPicture(join(path, `basic/Image/aligned/${name}_aligned.jpg`), index * 50, 100);
    }
    const dataset = await rafDb.load(path, context);
    expect(labelsOf(dataset)).toEqual(["sadness", "surprise", "neutral"]);
    expect(dataset.splits).toEqual(["train", "train", "test"]);
    expect(await rafDb.load(join(path, "basic"), context)).toMatchObject({ count: 3, problems: [] });
    await put(label, "train_00001.jpg 5\ntrain_00002.jpg 8\n");
    await expect(rafDb.load(path, context)).rejects.toThrow(
      'list_patition_label.txt, line 2: expected train_00001.jpg 5, found "train_00002.jpg 8".',
    );
  });
});

describe("affectnet", () => {
  it("reads annotations beside the images", async () => {
    const path = join(root, "affectnet");
    const codes = { "train_set/2": "7", "train_set/10": "1", "train_set/11": "8", "val_set/0": "0" };
    for (const [name, code] of Object.entries(codes)) {
      const [set, number] = name.split("/");
      await putPicture(join(path, set, `images/${number}.jpg`), 10, 64);
      await put(join(path, set, `annotations/${number}_exp.npy`), npyText(code));
      await put(join(path, set, `annotations/${number}_val.npy`), npyText("0.5"));
    }
    await putPicture(join(path, "val_set/images/5.jpg"), 10, 64);
    await putPicture(join(path, "val_set/images/6.jpg"), 10, 64);
    await put(join(path, "val_set/annotations/6_exp.npy"), "junk");
    const dataset = await affectnet.load(path, context);
    expect(labelsOf(dataset)).toEqual(["contempt", "happy", "neutral"]);
    expect(dataset.splits).toEqual(["train", "train", "valid"]);
    expect(dataset.problems).toEqual([
      "1 image of train_set was left out, labelled none, uncertain or not a face.",
      "val_set/images/5.jpg has no readable annotation.",
      "val_set/images/6.jpg has no readable annotation.",
    ]);
  });

  it("reads the lists", async () => {
    const path = join(root, "affectnet-lists");
    const header = "subDirectory_filePath,face_x,expression,valence";
    await putPicture(join(path, "Manually_Annotated_Images/1/a.jpg"), 10, 64);
    await putPicture(join(path, "Manually_Annotated_Images/2/b.jpg"), 10, 64);
    const training = `${header}\n1/a.jpg,3,6,0.1\n1/x.jpg,3,10,0.1\n`;
    await put(join(path, "Manually_Annotated_file_lists/training.csv"), training);
    await put(join(path, "Manually_Annotated_file_lists/validation.csv"), `${header}\n2/b.jpg,3,2,0.1\n`);
    const dataset = await affectnet.load(path, context);
    expect(labelsOf(dataset)).toEqual(["anger", "sad"]);
    expect(dataset.splits).toEqual(["train", "valid"]);
    expect(dataset.problems).toHaveLength(1);
    await put(join(path, "Manually_Annotated_file_lists/training.csv"), `${header}\n1/a.jpg,3,11,0.1\n`);
    await expect(affectnet.load(path, context)).rejects.toThrow("training.csv, line 2: expected a path");
  });
});

it.each([ckplus, ouluCasia, jaffe, kdef, rafDb, affectnet] satisfies DatasetKind[])(
  "$name says what it expected and found",
  async ({ name, load }) => {
    const path = join(root, "foreign");
    await put(join(path, "notes/readme.txt"), "x");
    const sentence = new RegExp(`^${name}: expected in .+; found notes/\\.$`);
    await expect(load(path, context)).rejects.toThrow(sentence);
    await expect(load(join(path, "notes/readme.txt"), context)).rejects.toThrow("is a file, and a folder");
  },
);
