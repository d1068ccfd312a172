import { drawVega, drawVegaLite, palette, plotConfig } from "./plot.js";
import { ReportError } from "./report-error.js";
import type { ConfusionSection, CurvesSection, ReliabilitySection, ScatterSection } from "./sections.js";

/** Lines of several series in one frame, as SVG. */
export function drawCurves({ series, xTitle, yTitle }: CurvesSection): Promise<string> {
  const values = series.flatMap(({ name, points }) =>
    points.filter((point) => point.every(Number.isFinite)).map(([x, y]) => ({ name, x, y })),
  );
  const names = [...new Set(series.map(({ name }) => name))];
  return drawVegaLite({
    data: { values },
    width: 620,
    height: 280,
    mark: { type: "line", strokeWidth: 2, interpolate: "linear", point: values.length <= 3 * names.length },
    encoding: {
      x: { field: "x", type: "quantitative", title: xTitle, scale: { zero: false, nice: false } },
      y: { field: "y", type: "quantitative", title: yTitle, scale: { zero: false } },
      color: {
        field: "name",
        type: "nominal",
        title: null,
        sort: names,
        legend: { orient: "bottom", columns: 3 },
      },
    },
  });
}

/**
 * A confusion matrix as SVG: each cell shaded by its share of the true class, with its count.
 * @throws ReportError when the matrix is not labels * labels.
 */
export function drawConfusion({ labels, matrix, caption }: ConfusionSection): Promise<string> {
  if (matrix.length !== labels.length || matrix.some((row) => row.length !== labels.length)) {
    throw new ReportError(`The confusion matrix "${caption}" has not ${labels.length} rows and columns.`);
  }
  const values = matrix.flatMap((row, truth) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, predicted) => {
      const share = all === 0 ? 0 : count / all;
      const percent = count === 0 ? "" : `${(share * 100).toFixed(0)} %`;
      return { truth, predicted, share, count: count === 0 ? "" : count.toLocaleString("en-US"), percent };
    });
  });
  // The axes hold places, not names, which need not differ and may hold anything.
  const order = labels.map((_, index) => index);
  const names = `${JSON.stringify(labels)}[datum.value]`;
  const step = 56;
  const text = (field: string, dy: number, fontSize: number) => ({
    mark: { type: "text" as const, dy, fontSize, fill: "currentColor", opacity: 1 },
    encoding: { text: { field, type: "nominal" as const } },
  });
  return drawVegaLite({
    data: { values },
    width: { step },
    height: { step: 40 },
    encoding: {
      x: {
        field: "predicted",
        type: "ordinal",
        title: "predicted",
        scale: { domain: order },
        axis: {
          orient: "top",
          labelExpr: names,
          labelAngle: -40,
          labelAlign: "left",
          domain: false,
          ticks: false,
        },
      },
      y: {
        field: "truth",
        type: "ordinal",
        title: "true",
        scale: { domain: order },
        axis: { labelExpr: names, domain: false, ticks: false },
      },
    },
    layer: [
      {
        mark: { type: "rect", fill: palette[0], stroke: "currentColor", strokeOpacity: 0.15 },
        encoding: {
          // Never so full that the page's text colour could not be read on it.
          fillOpacity: {
            field: "share",
            type: "quantitative",
            scale: { domain: [0, 1], range: [0, 0.65] },
            legend: null,
          },
        },
      },
      text("percent", -6, 12),
      text("count", 9, 10),
    ],
  });
}

