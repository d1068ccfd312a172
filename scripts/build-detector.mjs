// Converts the face detector of the package @mediapipe/face_detection into a file of ours that the runtime
// package publishes, with its licence beside it. Runs after the packages are compiled.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromFloat16Bits, writeNetworkFile } from "microexpnet/internal";
import { convertDetector } from "./convert-detector.mjs";
import { readTflite } from "./tflite.mjs";

const require = createRequire(import.meta.url);
const source = require.resolve("@mediapipe/face_detection/face_detection_short_range.tflite");
const { name, version, license } = JSON.parse(readFileSync(join(dirname(source), "package.json"), "utf8"));
if (license !== "Apache-2.0") throw new Error(`The licence of ${name} is ${license}, not Apache-2.0.`);
const target = join(dirname(fileURLToPath(import.meta.url)), "../packages/runtime/dist/detector");

const bytes = new Uint8Array(readFileSync(source));
const { network, weights } = convertDetector(readTflite(bytes), fromFloat16Bits);
const provenance = {
  source: `face_detection_short_range.tflite of the npm package ${name} ${version}`,
  sha256: createHash("sha256").update(bytes).digest("hex"),
  copyright: "The MediaPipe Authors",
  licence: license,
  changes: "converted from TensorFlow Lite to safetensors; the values are the same",
};
const file = writeNetworkFile({ network, weights, provenance }, "float16");
const notice = `blazeface.safetensors is the face detector BlazeFace (short range) of MediaPipe,
copyright The MediaPipe Authors, licensed under the Apache License, Version 2.0, below.
It was made from ${provenance.source}
by converting the file format; the weights' values are unchanged.

`;
// The licence's text without a copyright line, as its authors publish it.
const licenceText = readFileSync(join(dirname(require.resolve("flatbuffers")), "../LICENSE"), "utf8");
mkdirSync(target, { recursive: true });
writeFileSync(join(target, "blazeface.safetensors"), file);
writeFileSync(join(target, "LICENSE.txt"), notice + licenceText);
console.error(`detector: ${(file.length / 1024).toFixed(1)} KiB`);
