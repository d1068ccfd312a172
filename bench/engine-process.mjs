import { fork } from "node:child_process";

/**
 * Starts an engine in a process of its own.
 *
 * @param file the process's script, a file: URL; it gets the settings as JSON in its first argument, sends one
 *   message when it is ready, then one for each that it is sent, of which `{ error }` says what went wrong
 * @param name what it is called where something goes wrong
 * @returns its name; `ask`, which sends one question and waits for its answer; and `stop`
 */
export async function startEngine(file, name, settings) {
  const child = fork(file, [JSON.stringify(settings)], { serialization: "advanced" });
  const answer = () =>
    new Promise((resolve, reject) => {
      const onExit = () => reject(new Error(`${name} ended before it answered.`));
      child.once("exit", onExit);
      child.once("message", (message) => {
        child.off("exit", onExit);
        if (message.error) reject(new Error(`${name}: ${message.error}`));
        else resolve(message);
      });
    });
  const ready = await answer();
  return {
    name,
    ready,
    ask(question) {
      const answered = answer();
      child.send(question);
      return answered;
    },
    stop: () => child.kill(),
  };
}
