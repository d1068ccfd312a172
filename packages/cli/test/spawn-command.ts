import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandRun } from "./run-command.js";

const bin = fileURLToPath(new URL("../bin/microexpnet.js", import.meta.url));

/** Whether `npm install` or `npm run build` has built the command; its workers start from built files only. */
export const isBuilt = existsSync(fileURLToPath(new URL("../dist/main.js", import.meta.url)));

/** Starts the built command as a user would, in a folder of its own with a cache of its own. */
export function spawnCommand(
  folder: string,
  ...args: string[]
): { child: ChildProcess; ended: Promise<CommandRun> } {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: folder,
    env: { ...process.env, XDG_CACHE_HOME: join(folder, "cache") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (data) => {
      texts[name] += data;
    });
  }
  const ended = new Promise<CommandRun>((resolve) =>
    child.on("close", (code) => resolve({ code: code ?? -1, ...texts })),
  );
  return { child, ended };
}
