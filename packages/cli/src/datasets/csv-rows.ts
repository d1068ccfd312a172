import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { DatasetError } from "@microexpnet/training";
import { CsvError, parse } from "csv-parse";
import { reasonOf } from "./files.js";

/** One line of a CSV file. */
export interface CsvRow {
  /** The fields, without spaces around them. */
  readonly fields: readonly string[];
  /** Line of the file, counted from 1; the last one of a row that goes over several. */
  readonly line: number;
}

export interface CsvOptions {
  readonly onBytes?: (read: number) => void;
  readonly signal?: AbortSignal;
}

/** A sentence about a line of a CSV file. */
export const rowError = (file: string, line: number, what: string): DatasetError =>
  new DatasetError(`${basename(file)}, line ${line}: ${what}.`);

/**
 * Reads a CSV file row by row; empty lines are skipped, and so is a byte order mark.
 * @throws DatasetError with the line where the file is not CSV.
 */
export async function* csvRows(file: string, { onBytes, signal }: CsvOptions = {}): AsyncGenerator<CsvRow> {
  const source = createReadStream(file);
  let read = 0;
  source.on("data", (chunk) => {
    read += chunk.length;
    onBytes?.(read);
  });
  const parser = source.pipe(
    parse({
      bom: true,
      info: true,
      trim: true,
      skip_empty_lines: true,
      // Wrong numbers of fields are told by the kinds, which know what the fields are.
      relax_column_count: true,
      max_record_size: 1024 * 1024,
    }),
  );
  source.on("error", (error) => parser.destroy(error));
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[];
      info: { lines: number };
    }>) {
      signal?.throwIfAborted();
      yield { fields: record, line: info.lines };
    }
  } catch (error) {
    if (error instanceof CsvError) {
      const { lines } = error as CsvError & { lines?: number };
      throw rowError(file, lines ?? 1, `is not CSV (${error.message.split("\n")[0].replace(/\.$/, "")})`);
    }
    if ((error as NodeJS.ErrnoException).syscall) {
      throw new DatasetError(`${file} cannot be read, because ${reasonOf(error)}.`);
    }
    throw error;
  } finally {
    source.destroy();
  }
}
