import { vi } from "vitest";
import { main } from "../src/main.js";

export interface CommandRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in this process and captures what it prints. */
export async function runCommand(...argv: string[]): Promise<CommandRun> {
  const texts = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      texts[name] += text;
      return true;
    }),
  );
  try {
    return { code: await main(argv), ...texts };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** The last line on standard error, which is the error's sentence. */
export const lastLine = (run: CommandRun): string => run.stderr.trimEnd().split("\n").pop() ?? "";
