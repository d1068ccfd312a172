// One library in a process of its own: TensorFlow.js is a different one for each. It does what its parent asks for:
// answers { expressions } of each frame to { frames }, and { framesPerSecond } over them to { milliseconds }.
import { engines } from "./engines.mjs";

const { engine: name, ...settings } = JSON.parse(process.argv[2]);
const engine = await engines[name](settings);
let inputs = [];
let next = 0;

process.on("message", async ({ frames, milliseconds }) => {
  try {
    if (frames) {
      for (const input of inputs) input.dispose?.();
      inputs = frames.map((frame) => engine.prepare(frame));
      const expressions = [];
      for (const input of inputs) expressions.push(await engine.recognize(input));
      process.send({ expressions });
    } else {
      const start = performance.now();
      let runs = 0;
      while (performance.now() - start < milliseconds) {
        await engine.recognize(inputs[next++ % inputs.length]);
        runs++;
      }
      process.send({ framesPerSecond: (1000 * runs) / (performance.now() - start) });
    }
  } catch (error) {
    process.send({ error: String(error) });
  }
});
process.send({ about: engine.about });
