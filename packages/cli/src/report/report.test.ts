import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { renderReport } from "./report.js";
import type { Report, Section } from "./sections.js";

const nasty = `<script>alert("x")</script> & 'quoted' $& {{x}}`;

/** Every kind of section, with a hostile text in every place that takes one. */
const sections: Section[] = [
  { kind: "text", title: nasty, paragraphs: ["First.", nasty] },
  { kind: "table", caption: nasty, columns: ["name", nasty], rows: [[nasty, "85.3 ± 1.2"]] },
  {
    kind: "curves",
    caption: nasty,
    xTitle: nasty,
    yTitle: nasty,
    series: [
      {
        name: nasty,
        points: [
          [0, 1],
          [1, Number.NaN],
          [2, 0.5],
        ],
      },
      {
        name: "alone",
        points: [
          [0, 0.9],
          [2, 0.25],
        ],
      },
    ],
  },
  {
    kind: "confusion",
    caption: nasty,
    labels: [nasty, "sad", "sad"],
    matrix: [
      [1234, 0, 0],
      [1, 3, 0],
      [0, 0, 0],
    ],
  },
  {
    kind: "reliability",
    caption: nasty,
    bins: [
      { low: 0, high: 0.5, count: 0, confidence: 0, accuracy: 0 },
      { low: 0.5, high: 1, count: 4, confidence: 0.8, accuracy: 0.75 },
    ],
  },
  {
    kind: "scatter",
    caption: nasty,
    xTitle: nasty,
    yTitle: nasty,
    logarithmic: true,
    points: [
      { x: 65_000, y: 72, label: nasty, group: nasty },
      { x: 1_002_808, y: 80, label: "v-M", group: "v" },
    ],
  },
  {
    kind: "faces",
    caption: nasty,
    faces: [{ pixels: Uint8Array.of(0, 50, 100, 255), size: 2, caption: nasty }],
  },
  { kind: "code", caption: nasty, code: `${nasty}\nsecond line` },
];
const report: Report = { title: nasty, subtitle: nasty, sections };
const render = (...only: Section[]) => renderReport({ title: "t", sections: only });

interface Tag {
  readonly name: string;
  readonly attributes: Map<string, string>;
}

