import { join } from "node:path";
import {
  type Dataset,
  type DistillationOptions,
  holdOutBySubject,
  selectImages,
} from "@microexpnet/training";
import type { Command } from "commander";
import { createClassifier } from "microexpnet";
import { createNetwork, type Model, renderView, wholeImageView } from "microexpnet/internal";
import {
  addCommonOptions,
  type CommonOptions,
  message,
  parseInteger,
  printResult,
  runAction,
} from "../console.js";
import { evaluateModel } from "../evaluation/evaluate-model.js";
import { writeFileAtomically } from "../models.js";
import { renderReport } from "../report/report.js";
import type { Section } from "../report/sections.js";
import { formatTable } from "../report/table.js";
import { costOf } from "../runs/cost.js";
import { loadWithProgress } from "../runs/run-data.js";
import { RunDirectory } from "../runs/run-directory.js";
import { type RunOutcome, type RunRequest, runTrainingInto } from "../runs/run-training.js";
import { defaultFlags, type TrainingFlags } from "../runs/training-flags.js";
import { learningCurves } from "../runs/training-report.js";
import { measureFramesPerSecond } from "../speed.js";

interface StartOptions extends CommonOptions {
  out: string;
  people: number;
  epochs: number;
}

/** Sized so that the whole takes well under two minutes on two cores. */
const defaults = { people: 100, epochs: 30 };
const imagesOfEach = 24;
/** The faces are drawn turned, shifted and unevenly lit already, so their views vary little more. */
const sharedFlags: TrainingFlags = {
  ...defaultFlags,
  averageDecay: 0.99,
  batch: 64,
  augmentation: "gentle",
  normalize: true,
};
/** Barely softened probabilities; on drawn faces standardised logits came out lower. */
const distillation: DistillationOptions = { kind: "hinton", temperature: 2, lambda: 0.9 };

const columns = ["Network", "Parameters", "KB", "MMACs", "Accuracy alone", "Distilled", "Frames/s"];
const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

export function registerStart(program: Command): void {
  const command = program
    .command("start")
    .description(
      "the whole system in two minutes: drawn faces, a teacher, a student alone and distilled, a table",
    )
    .option("--out <folder>", "folder for the models and the report", "runs/start")
    .option("--people <number>", "people to draw faces of", parseInteger(4, 10_000), defaults.people)
    .option(
      "--epochs <number>",
      "passes of the students; the teacher takes a fifth more",
      parseInteger(1, 10_000),
      defaults.epochs,
    );
  addCommonOptions(command).action((options: StartOptions) =>
    runAction(options, (signal) => start(options, signal)),
  );
}

async function start(options: StartOptions, signal: AbortSignal): Promise<void> {
  const { seed, out, people, epochs } = options;
  const spec = `synthetic:subjects=${people},images=${imagesOfEach}`;
  const teacherFlags = { ...sharedFlags, epochs: Math.ceil(1.2 * epochs) };
  const studentFlags = { ...sharedFlags, epochs, views: Math.min(6, epochs) };
  message(`1/5 Drawing faces: ${people} people, eight expressions.`);
  const dataset = await loadWithProgress(`${spec},seed=${seed}`, signal);
  const held = holdOutBySubject(dataset, 0.25, seed);
  const [train, test] = [selectImages(dataset, held.train), selectImages(dataset, held.valid)];
  message(`${train.count} faces to learn from, ${test.count} of other people to measure on.`);
  const run = (name: string, folder: string, request: Partial<RunRequest>) =>
    runTrainingInto(join(out, folder), {
      title: folder,
      network: createNetwork(name, dataset.labels.length),
      train,
      flags: studentFlags,
      seed,
      provenance: { data: spec, seed, ...(request.provenance ?? {}) },
      signal,
      ...request,
    });
  message("2/5 Training the teacher.");
  const teacher = await run("teacher-small", "teacher", { flags: teacherFlags });
  message("3/5 Training MicroExpNet alone.");
  const alone = await run("microexpnet-2019", "alone", {});
  message("4/5 Training MicroExpNet with the teacher's soft targets.");
  const distilled = await run("microexpnet-2019", "distilled", {
    teachers: [{ ...teacher.model, labels: dataset.labels }],
    distillation,
    teacherCacheFile: join(out, "teacher-logits.bin"),
    provenance: { data: spec, seed, teachers: ["teacher"] },
  });
  message("5/5 Measuring on people that no network has seen.");
  const outcomes = { teacher, alone, distilled };
  const result = await measure(outcomes, test, signal);
  const table = [result.teacherRow, result.studentRow];
  await writeReport(out, outcomes, result, test, table);
  printResult(options, { out, ...result.json }, () =>
    [
      formatTable(columns, table),
      "",
      "A few faces of the test people, by the distilled student:",
      formatTable(
        ["Shown", "Answer", "Probability"],
        result.examples.map(({ row }) => row),
      ),
      "",
      `The models, their learning curves and report.html are in ${out}.`,
      "With faces of your own, one folder a class:",
      "  npx microexpnet train teacher --data folder:PATH --out runs/teacher",
      "  npx microexpnet distill microexpnet-2019 --teacher runs/teacher/model.safetensors --data folder:PATH --out runs/student",
      "  npx microexpnet evaluate runs/student/model.safetensors --data folder:PATH",
    ].join("\n"),
  );
}

