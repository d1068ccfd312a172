// One classifier in a process of its own: answers { framesPerSecond } to { milliseconds }.
import { measure } from "../engines/measure.mjs";
import { engines } from "./engines.mjs";

const { engine: name, modelFile } = JSON.parse(process.argv[2]);
const engine = await engines[name](modelFile);

process.on("message", async ({ milliseconds }) => {
  try {
    process.send({ framesPerSecond: await measure(engine, undefined, 1, milliseconds) });
  } catch (error) {
    process.send({ error: String(error) });
  }
});
process.send({ about: engine.about, classes: engine.run().length });
