import { ReportError } from "./report-error.js";

/** A table's cell; null and undefined are shown as a dash. */
export type Cell = string | number | null | undefined;

const numeric = /^[-+−]?[\d,]*\.?\d+(e[-+]?\d+)?( ?± ?[\d.,]+)?( ?[%a-zA-Zµ]{1,8}(\/s)?)?$/;

/**
 * Text of a cell: whole numbers with thousands separated, other numbers as JavaScript prints them (format
 * them first to fix their digits), control characters and line ends as spaces.
 */
export function cellText(cell: Cell): string {
  if (cell === null || cell === undefined || (typeof cell === "number" && !Number.isFinite(cell))) return "–";
  if (typeof cell === "number") return Number.isInteger(cell) ? cell.toLocaleString("en-US") : String(cell);
  return cell.replace(/\p{Cc}+/gu, " ");
}

/** Which columns hold figures only ("85.3 ± 1.2", "12 %", "1,002,808", a dash), and so stand to the right. */
export function numericColumns(columns: readonly string[], rows: readonly (readonly Cell[])[]): boolean[] {
  return columns.map((_, column) => {
    const texts = rows.map((row) => cellText(row[column])).filter((text) => text !== "–" && text !== "");
    return texts.length > 0 && texts.every((text) => numeric.test(text));
  });
}

/**
 * Refuses a row that has not one cell for each column.
 * @throws ReportError that names the row.
 */
export function requireRows(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  what: string,
): void {
  for (const [index, row] of rows.entries()) {
    if (row.length !== columns.length) {
      throw new ReportError(
        `Row ${index + 1} of ${what} has ${row.length} cells for ${columns.length} columns.`,
      );
    }
  }
}

/**
 * A table for the terminal: columns aligned, figures to the right, a line below the head; no line end at
 * the end.
 * @throws ReportError for a row that has not one cell for each column.
 */
export function formatTable(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const { texts, widths, right } = layOut(columns, rows, cellText);
  const line = (cells: readonly string[]) =>
    cells
      .map((text, c) => pad(text, widths[c], right[c]))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [line(texts[0]), rule, ...texts.slice(1).map(line)].join("\n");
}

/**
 * The same as a Markdown table (GitHub's); no line end at the end.
 * @throws ReportError for a row that has not one cell for each column.
 */
export function formatMarkdownTable(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const { texts, widths, right } = layOut(columns, rows, (cell) =>
    cellText(cell)
      .replace(/[\\|`*_[\]]/g, "\\$&")
      .replaceAll("<", "&lt;"),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, c) => pad(text, widths[c], right[c])).join(" | ")} |`;
  const rule = widths.map((width, c) => (right[c] ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  return [line(texts[0]), line(rule), ...texts.slice(1).map(line)].join("\n");
}

function layOut(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  textOf: (cell: Cell) => string,
): { texts: string[][]; widths: number[]; right: boolean[] } {
  requireRows(columns, rows, "the table");
  const texts = [columns, ...rows].map((row) => row.map(textOf));
  // Three is the least that a Markdown rule may have.
  const widths = columns.map((_, c) => Math.max(3, ...texts.map((row) => displayWidth(row[c]))));
  return { texts, widths, right: numericColumns(columns, rows) };
}

function pad(text: string, width: number, right: boolean): string {
  const space = " ".repeat(width - displayWidth(text));
  return right ? space + text : text + space;
}

/** Terminal columns that a text takes: two for each East Asian wide character or emoji, none for marks. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