type Outcomes = Readonly<Record<"teacher" | "alone" | "distilled", RunOutcome>>;

async function measure(outcomes: Outcomes, test: Dataset, signal: AbortSignal) {
  const { teacher, alone, distilled } = outcomes;
  const evaluate = async ({ model }: RunOutcome) => (await evaluateModel(model, test, signal)).figures;
  const [ofTeacher, ofAlone, ofDistilled] = [
    await evaluate(teacher),
    await evaluate(alone),
    await evaluate(distilled),
  ];
  const cells = (model: Model) => {
    const { parameters, kilobytes, megaMacs } = costOf(model);
    return [model.network.name, parameters, kilobytes.toFixed(0), megaMacs.toFixed(2)];
  };
  const speed = (model: Model) => measureFramesPerSecond(model, 1);
  const [teacherSpeed, studentSpeed] = [speed(teacher.model), speed(distilled.model)];
  return {
    evaluations: { teacher: ofTeacher, alone: ofAlone, distilled: ofDistilled },
    teacherRow: [...cells(teacher.model), percent(ofTeacher.accuracy), "", Math.round(teacherSpeed)],
    studentRow: [
      ...cells(distilled.model),
      percent(ofAlone.accuracy),
      percent(ofDistilled.accuracy),
      Math.round(studentSpeed),
    ],
    examples: exampleFaces(distilled.model, test),
    json: {
      testImages: test.count,
      teacher: { accuracy: ofTeacher.accuracy, framesPerSecond: teacherSpeed },
      student: {
        accuracyAlone: ofAlone.accuracy,
        accuracyDistilled: ofDistilled.accuracy,
        framesPerSecond: studentSpeed,
      },
    },
  };
}

/** The student's answers for one face of each class, each of another person where there are enough. */
function exampleFaces(model: Model, test: Dataset) {
  const classifier = createClassifier(model);
  const [height, width] = classifier.inputShape;
  return test.labels.map((label, index) => {
    const members = Array.from({ length: test.count }, (_, i) => i).filter((i) => test.classes[i] === index);
    const image = members[(index * 7) % members.length];
    const area = test.size ** 2;
    const pixels = test.pixels.slice(image * area, (image + 1) * area);
    const input = new Uint8Array(height * width);
    renderView(pixels, test.size, test.size, wholeImageView(test.size, test.size), input, height, width);
    const probabilities = classifier.probabilities(input);
    const best = probabilities.indexOf(probabilities.reduce((a, b) => Math.max(a, b)));
    const answer = test.labels[best];
    return { pixels, size: test.size, answer, label, row: [label, answer, percent(probabilities[best])] };
  });
}

async function writeReport(
  out: string,
  outcomes: Outcomes,
  result: Awaited<ReturnType<typeof measure>>,
  test: Dataset,
  rows: (string | number)[][],
): Promise<void> {
  const names = {
    teacher: "Teacher",
    alone: "MicroExpNet alone",
    distilled: "MicroExpNet distilled",
  } as const;
  const keys = Object.keys(names) as (keyof Outcomes)[];
  const sections: Section[] = [
    {
      kind: "text",
      paragraphs: [
        "Faces drawn by program, so these figures say that the system works, not how good it is on people.",
        `Accuracy is measured on ${test.count} faces of people that no network has seen.`,
      ],
    },
    { kind: "table", caption: "Networks", columns, rows },
    ...keys.flatMap((key): Section[] => [
      ...learningCurves(outcomes[key].history, `${names[key]}: `),
      {
        kind: "confusion",
        caption: `${names[key]}: confusion matrix on the test people`,
        labels: test.labels,
        matrix: result.evaluations[key].confusion,
      },
    ]),
    {
      kind: "faces",
      caption: "Answers of the distilled student",
      faces: result.examples.map(({ pixels, size, label, answer }) => ({
        pixels,
        size,
        caption: `${label}: ${answer}`,
      })),
    },
  ];
  const directory = await RunDirectory.open(out);
  const report = await renderReport({ title: "MicroExpNet, the whole system on drawn faces", sections });
  await writeFileAtomically(directory.file("report.html"), new TextEncoder().encode(report));
}
