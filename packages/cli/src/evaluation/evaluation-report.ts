import type { Report } from "../report/sections.js";
import { formatTable } from "../report/table.js";
import type { ModelEvaluation } from "./evaluate-model.js";
import type { RobustnessFigure } from "./robustness.js";

/** What was measured, on what. */
export interface EvaluationResult extends ModelEvaluation {
  readonly model: string;
  readonly data: string;
  readonly split: string;
  /** Whether each image was seen mirrored, too. */
  readonly mirror: boolean;
  /** By how many percent of its side each image was seen moved to each side, too; 0 if it was not. */
  readonly shift: number;
  readonly robustness?: readonly RobustnessFigure[];
}

const measuredOn = ({ data, split, mirror, shift }: EvaluationResult) => {
  const looks = [...(shift > 0 ? [`moved by ${shift} % to each side`] : []), ...(mirror ? ["mirrored"] : [])];
  return `${data}, split ${split}${looks.length > 0 ? `, each image ${looks.join(" and ")}, too` : ""}`;
};

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;

const summaryColumns = ["Images", "Accuracy", "Macro-F1", "ECE", "Temperature"];
const summaryRow = (result: EvaluationResult) => [
  result.count,
  percent(result.accuracy),
  percent(result.macroF1),
  percent(result.ece),
  result.temperature.toFixed(2),
];

const classColumns = ["Class", "Precision", "Recall", "F1", "Images"];
const classRows = (result: EvaluationResult) =>
  result.perClass.map((c) => [c.label, percent(c.precision), percent(c.recall), percent(c.f1), c.support]);

const agreementColumns = ["Annotators who agree", "Images", "Accuracy"];
const agreementRows = ({ agreement = [] }: EvaluationResult) =>
  agreement
    .filter(({ count }) => count > 0)
    .map(({ from, to, count, accuracy }) => [
      from === 0
        ? `up to ${Math.round(100 * to)} %`
        : `over ${Math.round(100 * from)} to ${Math.round(100 * to)} %`,
      count,
      percent(accuracy),
    ]);

export const robustnessColumns = ["Change", "Amount", "Accuracy", "Points", "Macro-F1"];
export const robustnessRows = ({ accuracy: unchanged, robustness = [] }: EvaluationResult) =>
  robustness.map(({ change, amount, accuracy, macroF1 }) => [
    change,
    amount,
    percent(accuracy),
    (100 * (accuracy - unchanged)).toFixed(1),
    percent(macroF1),
  ]);

/** The evaluation as text for the terminal. */
export function evaluationText(result: EvaluationResult): string {
  return [
    `${result.model} on ${measuredOn(result)}`,
    "",
    formatTable(summaryColumns, [summaryRow(result)]),
    "",
    formatTable(classColumns, classRows(result)),
    "",
    formatTable(
      ["True \\ predicted", ...result.labels],
      result.confusion.map((row, c) => [result.labels[c], ...row]),
    ),
    ...(result.agreement ? ["", formatTable(agreementColumns, agreementRows(result))] : []),
    ...(result.robustness ? ["", formatTable(robustnessColumns, robustnessRows(result))] : []),
  ].join("\n");
}

/** The evaluation as a page. */
export function evaluationReport(result: EvaluationResult): Report {
  const missing = Object.entries(result.missingInModel).map(([label, count]) => `${label} (${count})`);
  const remarks = [
    ...(missing.length > 0
      ? [`Classes that the model lacks, with their images, all counted as wrong: ${missing.join(", ")}.`]
      : []),
    ...(result.missingInData.length > 0
      ? [`Classes of the model that the data lacks: ${result.missingInData.join(", ")}.`]
      : []),
  ];
  return {
    title: `Evaluation of ${result.model}`,
    subtitle: `On ${measuredOn(result)}`,
    sections: [
      {
        kind: "table",
        caption: "The model on these images",
        columns: summaryColumns,
        rows: [summaryRow(result)],
      },
      ...(remarks.length > 0 ? [{ kind: "text", paragraphs: remarks } as const] : []),
      { kind: "table", caption: "Each class", columns: classColumns, rows: classRows(result) },
      { kind: "confusion", caption: "Confusion matrix", labels: result.labels, matrix: result.confusion },
      { kind: "reliability", caption: "Calibration", bins: result.reliability },
      ...(result.agreement
        ? [
            {
              kind: "table" as const,
              caption: "By how far the annotators agreed",
              columns: agreementColumns,
              rows: agreementRows(result),
            },
          ]
        : []),
      ...(result.robustness
        ? [
            {
              kind: "table" as const,
              caption: "The same images, all changed",
              columns: robustnessColumns,
              rows: robustnessRows(result),
            },
          ]
        : []),
    ],
  };
}
