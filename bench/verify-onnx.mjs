// Checks exported ONNX files with ONNX Runtime: every named network, and one with every kind of layer, must
// give the scores of the plain reference.
//
//   node verify-onnx.mjs
import { exportOnnx } from "../packages/cli/dist/onnx/export-onnx.js";
import { analyze, networkNames, reference } from "../packages/runtime/dist/internal.js";
import { engines } from "./engines/index.mjs";
import { randomModel } from "./random-model.mjs";

/** Odd sides, three channels, names that the graph uses itself, normalisations that fold and that cannot. */
const everyKind = {
  name: "every-kind",
  input: { height: 29, width: 23, channels: 3, scale: 1 / 64, offset: -2 },
  layers: [
    { kind: "batchNormalization", name: "pixels" },
    { kind: "convolution", name: "first", filters: 12, kernel: 3, stride: 2, bias: false },
    { kind: "batchNormalization", name: "first-norm", activation: "relu" },
    { kind: "convolution", name: "depthwise", filters: 12, kernel: 3, groups: 12 },
    { kind: "convolution", name: "grouped", filters: 24, kernel: 2, groups: 3, padding: "valid" },
    { kind: "convolution", name: "narrow", filters: 12, kernel: 1, stride: 2, activation: "relu" },
    { kind: "maxPool", name: "pool", size: 2 },
    { kind: "convolution", name: "again", filters: 12, kernel: 1 },
    { kind: "add", name: "sum", other: "pool", activation: "relu" },
    { kind: "globalAveragePool", name: "squeeze" },
    { kind: "dense", name: "gates", units: 12 },
    { kind: "gate", name: "gated", other: "sum" },
    { kind: "maxPool", name: "wide-pool", size: 3, stride: 2 },
    { kind: "dense", name: "hidden", units: 10, activation: "relu" },
    { kind: "batchNormalization", name: "hidden-norm" },
    { kind: "dropout", name: "dropout", rate: 0.5 },
    { kind: "convolution", name: "on-vector", filters: 10, kernel: 1 },
    { kind: "add", name: "mixed", other: "hidden-norm" },
    { kind: "globalAveragePool", name: "average" },
    { kind: "dense", name: "logits", units: 5, bias: false },
  ],
};

for (const named of [...networkNames, everyKind]) {
  const model = randomModel(named);
  const { inputShape } = analyze(model.network);
  const batch = 2;
  const length = batch * inputShape.reduce((a, b) => a * b);
  const pixels = Uint8Array.from({ length }, (_, i) => (i * 97 + 13) % 256);
  const expected = reference.run(model.network, model.weights, pixels, batch);
  const engine = await engines["onnxruntime-node"]({ onnxBytes: exportOnnx(model), inputShape, batch });
  const scores = await engine.run(engine.prepare(pixels));
  const size = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const difference = expected.reduce((a, b, i) => Math.max(a, Math.abs(b - scores[i])), 0) / size;
  if (scores.length !== expected.length || !(difference < 1e-4)) {
    throw new Error(`ONNX Runtime gives other scores for ${model.network.name}: off by ${difference}.`);
  }
  console.log(`${model.network.name}: scores agree to ${difference.toExponential(1)} of the largest`);
}
