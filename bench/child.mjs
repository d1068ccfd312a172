// One engine in a process of its own: two builds of ONNX Runtime do not share one. It does what its parent
// asks for: answers { scores } to { pixels }, and { framesPerSecond } to { milliseconds }.
import { readFileSync } from "node:fs";
import { engines } from "./engines/index.mjs";
import { measure } from "./engines/measure.mjs";

const { engine: name, modelFile, onnxFile, inputShape, batch } = JSON.parse(process.argv[2]);
const engine = await engines[name]({
  modelBytes: readFileSync(modelFile),
  onnxBytes: readFileSync(onnxFile),
  inputShape,
  batch,
});
let input;

process.on("message", async ({ pixels, milliseconds }) => {
  try {
    if (pixels) {
      input = engine.prepare?.(pixels) ?? pixels;
      process.send({ scores: Float32Array.from(await engine.run(input)) });
    } else {
      process.send({ framesPerSecond: await measure(engine, input, batch, milliseconds) });
    }
  } catch (error) {
    process.send({ error: String(error) });
  }
});
process.send({ ready: true });