/** Accuracy over confidence as SVG: a bar for each bin that holds images, and the diagonal of the ideal. */
export function drawReliability({ bins }: ReliabilitySection): Promise<string> {
  const all = bins.reduce((sum, { count }) => sum + count, 0);
  const values = bins.filter(({ count }) => count > 0).map((bin) => ({ ...bin, share: bin.count / all }));
  const scale = { domain: [0, 1], nice: false };
  return drawVegaLite({
    data: { values },
    width: 320,
    height: 320,
    layer: [
      {
        mark: { type: "rect", fill: palette[0], fillOpacity: 0.45, stroke: palette[0] },
        encoding: {
          x: { field: "low", type: "quantitative", scale, title: "probability of the predicted class" },
          x2: { field: "high" },
          y: { field: "accuracy", type: "quantitative", scale, title: "share predicted rightly" },
          y2: { datum: 0 },
        },
      },
      {
        data: { values: [{ end: 0 }, { end: 1 }] },
        mark: { type: "line", strokeDash: [5, 4], stroke: "currentColor", strokeOpacity: 0.7 },
        encoding: {
          x: { field: "end", type: "quantitative", scale },
          y: { field: "end", type: "quantitative", scale },
        },
      },
      {
        mark: { type: "circle", fill: palette[1], opacity: 0.9 },
        encoding: {
          x: { field: "confidence", type: "quantitative", scale },
          y: { field: "accuracy", type: "quantitative", scale },
          size: {
            field: "share",
            type: "quantitative",
            scale: { domain: [0, 1], range: [20, 500] },
            legend: null,
          },
        },
      },
    ],
  });
}

/** Where a point's name may stand, the best place first: close by, or else a little further away. */
const labelPlaces = [
  ...(
    ["right", "left", "top", "bottom", "top-right", "bottom-right", "top-left", "bottom-left"] as const
  ).map((anchor) => ({ anchor, offset: 7 })),
  ...(["bottom-left", "bottom", "bottom-right"] as const).map((anchor) => ({ anchor, offset: 12 })),
];

/**
 * Points with their names as SVG; a name for which there is no room is left out.
 * @throws ReportError for a point that is not finite, or not above 0 on a logarithmic axis.
 */
export function drawScatter({ points, xTitle, yTitle, logarithmic }: ScatterSection): Promise<string> {
  for (const { x, y, label } of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y) || (logarithmic && x <= 0)) {
      throw new ReportError(`The point "${label}" cannot be drawn at (${x}, ${y}).`);
    }
  }
  const groups = [...new Set(points.map(({ group }) => group ?? ""))];
  // Vega itself rather than Vega-Lite, which cannot keep labels from lying on each other.
  const axis = { labelFlush: false, labelOverlap: true } as const;
  return drawVega({
    config: plotConfig as unknown as Record<string, unknown>,
    width: 620,
    height: 360,
    padding: 5,
    data: [{ name: "points", values: points.map((point) => ({ ...point, group: point.group ?? "" })) }],
    scales: [
      {
        name: "x",
        type: logarithmic ? "log" : "linear",
        domain: { data: "points", field: "x" },
        range: "width",
        padding: 40,
        ...(logarithmic ? {} : { zero: false }),
      },
      {
        name: "y",
        type: "linear",
        domain: { data: "points", field: "y" },
        range: "height",
        padding: 16,
        zero: false,
      },
      { name: "color", type: "ordinal", domain: groups, range: palette },
    ],
    axes: [
      { ...axis, scale: "x", orient: "bottom", title: xTitle, grid: true, tickCount: 8, format: "~s" },
      { ...axis, scale: "y", orient: "left", title: yTitle, grid: true, tickCount: 6 },
    ],
    legends: groups.length > 1 ? [{ fill: "color", orient: "bottom", columns: 4, symbolType: "circle" }] : [],
    marks: [
      {
        type: "symbol",
        from: { data: "points" },
        encode: {
          enter: {
            x: { scale: "x", field: "x" },
            y: { scale: "y", field: "y" },
            size: { value: 60 },
            fill: { scale: "color", field: "group" },
          },
        },
      },
      {
        type: "text",
        // Placed by the data, not by the dots: to keep clear of drawn marks Vega would need a canvas.
        from: { data: "points" },
        encode: {
          enter: {
            x: { scale: "x", field: "x" },
            y: { scale: "y", field: "y" },
            text: { field: "label" },
            fontSize: { value: 11 },
            fill: { value: "currentColor" },
          },
        },
        transform: [
          {
            type: "label",
            size: { signal: "[width, height]" },
            anchor: labelPlaces.map(({ anchor }) => anchor),
            offset: labelPlaces.map(({ offset }) => offset),
            padding: 20,
          },
        ],
      },
    ],
  });
}
