import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type EpochRecord,
  ResumeError,
  readTrainingState,
  type TrainingState,
  writeTrainingState,
} from "@microexpnet/training";
import { writeFileAtomically } from "../models.js";

/**
 * The folder of one run: `model.safetensors`, `metrics.json`, `log.jsonl`, `report.html`, and while it is
 * under way `checkpoint.bin`.
 */
export class RunDirectory {
  private constructor(readonly path: string) {}

  static async open(path: string): Promise<RunDirectory> {
    await mkdir(path, { recursive: true });
    return new RunDirectory(path);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** The state that a stopped run left, if there is one. */
  async checkpoint(): Promise<TrainingState | undefined> {
    const bytes = await readFile(this.file("checkpoint.bin")).catch(() => undefined);
    if (!bytes) return undefined;
    try {
      return readTrainingState(bytes);
    } catch (error) {
      if (error instanceof ResumeError) {
        throw new ResumeError(`${this.file("checkpoint.bin")}: ${error.message} Remove it to start anew.`);
      }
      throw error;
    }
  }

  /** Writes the state so that a crash at any moment leaves either the old one or the new one, whole. */
  async saveCheckpoint(state: TrainingState): Promise<void> {
    const temporary = this.file("checkpoint.bin.partial");
    const file = await open(temporary, "w");
    try {
      await file.writeFile(writeTrainingState(state));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.file("checkpoint.bin"));
  }

  async removeCheckpoint(): Promise<void> {
    await rm(this.file("checkpoint.bin"), { force: true });
  }

  /** The learning curves, one JSON object a line; rewritten whole, so that a resumed run repeats no epoch. */
  async writeLog(history: readonly EpochRecord[]): Promise<void> {
    await writeFile(this.file("log.jsonl"), history.map((record) => `${JSON.stringify(record)}\n`).join(""));
  }

  async writeJson(name: string, value: unknown): Promise<void> {
    await writeFileAtomically(
      this.file(name),
      new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`),
    );
  }

  async writeText(name: string, text: string): Promise<void> {
    await writeFileAtomically(this.file(name), new TextEncoder().encode(text));
  }
}
