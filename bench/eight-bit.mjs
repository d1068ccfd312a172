// Are 8-bit relaxed dot products worth it? The speed of a model's first convolution and pool on them beside the
// engine's 16-bit products, and what 8-bit weights with 7-bit activations in every layer change of its decisions.
//
//   npx node@24 eight-bit.mjs                                              # speed, which needs relaxed SIMD
//   node eight-bit.mjs --data ferplus:PATH [--split valid] [--model FILE]  # decisions
import { parseArgs } from "node:util";
import { loadModel } from "../packages/cli/dist/models.js";
import { loadWithProgress } from "../packages/cli/dist/runs/run-data.js";
import { selectPart } from "../packages/cli/dist/runs/select-part.js";
import { createClassifier } from "../packages/runtime/dist/index.js";
import {
  analyze,
  foldBatchNormalization,
  renderView,
  wholeImageView,
} from "../packages/runtime/dist/internal.js";
import { matchLabels } from "../packages/training/dist/index.js";
import { hasRelaxedSimd } from "./assembly.mjs";
import { eightBit, firstLayers, plainEightBit, sixteenBit } from "./eight-bit/convolution.mjs";
import { roundedNetwork } from "./eight-bit/decisions.mjs";
import { quartiles } from "./table.mjs";

const { values: options } = parseArgs({
  options: {
    model: { type: "string", default: "microexpnet-2019" },
    data: { type: "string" },
    split: { type: "string", default: "valid" },
    rounds: { type: "string", default: "41" },
  },
});
const model = await loadModel(options.model);
if (options.data) await compareDecisions();
else if (hasRelaxedSimd()) await compareSpeed();
else throw new Error("The 8-bit dot products need relaxed SIMD: Node 22 or later.");

/** Windows of a millisecond or two, in turns. */
async function compareSpeed() {
  const network = firstLayers(model);
  const { inputShape, multiplyAccumulates } = analyze(network);
  const pixels = Uint8Array.from({ length: inputShape[0] * inputShape[1] }, (_, i) =>
    Math.round(128 + 90 * Math.sin(i / 97) + 30 * Math.sin(i * 12.9898)),
  );
  const kernels = { "16-bit": sixteenBit(model), "8-bit": await eightBit(model) };
  const furthest = (a, b) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
  const plain = plainEightBit(model, pixels);
  const largest = plain.reduce((a, b) => Math.max(a, b), 0);
  const [exact, actual] = Object.values(kernels).map((run) => run(pixels).slice());
  if (!(furthest(actual, plain) < 1e-5 * largest)) throw new Error("The 8-bit kernel is wrong.");
  console.log(
    `8 bits are off by ${(furthest(actual, exact) / largest).toExponential(1)} of the largest output.`,
  );

  const runs = 100;
  const time = (run) => {
    const start = performance.now();
    for (let i = 0; i < runs; i++) run(pixels);
    return ((performance.now() - start) * 1000) / runs;
  };
  for (let i = 0; i < 30; i++) Object.values(kernels).forEach(time);
  const turns = Array.from({ length: Number(options.rounds) }, () => Object.values(kernels).map(time));
  for (const [i, name] of Object.keys(kernels).entries()) {
    const [low, median, high] = quartiles(turns.map((times) => times[i]));
    const rate = multiplyAccumulates / median / 1e3;
    console.log(
      `${name}: ${median.toFixed(1)} microseconds (quartiles ${low.toFixed(1)} to ${high.toFixed(1)}), ` +
        `${rate.toFixed(1)} GMAC/s`,
    );
  }
  const [, ratio] = quartiles(turns.map(([sixteen, eight]) => sixteen / eight));
  console.log(`8-bit products are ${ratio.toFixed(2)} times as fast.`);
}

async function compareDecisions() {
  const whole = await loadWithProgress(options.data, new AbortController().signal);
  const { dataset, split } = selectPart(whole, options.split);
  const { size, count } = dataset;
  const { toModel } = matchLabels(model.labels, dataset.labels);
  const runs = {
    float32: createClassifier(model).logits,
    "16-bit": createClassifier(model, { precision: "int16" }).logits,
    "8-bit": roundedNetwork(foldBatchNormalization(model)),
    "8-bit in the first layer": roundedNetwork(foldBatchNormalization(model), 1),
  };
  const [height, width] = analyze(model.network).inputShape;
  const pixels = new Uint8Array(height * width);
  const view = wholeImageView(size, size);
  const names = Object.keys(runs);
  const right = names.map(() => 0);
  const same = names.map(() => 0);
  for (let i = 0; i < count; i++) {
    const image = dataset.pixels.subarray(i * size ** 2, (i + 1) * size ** 2);
    renderView(image, size, size, view, pixels, height, width);
    const decisions = Object.values(runs).map((run) => {
      const scores = run(pixels);
      return scores.indexOf(Math.max(...scores));
    });
    for (const [at, decision] of decisions.entries()) {
      if (decision === decisions[0]) same[at]++;
      if (decision === toModel[dataset.classes[i]]) right[at]++;
    }
  }
  console.log(`${options.model} on ${count} images of ${whole.name}, split ${split}`);
  const percent = (value) => `${((100 * value) / count).toFixed(2)} %`;
  for (const [at, name] of names.entries()) {
    console.log(`${name}: accuracy ${percent(right[at])}, same class as float32 ${percent(same[at])}`);
  }
}
