// Where the eyes lie in the pictures of a data set of cropped faces, as the detector sees them: the geometry by
// which a network trained on them wants its faces cropped. Pictures and their mirror images count alike.
//   node scripts/measure-crop.mjs ferplus:PATH [--split train] [--every 1]
import { parseArgs } from "node:util";
import { loadDataset } from "../packages/cli/dist/datasets/index.js";
import { loadBlazeFace } from "../packages/runtime/dist/internal.js";

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: { split: { type: "string", default: "train" }, every: { type: "string", default: "1" } },
});
if (positionals.length !== 1) {
  console.error("Name one data set, for example ferplus:PATH.");
  process.exit(2);
}
const dataset = await loadDataset(positionals[0]);
const detector = await loadBlazeFace();
const { size } = dataset;
const names = ["leftEye", "rightEye", "nose", "mouth"];

function mirror(pixels) {
  const result = new Uint8Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) result[i] = pixels[i - (i % size) + size - 1 - (i % size)];
  return result;
}

let looked = 0;
const found = [];
for (let image = 0; image < dataset.count; image += Number(options.every)) {
  if (dataset.splits && options.split !== "all" && dataset.splits[image] !== options.split) continue;
  const pixels = dataset.pixels.subarray(image * size * size, (image + 1) * size * size);
  for (const data of [pixels, mirror(pixels)]) {
    looked++;
    const [face] = detector.detect({ data, width: size, height: size, channels: 1 }, { maxFaces: 1 });
    if (face)
      found.push([face.box, ...names.map((name) => face.landmarks[name])].flat().map((v) => v / size));
  }
}
const mean = (index) => found.reduce((sum, values) => sum + values[index], 0) / found.length;
const deviation = (index) =>
  Math.sqrt(found.reduce((sum, v) => sum + (v[index] - mean(index)) ** 2, 0) / found.length);
const rounded = (value) => Number(value.toFixed(4));
const point = (index) => ({
  mean: [rounded(mean(index)), rounded(mean(index + 1))],
  deviation: [rounded(deviation(index)), rounded(deviation(index + 1))],
});
const result = {
  pictures: looked / 2,
  found: rounded(found.length / looked),
  box: [0, 1, 2, 3].map((index) => rounded(mean(index))),
  ...Object.fromEntries(names.map((name, i) => [name, point(4 + 2 * i)])),
};
console.log(JSON.stringify(result, null, 2));
