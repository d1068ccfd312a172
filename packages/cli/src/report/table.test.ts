import { describe, expect, it } from "vitest";
import { cellText, formatMarkdownTable, formatTable, numericColumns } from "./table.js";

const columns = ["network", "parameters", "accuracy"];
const rows = [
  ["micro", 65000, "72.4 ± 0.3"],
  ["teacher, large", 1234567, null],
];

it("aligns columns, figures to the right", () => {
  expect(formatTable(columns, rows).split("\n")).toEqual([
    "network         parameters    accuracy",
    "──────────────  ──────────  ──────────",
    "micro               65,000  72.4 ± 0.3",
    "teacher, large   1,234,567           –",
  ]);
});

it("writes Markdown", () => {
  expect(formatMarkdownTable(columns, rows).split("\n")).toEqual([
    "| network        | parameters |   accuracy |",
    "| -------------- | ---------: | ---------: |",
    "| micro          |     65,000 | 72.4 ± 0.3 |",
    "| teacher, large |  1,234,567 |          – |",
  ]);
});

it("keeps a cell from ending its column, row or text in Markdown", () => {
  const [head, , row] = formatMarkdownTable(["a|b"], [["<script>\n*x*\\|"]]).split("\n");
  expect(head).toBe("| a\\|b                  |");
  expect(row).toBe("| &lt;script> \\*x\\*\\\\\\| |");
});

it("has no line longer than the rest where characters are wide, combined or controlling", () => {
  const lines = formatTable(
    ["名前", "x"],
    [
      ["e\u0301te\u001b[2J", "a"],
      ["plain", "b"],
    ],
  ).split("\n");
  expect(lines[0]).toBe("名前     x");
  expect(lines[2]).toBe("e\u0301te [2J  a");
  expect(lines[3]).toBe("plain    b");
});

describe("columns of figures", () => {
  it.each(["12", "-0.5", "1,002,808", "85.3 ± 1.2", "12 %", "2.9 ms", "1e-3", "300 images/s", "–"])(
    "counts %s as a figure",
    (text) => {
      expect(numericColumns(["c"], [["1"], [text]])).toEqual([true]);
    },
  );

  it.each(["v-XXS", "2019-model", "12 of 13", "1.2.3", "p12"])("does not count %s as one", (text) => {
    expect(numericColumns(["c"], [["1"], [text]])).toEqual([false]);
  });

  it("takes an empty column for words", () => {
    expect(numericColumns(["c"], [[null], [""]])).toEqual([false]);
    expect(numericColumns(["c"], [])).toEqual([false]);
  });
});

it("shows what is missing as a dash", () => {
  expect([null, undefined, Number.NaN, Infinity].map(cellText)).toEqual(["–", "–", "–", "–"]);
  expect([0, 0.25, -1200].map(cellText)).toEqual(["0", "0.25", "-1,200"]);
});

it("refuses a row of another length", () => {
  expect(() => formatTable(columns, [["micro", 1]])).toThrow("Row 1 of the table has 2 cells for 3 columns.");
  expect(() => formatMarkdownTable(columns, [["a", 1, 2, 3]])).toThrow("has 4 cells for 3 columns");
});
