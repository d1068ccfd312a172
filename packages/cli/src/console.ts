import { InterruptedError } from "./errors.js";
import type { CommonOptions } from "./options.js";
import { clearProgressLine } from "./progress.js";

export { CommandError, InterruptedError, UsageError } from "./errors.js";
export { addCommonOptions, type CommonOptions, parseInteger, parseNumber } from "./options.js";
export { Progress } from "./progress.js";

/** Prints a line for the reader on standard error. */
export function message(text: string): void {
  clearProgressLine();
  process.stderr.write(`${text}\n`);
}

/** Prints a verb's result on standard output: one JSON document where --json asks for it, else text. */
export function printResult(options: { readonly json?: boolean }, json: unknown, text: () => string): void {
  clearProgressLine();
  process.stdout.write(`${options.json ? JSON.stringify(json, null, 2) : text()}\n`);
}

/**
 * Runs a verb's work so that Ctrl-C ends it in order: the first one aborts the signal, the second one ends
 * the process at once.
 *
 * @param stopped the sentence for a run that was stopped, which says what became of the work done so far
 * @throws InterruptedError where the work stopped because of Ctrl-C; else whatever the work throws
 */
export async function runAction(
  _options: CommonOptions,
  work: (signal: AbortSignal) => Promise<void>,
  stopped = "Stopped; the same command again goes on from what was saved, or starts over.",
): Promise<void> {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    message("Stopping; press Ctrl-C again to end at once.");
    controller.abort(new InterruptedError(stopped));
  };
  process.on("SIGINT", onInterrupt);
  try {
    await work(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    process.off("SIGINT", onInterrupt);
    clearProgressLine();
  }
}

/** Lets timers and Ctrl-C have their turn in long synchronous work. @throws the signal's reason when aborted */
export async function breathe(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}
