import { analyze } from "microexpnet/internal";
import type { Report, Section } from "../report/sections.js";
import type { RunOutcome, RunRequest } from "./run-training.js";

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

/** The report of one run: what was trained on what, learning curves, and how good it is on validation. */
export function trainingReport(request: RunRequest, outcome: RunOutcome): Report {
  const { history, validation, model } = outcome;
  const { parameterCount, multiplyAccumulates } = analyze(model.network);
  const sections: Section[] = [
    {
      kind: "table",
      caption: "The run",
      columns: ["What", "Value"],
      rows: [
        ["Network", model.network.name],
        ["Parameters", parameterCount],
        ["Multiply-accumulates per image", multiplyAccumulates],
        ["Training images", request.train.count],
        ["Validation images", request.valid?.count ?? "none"],
        ["Epochs", history.length],
        ["Kept epoch", outcome.epoch],
        ["Seed", String(request.seed)],
        ["Images per second", Math.round(outcome.imagesPerSecond)],
      ],
    },
    ...learningCurves(history),
  ];
  if (validation) {
    sections.push(
      {
        kind: "table",
        caption:
          "On the validation images, by which the epoch was chosen and the temperature fitted: a little too kind",
        columns: ["Accuracy", "Macro-F1", "Expected calibration error", "Temperature"],
        rows: [
          [
            percent(validation.accuracy),
            percent(validation.macroF1),
            percent(validation.ece),
            model.calibration.temperature.toFixed(2),
          ],
        ],
      },
      {
        kind: "table",
        caption: "Each class",
        columns: ["Class", "Precision", "Recall", "F1", "Images"],
        rows: validation.perClass.map((c) => [
          c.label,
          percent(c.precision),
          percent(c.recall),
          percent(c.f1),
          c.support,
        ]),
      },
      {
        kind: "confusion",
        caption: "Confusion matrix on validation",
        labels: validation.labels,
        matrix: validation.confusion,
      },
      { kind: "reliability", caption: "Calibration on validation", bins: validation.reliability },
    );
  }
  sections.push({
    kind: "code",
    caption: "Provenance",
    code: JSON.stringify(request.provenance, null, 2),
  });
  return { title: request.title, subtitle: `${model.network.name} on ${request.train.name}`, sections };
}

/** Loss and accuracy over the epochs. */
export function learningCurves(history: RunOutcome["history"], prefix = ""): Section[] {
  const points = (value: (record: RunOutcome["history"][number]) => number | undefined) =>
    history.flatMap((record): [number, number][] => {
      const y = value(record);
      return y === undefined ? [] : [[record.epoch, y]];
    });
  const series = (name: string, values: [number, number][]) =>
    values.length > 0 ? [{ name, points: values }] : [];
  return [
    {
      kind: "curves",
      caption: `${prefix}Loss`,
      xTitle: "Epoch",
      yTitle: "Loss",
      series: [
        ...series(
          "training",
          points((r) => r.trainLoss),
        ),
        ...series(
          "validation",
          points((r) => r.validLoss),
        ),
      ],
    },
    {
      kind: "curves",
      caption: `${prefix}Accuracy`,
      xTitle: "Epoch",
      yTitle: "Accuracy",
      series: [
        ...series(
          "training views",
          points((r) => r.trainAccuracy),
        ),
        ...series(
          "validation",
          points((r) => r.validAccuracy),
        ),
      ],
    },
  ];
}
