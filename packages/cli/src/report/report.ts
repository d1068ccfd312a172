import { greyDataUri } from "./faces.js";
import { escapeHtml, page } from "./html.js";
import { drawConfusion, drawCurves, drawReliability, drawScatter } from "./plots.js";
import type { FacesSection, Report, Section, TableSection } from "./sections.js";
import { cellText, numericColumns, requireRows } from "./table.js";

/**
 * A report as one HTML page that needs nothing beside itself: plots are inline SVG, faces are data URIs.
 * @returns the page's text, to be written as UTF-8.
 * @throws ReportError for a section whose parts do not fit together.
 */
export async function renderReport(report: Report): Promise<string> {
  const subtitle = report.subtitle ? `\n<p>${escapeHtml(report.subtitle)}</p>` : "";
  const parts = [`<header>\n<h1>${escapeHtml(report.title)}</h1>${subtitle}\n</header>`];
  for (const section of report.sections) {
    const heading = section.title ? `<h2>${escapeHtml(section.title)}</h2>\n` : "";
    parts.push(`<section>\n${heading}${await renderSection(section)}\n</section>`);
  }
  return page(report.title, parts.join("\n"));
}

async function renderSection(section: Section): Promise<string> {
  switch (section.kind) {
    case "text":
      return section.paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join("\n");
    case "table":
      return renderTable(section);
    case "curves":
      return renderPlot(await drawCurves(section), section.caption);
    case "confusion":
      return renderPlot(await drawConfusion(section), section.caption);
    case "reliability":
      return renderPlot(await drawReliability(section), section.caption);
    case "scatter":
      return renderPlot(await drawScatter(section), section.caption);
    case "faces":
      return renderFaces(section);
    case "code": {
      const caption = section.caption ? `<figcaption>${escapeHtml(section.caption)}</figcaption>\n` : "";
      return `<figure>\n${caption}<pre><code>${escapeHtml(section.code)}</code></pre>\n</figure>`;
    }
  }
}

function renderTable({ columns, rows, caption }: TableSection): string {
  requireRows(columns, rows, `the table "${caption}"`);
  const numbers = numericColumns(columns, rows);
  const kind = (column: number) => (numbers[column] ? ' class="number"' : "");
  const head = columns.map((name, c) => `<th scope="col"${kind(c)}>${escapeHtml(name)}</th>`).join("");
  const body = rows.map((row) => {
    const cells = row.map((cell, c) => `<td${kind(c)}>${escapeHtml(cellText(cell))}</td>`);
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<div class="scroll"><table>
<caption>${escapeHtml(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table></div>`;
}

function renderPlot(svg: string, caption: string): string {
  // A function, as a "$" in the caption would mean something in a replacement text.
  const labelled = svg.replace("<svg ", () => `<svg role="img" aria-label="${escapeHtml(caption)}" `);
  return `<figure>\n${labelled}\n<figcaption>${escapeHtml(caption)}</figcaption>\n</figure>`;
}

async function renderFaces({ faces, caption }: FacesSection): Promise<string> {
  const figures: string[] = [];
  for (const face of faces) {
    const text = escapeHtml(face.caption);
    figures.push(
      `<figure class="face"><img src="${await greyDataUri(face)}" alt="${text}"><figcaption>${text}</figcaption></figure>`,
    );
  }
  return `<figure>\n<div class="faces">\n${figures.join("\n")}\n</div>\n<figcaption>${escapeHtml(caption)}</figcaption>\n</figure>`;
}
