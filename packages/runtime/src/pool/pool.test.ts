import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { ClassifierError, createClassifier } from "../classifier.js";
import { writeModelFile } from "../model-file.js";
import { analyze } from "../network.js";
import { createNetwork } from "../networks/index.js";
import { startWorker } from "./node.js";
import { createPool, PoolError } from "./pool.js";

const network = createNetwork("microexpnet-2017", 3);
let state = 3;
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32 - 0.5;
};
const classifier = createClassifier(
  {
    network,
    labels: ["a", "b", "c"],
    weights: new Map(
      analyze(network).parameters.map(({ name, length }) => [name, Float32Array.from({ length }, next)]),
    ),
    crop: { source: "whole-image" },
    calibration: { temperature: 2 },
    provenance: {},
  },
  { precision: "int16" },
);
const length = 84 * 84;

/** Images that differ; jobs of unlike sizes, so that they end in another order than they began. */
function images(job: number): Uint8Array {
  return Uint8Array.from({ length: length * ((job % 3) * 6 + 1) }, (_, i) => (i * (job + 3)) % 256);
}

// Threads run built files only.
const script = new URL("../../dist/pool/node-worker/worker.js", import.meta.url);
const start = {
  kind: "start",
  model: writeModelFile(classifier.model),
  precision: "int16",
  batch: 16,
} as const;

async function pool(workers: number) {
  const made = await createPool(workers, start, () => startWorker(script));
  onTestFinished(() => made.close());
  return made;
}

it("gives the classifier's own answers, in the order asked", async () => {
  const two = await pool(2);
  expect(two.workers).toBe(2);
  const jobs = Array.from({ length: 17 }, (_, job) => images(job));
  expect(await Promise.all(jobs.map((job) => two.logits(job)))).toEqual(
    jobs.map((job) => classifier.logits(job)),
  );
  const mapped: Float32Array[] = [];
  for await (const probabilities of two.map(jobs)) mapped.push(probabilities);
  expect(mapped).toEqual(jobs.map((job) => classifier.probabilities(job)));
});

it("takes the pixels at once, and only those of a view", async () => {
  const one = await pool(1);
  const large = new Uint8Array(50 * length).fill(9);
  const view = large.subarray(length, 2 * length);
  const expected = classifier.logits(view);
  const scores = one.logits(view);
  view.fill(200);
  expect(await scores).toEqual(expected);
  expect(await one.logits(Array.from({ length }, () => 9))).toEqual(expected);
});

it("takes no more than two arrays a worker ahead of its reader", async () => {
  const two = await pool(2);
  let taken = 0;
  function* endless() {
    for (;;) {
      taken++;
      yield images(0);
    }
  }
  let read = 0;
  for await (const _ of two.map(endless())) {
    read++;
    expect(taken).toBeLessThanOrEqual(read + 3);
    if (read === 40) break;
  }
  expect(read).toBe(40);
});

it("tells a wrong job and goes on with the others", async () => {
  const one = await pool(1);
  const jobs = [one.logits(images(1)), one.logits(new Uint8Array(5)), one.logits(images(2))];
  const [first, wrong, last] = await Promise.allSettled(jobs);
  expect([first.status, last.status]).toEqual(["fulfilled", "fulfilled"]);
  expect(wrong).toMatchObject({ reason: expect.any(ClassifierError) });
  expect((wrong as PromiseRejectedResult).reason.message).toMatch(/^5 values are no whole number of 84x84x1/);
});

it("rejects what is not done when it is closed, and everything after", async () => {
  const one = await pool(1);
  const jobs = Array.from({ length: 5 }, () => one.logits(images(2)));
  const settled = Promise.allSettled(jobs);
  await one.close();
  const last = (await settled).at(-1);
  expect(last).toMatchObject({ reason: expect.any(PoolError) });
  await expect(one.logits(images(0))).rejects.toThrow("The pool was closed.");
  await one.close();
  await expect(classifier.pool(0)).rejects.toThrow("A pool has 1 to 1024 workers, not 0.");
});

it("does not keep a process alive that forgot to close it", () => {
  const runtime = fileURLToPath(new URL("../../dist/index.js", import.meta.url));
  const script = `
    import { createClassifier, createNetwork, analyze } from ${JSON.stringify(runtime)};
    const network = createNetwork("microexpnet-2017", 1);
    const weights = new Map(analyze(network).parameters.map((p) => [p.name, new Float32Array(p.length)]));
    const model = { network, labels: ["a"], weights, crop: { source: "whole-image" },
      calibration: { temperature: 1 }, provenance: {} };
    const pool = await createClassifier(model).pool(2);
    console.log((await pool.logits(new Uint8Array(84 * 84))).length);`;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 50_000,
  });
  expect([stdout, status]).toEqual(["1\n", 0]);
});
