// One engine in a process of its own: two builds of ONNX Runtime do not share one. It does what its parent
// asks for: answers { scores } to { pixels }, and { framesPerSecond } to { milliseconds }.
import { readFileSync } from "node:fs";
import { engines } from "./engines/index.mjs";

const { engine: name, modelFile, onnxFile, inputShape, batch } = JSON.parse(process.argv[2]);
const engine = await engines[name]({
  modelBytes: readFileSync(modelFile),
  onnxBytes: readFileSync(onnxFile),
  inputShape,
  batch,
});
let input;

async function measure(milliseconds) {
  const start = performance.now();
  let runs = 0;
  let elapsed = 0;
  while (elapsed < milliseconds) {
    // Asking the clock each time would cost as much as a small network's thousandth part.
    for (let i = 0; i < 8; i++) await engine.run(input);
    runs += 8;
    elapsed = performance.now() - start;
  }
  return (1000 * runs * batch) / elapsed;
}

process.on("message", async ({ pixels, milliseconds }) => {
  try {
    if (pixels) {
      input = engine.prepare?.(pixels) ?? pixels;
      process.send({ scores: Float32Array.from(await engine.run(input)) });
    } else {
      process.send({ framesPerSecond: await measure(milliseconds) });
    }
  } catch (error) {
    process.send({ error: String(error) });
  }
});
process.send({ ready: true });
