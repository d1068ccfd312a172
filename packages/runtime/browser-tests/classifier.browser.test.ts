import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { shippedModels } from "microexpnet";
import { writeModelFile } from "microexpnet/internal";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Question, SourceKind } from "./fixture/answer.js";
import { drawPixels, expectedLogits, models } from "./models.js";
import { buildProject } from "./project.js";
import { type Server, serve } from "./server.js";
import { type Visit, visit } from "./visit.js";

const executablePath = "/usr/bin/chromium";

/**
 * Nothing from anywhere but the page's own server, and no evaluation of text as code. `wasm-unsafe-eval`
 * permits compiling WebAssembly, which the library's kernels are; it does not permit `eval`.
 */
const withoutWebAssembly = "default-src 'none'; connect-src 'self'; worker-src 'self'; script-src 'self'";
const policy = `${withoutWebAssembly} 'wasm-unsafe-eval'`;

const threads = ["page", "worker"] as const;
const batches = [1, 5] as const;
const shippedName = "microexpnet-2019";
const modelBytes = Object.fromEntries(Object.entries(models).map(([name, m]) => [name, writeModelFile(m)]));

interface Case extends Question {
  readonly name: string;
  readonly images: number;
}

function goodCase(thread: Question["thread"], source: SourceKind, name: string, images: number): Case {
  const model = source === "shipped name" ? name : `/models/${name}.safetensors`;
  return { thread, source, model, pixels: `/pixels/${name}-${images}`, name, images };
}

const good: readonly Case[] = threads.flatMap((thread) => [
  ...Object.keys(models).flatMap((name) =>
    batches.flatMap((images) => [
      goodCase(thread, "text", name, images),
      goodCase(thread, "Uint8Array", name, images),
    ]),
  ),
  goodCase(thread, "URL", shippedName, 1),
  goodCase(thread, "ArrayBuffer", shippedName, 1),
  goodCase(thread, "shipped name", shippedName, 1),
]);

interface WrongFile {
  readonly what: string;
  /** None where the server has no such file. */
  readonly file?: Uint8Array;
  readonly words: RegExp;
}

const wrongFiles: readonly WrongFile[] = [
  {
    what: "a page in place of a model",
    file: new TextEncoder().encode("<!doctype html><title>Not found</title>"),
    words: /^ModelFileError: The model file claims a header of \d+ bytes, more than the \d+ allowed\.$/,
  },
  {
    what: "a model file that is cut off",
    file: modelBytes[shippedName].slice(0, -4),
    words:
      /^ModelFileError: The model file's tensor "scores\.bias" ends at byte \d+, but only \d+ bytes .*\.$/,
  },
  {
    what: "an address with no file behind it",
    words:
      /^ModelFileError: The model "[^"]*" cannot be read \(.* answered with status 404\); the shipped models are .*\.$/,
  },
];

const wrong = threads.flatMap((thread) =>
  wrongFiles.map((wrongFile, index) => {
    const model = `/models/wrong-${index}`;
    return { ...wrongFile, thread, source: "text" as const, model, pixels: `/pixels/${shippedName}-1` };
  }),
);

const present = existsSync(executablePath);
if (!present) console.warn(`The tests in a browser are skipped: there is no ${executablePath}.`);