/** Reads the page's tags strictly: throws where one is not closed in order or a stray < or quote stands. */
function readTags(html: string): { tags: Tag[]; text: string } {
  const tags: Tag[] = [];
  const open: string[] = [];
  let text = "";
  const token = /<!doctype html>|<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/y;
  while (token.lastIndex < html.length) {
    const at = token.lastIndex;
    const match = token.exec(html);
    if (!match) throw new Error(`No tag or text: ${html.slice(at, at + 80)}`);
    const [, end, name, attributes, empty, words] = match;
    if (words !== undefined) {
      if (open.at(-1) !== "style" && /&(?!(amp|lt|gt|quot|#39);)/.test(words))
        throw new Error(`Bare & in ${words}`);
      if (open.at(-1) !== "style") text += words;
    } else if (end) {
      const last = open.pop();
      if (last !== name) throw new Error(`</${name}> closes <${last}>`);
    } else if (name) {
      const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(
        ([, key, value]) => [key, value] as const,
      );
      if (new Set(pairs.map(([key]) => key)).size !== pairs.length)
        throw new Error(`Twice the same in ${match[0]}`);
      tags.push({ name, attributes: new Map(pairs) });
      if (!empty && !["meta", "img"].includes(name)) open.push(name);
    }
  }
  if (open.length > 0) throw new Error(`Not closed: ${open}`);
  return { tags, text };
}

const svgs = (html: string) => html.match(/<svg .*?<\/svg>/gs) ?? [];

describe("a report of every kind of section", async () => {
  const html = await renderReport(report);
  const { tags, text } = readTags(html);

  it("is closed and quoted properly throughout", () => {
    for (const name of ["html", "head", "title", "style", "body", "h1"]) {
      expect(tags.filter((tag) => tag.name === name).length).toBe(1);
    }
    expect(tags.filter((tag) => tag.name === "section").length).toBe(sections.length);
  });

  it("shows hostile text as text", () => {
    expect(tags.filter(({ name }) => name === "script")).toEqual([]);
    expect(html).not.toContain("<script");
    const escaped = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;quoted&#39; $&amp; {{x}}";
    expect(text.split(escaped).length).toBeGreaterThan(12);
    for (const svg of tags.filter(({ name }) => name === "svg")) {
      expect(svg.attributes.get("aria-label")).toBe(escaped);
    }
    expect(
      [...new Set(tags.flatMap(({ attributes }) => [...attributes.keys()]))].filter((key) => /^on/.test(key)),
    ).toEqual([]);
  });

  it("fetches nothing", () => {
    for (const { name, attributes } of tags) {
      expect(["link", "base", "iframe", "object", "embed", "script", "image", "use"]).not.toContain(name);
      for (const [key, value] of attributes) {
        if (/^(src|srcset|href|xlink:href|action|data|poster)$/.test(key))
          expect(value).toMatch(/^data:image\/png;base64,/);
        if (!key.startsWith("xmlns")) expect(value).not.toMatch(/https?:|url\((?!#)/);
      }
    }
    expect(html).not.toMatch(/@import|url\((?!#)/);
    expect(html).toContain("default-src 'none'");
  });

  it("has no id twice", () => {
    const ids = tags.flatMap(({ attributes }) => attributes.get("id") ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("adapts to dark rooms and to paper", () => {
    expect(html).toContain("prefers-color-scheme: dark");
    expect(html).toContain("@media print");
  });

  it("gives each table a caption and each picture words", () => {
    expect(tags.filter(({ name }) => name === "caption").length).toBe(1);
    for (const image of tags.filter(({ name }) => name === "img"))
      expect(image.attributes.get("alt")).not.toBe("");
    expect(html).toContain('<td class="number">85.3 ± 1.2</td>');
  });

  it("draws pictures that another program can read and that are not empty", async () => {
    expect(svgs(html).length).toBe(4);
    for (const svg of svgs(html)) {
      const { channels } = await sharp(Buffer.from(svg)).flatten({ background: "#fff" }).stats();
      expect(channels[0].min).toBeLessThan(120);
      expect(channels[0].stdev).toBeGreaterThan(5);
    }
  });

  it("inlines the very pixels of a face", async () => {
    const source = tags.find(({ name }) => name === "img")!.attributes.get("src")!;
    const { data, info } = await sharp(Buffer.from(source.split(",")[1], "base64"))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([2, 2]);
    expect([...data].filter((_, i) => i % info.channels === 0)).toEqual([0, 50, 100, 255]);
  });
});

it("draws faces from shared memory", async () => {
  const pixels = new Uint8Array(new SharedArrayBuffer(9)).fill(7);
  const html = await render({ kind: "faces", caption: "c", faces: [{ pixels, size: 3, caption: "f" }] });
  expect(html).toContain("data:image/png;base64,");
});

it("writes counts and row shares into the confusion matrix", async () => {
  const labels = ["calm", "glad"];
  const html = await render({
    kind: "confusion",
    caption: "c",
    labels,
    matrix: [
      [1500, 500],
      [0, 3],
    ],
  });
  for (const words of ["75 %", "1,500", "25 %", "500", "100 %", ">3<", "calm", "glad"])
    expect(html).toContain(words);
});

it("names every point of a scatter, in a crowd as well", async () => {
  // Microseconds and accuracies of the paper's networks and ours, as they were measured.
  const points = (
    [
      [181.5, 68.33, "nano"],
      [282.4, 74.51, "micro"],
      [466.9, 76.29, "mini"],
      [46.5, 61.97, "v-XXS"],
      [48.2, 63.43, "v-XS"],
      [52.6, 64.64, "v-S"],
      [96.9, 66.16, "v-M"],
      [74.3, 64.28, "p1-XXS"],
      [76.3, 65.79, "p1-XS"],
      [80.7, 67.71, "p1-S"],
      [123.2, 70.35, "p1-M"],
      [44.1, 61.97, "p2-XXS"],
      [46.5, 63.35, "p2-XS"],
      [50.6, 65.06, "p2-S"],
      [87.6, 66.64, "p2-M"],
      [72.1, 64.64, "p12-XXS"],
      [74.2, 65.37, "p12-XS"],
      [78.3, 67.88, "p12-S"],
      [117.5, 69.17, "p12-M"],
    ] as const
  ).map(([x, y, label]) => ({ x, y, label }));
  const html = await render({
    kind: "scatter",
    caption: "c",
    xTitle: "x",
    yTitle: "y",
    logarithmic: true,
    points,
  });
  // A name without room would be there, too, but transparent.
  for (const { label } of points) expect(html).toMatch(new RegExp(`opacity="1">${label}<`));
});

it("draws an empty set of curves, points and bins without failing", async () => {
  const html = await render(
    { kind: "curves", caption: "c", xTitle: "x", yTitle: "y", series: [] },
    { kind: "scatter", caption: "c", xTitle: "x", yTitle: "y", points: [] },
    { kind: "reliability", caption: "c", bins: [] },
  );
  expect(svgs(html).length).toBe(3);
});

it("gives the same page for the same report", async () => {
  expect(await renderReport(report)).toBe(await renderReport(report));
});

it("refuses parts that do not fit, in a sentence", async () => {
  const face = { pixels: new Uint8Array(5), size: 2, caption: "f" };
  await expect(render({ kind: "faces", caption: "c", faces: [face] })).rejects.toThrow(
    'The face "f" has 5 pixels, not 2 x 2.',
  );
  await expect(
    render({ kind: "confusion", caption: "c", labels: ["a", "b"], matrix: [[1, 2]] }),
  ).rejects.toThrow('The confusion matrix "c" has not 2 rows and columns.');
  await expect(render({ kind: "table", caption: "c", columns: ["a"], rows: [[1], [1, 2]] })).rejects.toThrow(
    'Row 2 of the table "c" has 2 cells for 1 columns.',
  );
  const points = [{ x: 0, y: 1, label: "p" }];
  await expect(
    render({ kind: "scatter", caption: "c", xTitle: "x", yTitle: "y", logarithmic: true, points }),
  ).rejects.toThrow('The point "p" cannot be drawn at (0, 1).');
});
