import type { EpochRecord } from "@microexpnet/training";
import type { Report, Section } from "../report/sections.js";
import type { Cell } from "../report/table.js";

export interface ExperimentTable {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** What an experiment leaves: tables for the terminal and for Markdown, a page, and all figures. */
export interface ExperimentOutput {
  readonly json: unknown;
  readonly tables: readonly ExperimentTable[];
  readonly report: Report;
}

export const tableSection = ({ caption, columns, rows }: ExperimentTable): Section => ({
  kind: "table",
  caption,
  columns: [...columns],
  rows: rows.map((row) => [...row]),
});

/** One learning curve a run, of the accuracy on the images that are measured on, or on training views. */
export function curvesSection(
  caption: string,
  runs: readonly { name: string; history: readonly EpochRecord[] }[],
): Section {
  return {
    kind: "curves",
    caption,
    xTitle: "Epoch",
    yTitle: "Accuracy",
    series: runs.map(({ name, history }) => ({
      name,
      points: history.map((record): [number, number] => [
        record.epoch,
        record.validAccuracy ?? record.trainAccuracy,
      ]),
    })),
  };
}

/** The mean of several learning curves of one length. */
export function meanHistory(histories: readonly (readonly EpochRecord[])[]): EpochRecord[] {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return histories[0].map((record, epoch) => ({
    ...record,
    trainLoss: mean(histories.map((history) => history[epoch].trainLoss)),
    trainAccuracy: mean(histories.map((history) => history[epoch].trainAccuracy)),
    ...(record.validAccuracy !== undefined && {
      validAccuracy: mean(histories.map((history) => history[epoch].validAccuracy ?? 0)),
    }),
  }));
}
