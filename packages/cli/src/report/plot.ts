import type { Spec } from "vega";
import type { Config, TopLevelSpec } from "vega-lite";

/** Colours that can be told apart on white and on black. */
export const palette = [
  "#3b82f6",
  "#e8743b",
  "#19a979",
  "#c94f9c",
  "#8b6cef",
  "#c99a12",
  "#13a4b4",
  "#e05252",
  "#7f8c8d",
  "#6b8e23",
];

const font = "system-ui, sans-serif";

/**
 * Lines and texts take the page's own colour, so that one drawing serves light and dark.
 * Drawn elements carry no descriptions for screen readers: the figure has one, and a plot has thousands.
 */
export const plotConfig = {
  aria: false,
  background: "transparent",
  font,
  axis: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    domainColor: "currentColor",
    tickColor: "currentColor",
    gridColor: "currentColor",
    domainOpacity: 0.4,
    tickOpacity: 0.4,
    gridOpacity: 0.12,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelLimit: 140,
  },
  legend: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    labelFontSize: 12,
    labelLimit: 260,
    symbolStrokeWidth: 2.5,
  },
  range: { category: palette },
  view: { stroke: null },
} as const;

/** Draws a Vega-Lite specification as one SVG element, without a browser. */
export async function drawVegaLite(spec: TopLevelSpec): Promise<string> {
  const { compile } = await import("vega-lite");
  return drawVega(compile(spec, { config: plotConfig as unknown as Config }).spec as Spec);
}

/**
 * Draws a Vega specification as one SVG element.
 * @throws Error with Vega's own message where it cannot draw the specification.
 */
export async function drawVega(spec: Spec): Promise<string> {
  // Loaded here, as the verbs that draw nothing should not wait for it.
  const vega = await import("vega");
  const view = new vega.View(vega.parse(spec), { renderer: "none" });
  // Vega only logs what goes wrong while it draws, and would leave a broken picture.
  const failures: unknown[] = [];
  const logger = vega.logger(vega.Error);
  logger.error = (...messages: readonly unknown[]) => {
    failures.push(...messages);
    return logger;
  };
  view.logger(logger);
  try {
    const svg = await view.toSVG();
    if (failures.length > 0)
      throw failures[0] instanceof Error ? failures[0] : new Error(String(failures[0]));
    return svg;
  } finally {
    view.finalize();
  }
}
