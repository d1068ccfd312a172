import { describe, expect, it } from "vitest";
import type { Dataset, Split } from "./dataset.js";
import { DatasetError } from "./dataset-error.js";
import { holdOutBySubject, selectImages, splitIndices } from "./select.js";

/** A data set of 2x2 images in which every value tells the index of its image. */
function drawn(count: number, extra: (index: number) => { label?: number; subject?: number; split?: Split }) {
  const each = Array.from({ length: count }, (_, index) => extra(index));
  const dataset: Dataset = {
    name: "drawn",
    labels: ["a", "b"],
    count,
    size: 2,
    pixels: Uint8Array.from({ length: count * 4 }, (_, i) => (i >> 2) * 2),
    classes: Uint8Array.from(each, ({ label }) => label ?? 0),
    votes: Float32Array.from({ length: count * 2 }, (_, i) => (i % 2 === 0 ? 0.25 : 0.75) + (i >> 1)),
    paths: each.map((_, index) => `${index}.png`),
    ...(each[0]?.subject !== undefined && { subjects: Int32Array.from(each, ({ subject }) => subject!) }),
    ...(each[0]?.split && { splits: each.map(({ split }) => split!) }),
  };
  return dataset;
}

describe("selectImages", () => {
  const dataset = drawn(5, (index) => ({ label: index % 2, subject: index * 10, split: "train" }));

  it("takes every field of the images in the order asked for", () => {
    const selected = selectImages(dataset, [4, 1, 1]);
    expect(selected.count).toBe(3);
    expect([...selected.pixels]).toEqual([8, 8, 8, 8, 2, 2, 2, 2, 2, 2, 2, 2]);
    expect([...selected.classes]).toEqual([0, 1, 1]);
    expect([...selected.votes!]).toEqual([4.25, 4.75, 1.25, 1.75, 1.25, 1.75]);
    expect([...selected.subjects!]).toEqual([40, 10, 10]);
    expect(selected.paths).toEqual(["4.png", "1.png", "1.png"]);
    expect(selected.splits).toEqual(["train", "train", "train"]);
  });

  it("copies, and leaves absent what is not known", () => {
    const selected = selectImages(
      drawn(2, () => ({})),
      [0, 1],
    );
    expect(selected).not.toHaveProperty("subjects");
    expect(selected).not.toHaveProperty("splits");
    const copy = selectImages(dataset, [0]);
    copy.pixels[0] = 99;
    expect(dataset.pixels[0]).toBe(0);
    expect(copy.pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("refuses an index outside the data set", () => {
    expect(() => selectImages(dataset, [5])).toThrow(RangeError);
    expect(() => selectImages(dataset, [-1])).toThrow("drawn has 5 images, so none of index -1.");
  });
});

describe("splitIndices", () => {
  const order: Split[] = ["train", "valid", "test"];
  it("gives the images of a split", () => {
    const dataset = drawn(7, (index) => ({ split: order[index % 3] }));
    expect([...splitIndices(dataset, "train")]).toEqual([0, 3, 6]);
    expect([...splitIndices(dataset, "valid")]).toEqual([1, 4]);
    expect([...splitIndices(dataset, "test")]).toEqual([2, 5]);
    expect([...splitIndices(dataset, "all")]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("gives none for a split that a data set does not have", () => {
    const dataset = drawn(3, () => ({}));
    expect(splitIndices(dataset, "valid").length).toBe(0);
    expect(splitIndices(dataset, "all").length).toBe(3);
  });
});

describe("holdOutBySubject", () => {
  const bySubject = drawn(200, (index) => ({ label: index % 2, subject: index % 23 }));

  it("puts no subject on both sides, holds out about the share, and loses no image", () => {
    for (const seed of [1, 2, 3]) {
      const { train, valid, by } = holdOutBySubject(bySubject, 0.2, seed);
      expect(by).toBe("subject");
      const trained = new Set([...train].map((index) => bySubject.subjects![index]));
      expect([...valid].filter((index) => trained.has(bySubject.subjects![index]))).toEqual([]);
      expect([...train, ...valid].sort((a, b) => a - b)).toEqual([...splitIndices(bySubject, "all")]);
      // A subject has 8 or 9 images, so the nearest number is at most half a subject away.
      expect(Math.abs(valid.length - 40)).toBeLessThanOrEqual(5);
    }
  });

  it("depends on the seed alone", () => {
    expect(holdOutBySubject(bySubject, 0.2, 5)).toEqual(holdOutBySubject(bySubject, 0.2, 5));
    expect(holdOutBySubject(bySubject, 0.2, 5).valid).not.toEqual(holdOutBySubject(bySubject, 0.2, 6).valid);
  });

  it("keeps images of unknown subjects in training and says so", () => {
    const dataset = drawn(30, (index) => ({ subject: index < 10 ? -1 : index % 5 }));
    const { train, valid, note } = holdOutBySubject(dataset, 0.4, 1);
    expect([...valid].every((index) => index >= 10)).toBe(true);
    expect([...train]).toEqual(expect.arrayContaining([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    expect(note).toContain("10 images of unknown subjects");
  });

  it("falls back to a share of each class where no subject is known, and says so", () => {
    const dataset = drawn(100, (index) => ({ label: index < 80 ? 0 : 1, subject: -1 }));
    const { train, valid, by, note } = holdOutBySubject(dataset, 0.1, 1);
    expect(by).toBe("class");
    expect(note).toContain("no subjects");
    expect([...valid].filter((index) => index < 80)).toHaveLength(8);
    expect([...valid].filter((index) => index >= 80)).toHaveLength(2);
    expect(train).toHaveLength(90);
  });

  it("always leaves images on both sides, or says why it cannot", () => {
    const two = drawn(10, (index) => ({ subject: index % 2 }));
    for (const share of [0.01, 0.99]) expect(holdOutBySubject(two, share, 1).valid).toHaveLength(5);
    expect(() =>
      holdOutBySubject(
        drawn(4, () => ({ subject: 3 })),
        0.5,
        1,
      ),
    ).toThrow(DatasetError);
    expect(() =>
      holdOutBySubject(
        drawn(1, () => ({})),
        0.5,
        1,
      ),
    ).toThrow(DatasetError);
    expect(() => holdOutBySubject(two, 1, 1)).toThrow(RangeError);
  });
});
