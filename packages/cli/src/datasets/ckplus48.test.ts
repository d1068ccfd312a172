import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { put, putPicture, temporaryFolder } from "../../test/pictures.js";
import { ckplus48 } from "./ckplus48.js";

const root = temporaryFolder();
const context = { cacheDirectory: false } as const;

describe("ckplus48", () => {
  it("takes classes from the folders and subjects from the names", async () => {
    const path = join(root, "good");
    await putPicture(join(path, "happy/S010_002_00000014.png"), 1);
    await putPicture(join(path, "happy/S011_001_00000002.png"), 2);
    await putPicture(join(path, "anger/S011_004_00000021.png"), 3);
    await putPicture(join(path, "anger/face.png"), 4);
    await put(join(path, "anger/S999_001_00000001.png"), "");
    await put(join(path, "README"), "x");
    const dataset = await ckplus48.load(path, context);
    expect(dataset).toMatchObject({ name: "ckplus48:good", labels: ["anger", "happy"], count: 3, size: 48 });
    expect([...dataset.classes]).toEqual([0, 1, 1]);
    expect([...dataset.subjects!]).toEqual([0, 1, 0]);
    expect([0, 1, 2].map((image) => dataset.pixels[image * 2304])).toEqual([3, 1, 2]);
    expect(dataset.problems).toEqual([
      "2 files were passed over: not named <class>/S<subject>_<sequence>_<frame>.png (README, ...).",
      "anger/S999_001_00000001.png is empty.",
    ]);
  });

  it("refuses folders with other names", async () => {
    await putPicture(join(root, "other/happy/face.png"), 1);
    await expect(ckplus48.load(join(root, "other"), context)).rejects.toThrow(
      /expected in .*; found happy\/\.$/,
    );
  });
});

const shared = fileURLToPath(new URL("../../../../../shared/data/ckplus48", import.meta.url));
describe.skipIf(!existsSync(shared))(
  "ckplus48 on the faces in ../shared (skipped where they are absent)",
  () => {
    it("reads 789 images of 94 subjects in 7 classes", async () => {
      const dataset = await ckplus48.load(shared, context);
      expect(dataset).toMatchObject({ count: 789, size: 48, problems: [] });
      expect(dataset.labels).toHaveLength(7);
      expect(new Set(dataset.subjects).size).toBe(94);
    });
  },
);
