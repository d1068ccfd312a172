// Writes the model card of a model with its figures, all of them measured now, and two plots beside it.
//   node scripts/model-card.mjs micro --ferplus PATH [--ckplus PATH] [--photos PATH] [--model FILE] [--float FILE]
//     --trained "npm run train:micro -- --data ferplus:PATH" --out docs/models
// --model is the shipped file (by default the shipped model of that name), --float the same before 8 bits.
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { drawConfusion, drawReliability } from "../packages/cli/dist/report/plots.js";
import { formatMarkdownTable } from "../packages/cli/dist/report/table.js";
import { analyze, readModel, shippedModels } from "../packages/runtime/dist/index.js";

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    ferplus: { type: "string" },
    ckplus: { type: "string" },
    photos: { type: "string" },
    model: { type: "string" },
    float: { type: "string" },
    trained: { type: "string" },
    out: { type: "string", default: "docs/models" },
  },
});
const [name] = positionals;
if (positionals.length !== 1 || !options.ferplus || !options.trained) {
  console.error("Give a model's name, --ferplus PATH and --trained COMMAND; see the head of this file.");
  process.exit(2);
}

const command = fileURLToPath(new URL("../packages/cli/bin/microexpnet.js", import.meta.url));
function microexpnet(...words) {
  const { status, stdout } = spawnSync(process.execPath, [command, ...words, "--json"], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  // A folder with a picture that cannot be read still has an answer for all others.
  if (status !== 0 && !stdout) process.exit(status ?? 1);
  return JSON.parse(stdout);
}

const file = options.model ?? fileURLToPath(shippedModels[name]);
const model = await readModel(file);
const { parameterCount, multiplyAccumulates } = analyze(model.network);
const { height, width } = model.network.input;
/** Share of the training views in which faces were animated, where any were. */
const { animate: animated } = model.provenance;
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const count = (value) => value.toLocaleString("en-US");

const faces = ["--data", `ferplus:${options.ferplus}`, "--split", "valid"];
const ferplus = microexpnet("evaluate", file, ...faces, "--robustness");
const uniform = microexpnet("evaluate", file, ...faces, "--prior", "uniform");
const exact = options.float && microexpnet("evaluate", options.float, ...faces);
const ckplus =
  options.ckplus && microexpnet("evaluate", file, "--data", `ckplus48:${options.ckplus}`, "--split", "all");
const plain =
  options.ckplus &&
  microexpnet(
    ...["evaluate", file, "--data", `ckplus48:${options.ckplus}`, "--split", "all"],
    ...["--among", "all", "--prior", "training"],
  );

/** Mean recall over the classes of press photographs that a model has, found by the detector on the way. */
function judgePhotos() {
  const [head, ...rows] = readFileSync(join(options.photos, "labels.csv"), "utf8").trim().split(/\r?\n/);
  const column = (title) => head.split(",").indexOf(title);
  const truth = new Map(
    rows.map((row) => row.split(",")).map((cells) => [cells[column("path")], cells[column("label")]]),
  );
  const wanted = ["anger", "happiness", "neutral", "sadness", "surprise"];
  const right = Object.fromEntries(wanted.map((label) => [label, []]));
  let found = 0;
  for (const { path, faces: seen } of microexpnet("predict", options.photos, "--model", file).files) {
    const label = [...truth].find(([end]) => path.endsWith(end))?.[1];
    if (seen.length > 0) found++;
    right[label]?.push(seen[0]?.label === label);
  }
  const share = (answers) => answers.filter(Boolean).length / answers.length;
  const recalls = wanted
    .filter((label) => right[label].length > 0)
    .map((label) => [label, share(right[label])]);
  return {
    found,
    all: truth.size,
    recalls,
    mean: recalls.reduce((sum, [, value]) => sum + value, 0) / recalls.length,
  };
}
const photos = options.photos && judgePhotos();

/** A drawing that is read on white and on black alike when it is shown as a picture. */
function writePlot(kind, svg) {
  const [, w, h] = /width="([\d.]+)" height="([\d.]+)"/.exec(svg);
  const body = svg
    .replaceAll("currentColor", "#444")
    .replace(/>/, `><rect width="${w}" height="${h}" fill="#fff"/>`);
  writeFileSync(join(options.out, `${name}-${kind}.svg`), `${body}\n`);
}
writePlot(
  "confusion",
  await drawConfusion({
    kind: "confusion",
    caption: name,
    labels: ferplus.labels,
    matrix: ferplus.confusion,
  }),
);
writePlot(
  "calibration",
  await drawReliability({ kind: "reliability", caption: name, bins: ferplus.reliability }),
);

const recall = (evaluation, label) => evaluation.perClass.find((c) => c.label === label)?.recall ?? 0;
const classRows = ferplus.perClass.map((c) => [
  c.label,
  percent(c.precision),
  percent(c.recall),
  percent(recall(uniform, c.label)),
  ...(ckplus
    ? [
        ckplus.perClass.find((d) => d.label === c.label && d.support > 0)
          ? percent(recall(ckplus, c.label))
          : "",
      ]
    : []),
  count(c.support),
]);
const robustRows = ferplus.robustness.map((r) => [
  r.change,
  r.amount,
  percent(r.accuracy),
  (100 * (r.accuracy - ferplus.accuracy)).toFixed(1),
]);

const lines = [
  `# Model card: \`${name}\``,
  "",
  `Comes with the package \`microexpnet\`: \`loadClassifier("${name}")\`. All figures of this card were written by`,
  "`scripts/model-card.mjs`.",
  "",
  formatMarkdownTable(
    ["What", "Value"],
    [
      [
        "Input",
        `one face, ${height} x ${width} grey bytes, cropped as in FER+ (the recogniser does it, by eyes and mouth)`,
      ],
      ["Answer", model.labels.join(", ")],
      [
        "Parameters, products",
        `${count(parameterCount)}; ${(multiplyAccumulates / 1e6).toFixed(2)} million multiply-accumulates a face`,
      ],
      [
        "File",
        `${(statSync(file).size / 1000).toFixed(1)} KB: weights in 8 bits with a scale per filter, safetensors`,
      ],
      ["Temperature", `${model.calibration.temperature.toFixed(3)}, fitted on the validation faces`],
      ...(model.calibration.threshold
        ? [
            [
              "Uncertain below",
              `${percent(model.calibration.threshold)}: surer answers were right nine times in ten on the validation faces`,
            ],
          ]
        : []),
      ["Trained by", options.trained],
    ],
  ),
  "",
  "## Data and terms",
  "",
  "FER2013's faces (Kaggle challenge 2013, Database Contents License) with the votes of FER+ (MIT): 28,385 training",
  "faces from web searches, 48 x 48 pixels, labelled by ten annotators each. Faces on which `unknown` or `not a",
  "face` won the vote are left out. Nothing else was used: not CK+, not the press photographs.",
  ...(animated
    ? [
        `In ${Math.round(100 * animated)} % of the last epochs' views, brows, eyes and mouth were moved to show more of an expression (\`--animate\`), because`,
        "anger with pressed lips, fear and contempt were missed on CK+; short trainings with and without were compared on it.",
      ]
    : []),
  "",
  "## How good it is",
  "",
  `On the ${count(ferplus.count)} validation faces of FER+ (\`microexpnet evaluate ${name} --data ferplus:PATH --split valid\`),`,
  "by whose accuracy the best epoch, and networks and recipes before it, were chosen, so expect less on other faces. No weights",
  "learned from CK+, but ways of dividing by the classes' shares were compared on it, so its figure is a little too kind as well:",
  "",
  formatMarkdownTable(
    ["Measure", "Value"],
    [
      [
        "Accuracy, eight classes",
        percent(ferplus.accuracy) + (exact ? ` (before 8 bits: ${percent(exact.accuracy)})` : ""),
      ],
      ["Macro-F1", percent(ferplus.macroF1)],
      ["Expected calibration error", percent(ferplus.ece)],
      [
        "With each class expected equally often: accuracy, macro-F1",
        `${percent(uniform.accuracy)}, ${percent(uniform.macroF1)}`,
      ],
      ...(ckplus
        ? [
            [
              `CK+, ${count(ckplus.count)} posed faces, never trained on, among its seven classes, each expected equally often`,
              percent(ckplus.accuracy),
            ],
            ["The same, free to say neutral, with the shares of FER+", percent(plain.accuracy)],
          ]
        : []),
      ...(photos
        ? [
            [`${photos.all} press photographs from detector to answer: faces found`, count(photos.found)],
            [`Mean recall of ${photos.recalls.map(([label]) => label).join(", ")}`, percent(photos.mean)],
          ]
        : []),
    ],
  ),
  "",
  `![Confusion matrix on validation](${name}-confusion.svg)`,
  "",
  `![Share predicted rightly against probability](${name}-calibration.svg)`,
  "",
  formatMarkdownTable(
    ["Class", "Precision", "Recall", "Recall, equal shares", ...(ckplus ? ["Recall on CK+"] : []), "Faces"],
    classRows,
  ),
  "",
  "Disgust, fear and contempt are under 3 % of the faces it learned from, so it seldom says them unless it is told to",
  'expect each class equally often: `probabilities(pixels, { prior: "uniform" })`, `predict --prior uniform`. That finds',
  "them at the price of some neutral faces. `{ among: [...] }` leaves classes out, for example contempt.",
  "",
  "Nor do people agree on every face. Its accuracy by the share of the ten annotators who named a face's class:",
  "",
  formatMarkdownTable(
    ["Annotators who agree", "Faces", "Accuracy"],
    ferplus.agreement.map(({ from, to, count: faces, accuracy }) => [
      from === 0 ? `up to ${100 * to} %` : `over ${100 * from} to ${100 * to} %`,
      count(faces),
      percent(accuracy),
    ]),
  ),
  "",
  "## What changes its mind",
  "",
  "The same validation faces, all changed in one manner (`evaluate --robustness`):",
  "",
  formatMarkdownTable(["Change", "Amount", "Accuracy", "Points"], robustRows),
  "",
  "## What it was not measured for",
  "",
  "Age, skin, gender, real glasses, beards, masks and hands: the data carry no such labels, so nobody knows whether it",
  "treats people alike (the covered faces above have a grey bar, no more). Faces seen from the side. FER2013 came from",
  "searches by keyword and shows many actors and few old people.",
  "",
  "## Uses",
  "",
  "Meant for demonstrations, teaching, research, games and interfaces whose users know of it and can turn it off. Not",
  "meant, and not good enough, for any decision about a person: hiring, schooling, policing, insurance, medicine, or",
  "watching people at work. A face shows an expression; what a person feels is another matter.",
  "",
];
writeFileSync(join(options.out, `${name}.md`), lines.join("\n"));
console.error(`${join(options.out, `${name}.md`)} and its two plots are written.`);
