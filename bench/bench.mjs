// Measures every engine side by side in Node: one thread, taking turns in short windows, after checking that
// all of them give the same class scores.
//
//   node bench.mjs [--networks a,b] [--engines a,b] [--batch 1] [--rounds 21] [--window 150] [--json]
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { engines } from "./engines/index.mjs";
import { compareEngines, readOptions } from "./side-by-side.mjs";

/** Starts an engine's process; `ask` sends one question and waits for its answer. */
async function start(settings) {
  const child = fork(fileURLToPath(new URL("child.mjs", import.meta.url)), [JSON.stringify(settings)], {
    serialization: "advanced",
  });
  const answer = () =>
    new Promise((resolve, reject) => {
      const onExit = () => reject(new Error(`${settings.engine} ended before it answered.`));
      child.once("exit", onExit);
      child.once("message", (message) => {
        child.off("exit", onExit);
        if (message.error) reject(new Error(`${settings.engine}: ${message.error}`));
        else resolve(message);
      });
    });
  await answer();
  return {
    name: settings.engine,
    ask(question) {
      const answered = answer();
      child.send(question);
      return answered;
    },
    stop: () => child.kill(),
  };
}

await compareEngines(readOptions(Object.keys(engines)), start);
