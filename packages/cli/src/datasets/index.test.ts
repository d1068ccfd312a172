import { join } from "node:path";
import { DatasetError } from "@microexpnet/training";
import { describe, expect, it } from "vitest";
import { putPicture, temporaryFolder } from "../../test/pictures.js";
import { datasetKinds, loadDataset } from "./index.js";

const root = temporaryFolder();
const cacheDirectory = join(root, "cache");

describe("datasetKinds", () => {
  it("holds the kinds of the contract, each with its layout told", () => {
    expect(new Set(datasetKinds.map(({ name }) => name))).toEqual(
      new Set(
        "synthetic folder csv ckplus ckplus48 oulu-casia fer2013 ferplus jaffe raf-db affectnet kdef".split(
          " ",
        ),
      ),
    );
    for (const { description, layout } of datasetKinds) {
      expect(description).toMatch(/\w/);
      expect(layout).toMatch(/\w/);
    }
  });
});

describe("loadDataset", () => {
  it("loads by kind and path, also a path with a colon", async () => {
    await putPicture(join(root, "a:b/happy/1.png"), 5);
    const dataset = await loadDataset(`folder:${join(root, "a:b")}`, { cacheDirectory });
    expect(dataset).toMatchObject({ name: "folder:a:b", count: 1, labels: ["happy"] });
  });

  it("draws faces, with the options of the specification", async () => {
    let total = 0;
    const onProgress = (_done: number, of: number) => {
      total = of;
    };
    const spec = "synthetic:subjects=3, images=9,seed=4,size=32";
    const dataset = await loadDataset(spec, { cacheDirectory, onProgress });
    expect(dataset).toMatchObject({ name: "synthetic", count: 27, size: 32 });
    expect(dataset.labels).toHaveLength(8);
    expect(new Set(dataset.subjects)).toEqual(new Set([0, 1, 2]));
    expect(total).toBe(27);
    total = 0;
    expect(await loadDataset(spec, { cacheDirectory, onProgress })).toEqual(dataset);
    expect(total).toBe(0);
    const other = await loadDataset(spec.replace("seed=4", "seed=5"), { cacheDirectory: false });
    expect(other.pixels).not.toEqual(dataset.pixels);
    const sized = await loadDataset("synthetic:subjects=1,images=1", { cacheDirectory: false, size: 48 });
    expect(sized.size).toBe(48);
  });

  it.each([
    ["fer", 'The data set "fer" is not of the form kind:path; the kinds are synthetic, folder, csv,'],
    ["fer:x", 'The data set "fer:x" has the unknown kind "fer"; the kinds are synthetic,'],
    ["", "the kinds are"],
    ["folder", 'The data set "folder" needs a path, as in folder:PATH.'],
    ["csv: ", 'The data set "csv: " needs a path'],
    [
      "synthetic:people=3",
      'synthetic: "people=3" is no option; the options are subjects, images, seed, size.',
    ],
    ["synthetic:subjects=x", "synthetic: subjects needs a whole number, as in subjects=8"],
    ["synthetic:subjects", "synthetic: subjects needs a whole number"],
    ["synthetic:subjects=0", "synthetic: The synthetic faces' number of subjects must be"],
    ["synthetic:subjects=1000000,images=1000000", "synthetic: at most 1000000 images"],
    ["synthetic:size=100000", "synthetic: the size is 100000"],
  ])("refuses %j", async (spec, sentence) => {
    const loading = loadDataset(spec, { cacheDirectory: false });
    await expect(loading).rejects.toThrow(DatasetError);
    await expect(loading).rejects.toThrow(sentence);
  });

  it("refuses a size that is none, and an aborted signal", async () => {
    await expect(loadDataset("synthetic", { size: 7.5 })).rejects.toThrow("8 to 1024 pixels, not 7.5.");
    await expect(
      loadDataset("synthetic", { signal: AbortSignal.abort(new Error("stopped")) }),
    ).rejects.toThrow("stopped");
  });
});