describe.skipIf(!present)(`a site built with the library${present ? "" : ` (no ${executablePath})`}`, () => {
  let browser: Browser;
  let folder: string;
  let warnings: readonly string[];
  const servers: Server[] = [];
  let visited: Visit;
  let visitedWithoutWebAssembly: Visit;

  beforeAll(async () => {
    const questions = [...good, ...wrong].map(
      ({ thread, source, model, pixels }): Question => ({ thread, source, model, pixels }),
    );
    const served: Record<string, Uint8Array> = {
      "questions.json": new TextEncoder().encode(JSON.stringify(questions)),
    };
    for (const [name, model] of Object.entries(models)) {
      served[`models/${name}.safetensors`] = modelBytes[name];
      for (const images of batches) served[`pixels/${name}-${images}`] = drawPixels(model, images);
    }
    wrongFiles.forEach(({ file }, index) => {
      if (file) served[`models/wrong-${index}`] = file;
    });
    // Every name that the package ships has a file there; its contents do not matter to the other names.
    const inPackage = Object.fromEntries(
      Object.keys(shippedModels).map((name) => [`models/${name}.safetensors`, modelBytes[shippedName]]),
    );
    const project = await buildProject(inPackage, served);
    ({ folder, warnings } = project);

    servers.push(await serve(project.site, policy), await serve(project.site, withoutWebAssembly));
    const quiet = ["background-networking", "component-update", "sync"].map((name) => `--disable-${name}`);
    browser = await chromium.launch({
      executablePath,
      args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", ...quiet],
    });
    visited = await visit(browser, servers[0].origin);
    visitedWithoutWebAssembly = await visit(browser, servers[1].origin);
  });

  afterAll(async () => {
    await browser?.close();
    for (const server of servers) server.close();
    if (folder) await rm(folder, { recursive: true });
  });

  it("is built without a warning", () => {
    expect(warnings).toEqual([]);
  });

  it.each(good.map((question, index) => ({ ...question, index })))(
    "runs $name in a $thread, $images at once, loaded by $source",
    ({ name, images, index }) => {
      const answer = visited.answers[index];
      if ("error" in answer) expect.fail(answer.error);
      const model = models[name];
      const { height, width, channels } = model.network.input;
      expect(answer.labels).toEqual(model.labels);
      expect(answer.inputShape).toEqual([height, width, channels]);
      const expected = expectedLogits(name, images);
      const largest = Math.max(...expected.map(Math.abs));
      expect(answer.logits).toHaveLength(expected.length);
      const furthest = Math.max(...answer.logits.map((value, i) => Math.abs(value - expected[i])));
      expect(furthest / largest).toBeLessThan(1e-4);
      expect(answer.pooled).toEqual(answer.logits);
      const apart = Math.max(...answer.integers.map((value, i) => Math.abs(value - expected[i])));
      expect(apart / largest).toBeLessThan(5e-3);
      expect(answer.pooledIntegers).toEqual(answer.integers);
      const total = answer.probabilities.reduce((sum, value) => sum + value, 0);
      expect(total).toBeCloseTo(images, 4);
    },
  );

  it.each(wrong.map((question, index) => ({ ...question, index })))(
    "says in one sentence what is wrong with $what in a $thread",
    ({ words, index }) => {
      const answer = visited.answers[good.length + index];
      expect(answer).toEqual({ error: expect.stringMatching(words), isModelFileError: true });
    },
  );

  it("has nothing on the console but the browser's own word on the missing file", () => {
    const missing = wrong.find(({ file }) => !file);
    const other = visited.complaints.filter(
      ({ address }) => address !== `${servers[0].origin}${missing?.model}`,
    );
    expect(other).toEqual([]);
    expect(visited.complaints).not.toEqual([]);
  });

  it("asks no other server for anything", () => {
    const { origin } = servers[0];
    expect(visited.requests.filter((address) => !address.startsWith(`${origin}/`))).toEqual([]);
    // What the worker asked for is among the requests seen.
    const asked = visited.requests.filter((address) => address === `${origin}/models/residual.safetensors`);
    expect(asked).toHaveLength(good.filter(({ name }) => name === "residual").length);
  });

  it("does nothing that a strict policy forbids", () => {
    expect(servers[0].refused).toEqual([]);
  });

  it("is refused where the policy does not permit WebAssembly", () => {
    for (const index of good.keys()) {
      const error = expect.stringMatching(/^EngineError: .*wasm-unsafe-eval/);
      expect(visitedWithoutWebAssembly.answers[index]).toEqual({ error, isModelFileError: false });
    }
    expect(servers[1].refused).toContain("wasm-eval");
  });
});
