import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { drawSyntheticFace } from "@microexpnet/training";
import { type Browser, chromium } from "playwright-core";
import sharp from "sharp";
import { build, createLogger } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeClip } from "../../../apps/demo/browser-tests/clip.js";
import { drawGreyView, type Picture, type View } from "../src/index.js";
import { type Server, serve } from "./server.js";

const run = promisify(execFile);
const executablePath = "/usr/bin/chromium";
const runtime = fileURLToPath(new URL("..", import.meta.url));
const root = join(runtime, "../..");

/** The code blocks of a guide that use the package. */
async function examplesOf(guide: string): Promise<string[]> {
  const text = await readFile(guide, "utf8");
  return [...text.matchAll(/```ts\n(.*?)```/gs)]
    .map(([, code]) => code)
    .filter((code) => code.includes("import "));
}

/** Two drawn faces in colour, 400 x 300. */
function drawScene(): Picture {
  const data = new Uint8Array(400 * 300 * 4).map((_, i) => [150, 120, 90, 255][i % 4]);
  for (const [subject, [left, top]] of [
    [20, 30],
    [230, 120],
  ].entries()) {
    const { pixels } = drawSyntheticFace({ subject, image: 1, size: 140 });
    for (const [i, value] of pixels.entries()) {
      const at = 4 * ((top + Math.floor(i / 140)) * 400 + left + (i % 140));
      data.set([value, (value * 9) >> 4, value >> 1], at);
    }
  }
  return { data, width: 400, height: 300, channels: 4 };
}

/** Upright and turned, enlarging and shrinking, inside the picture and beyond it. */
const views: readonly View[] = [
  { xx: 140, xy: 0, x0: 20, yx: 0, yy: 140, y0: 30 },
  { xx: 131.7, xy: -18.2, x0: 236.3, yx: 18.2, yy: 131.7, y0: 121.9 },
  { xx: 61.3, xy: 9.1, x0: 50.5, yx: -9.1, yy: 61.3, y0: 70.2 },
  { xx: 420, xy: -160, x0: -11, yx: 160, yy: 420, y0: -40 },
];

const picture = drawScene();
const inputs = views.map((view) => {
  const target = new Uint8Array(84 * 84);
  drawGreyView(picture, view, target, 84, 84);
  return target;
});

const present = existsSync(executablePath);
if (!present) console.warn(`The tests of the packed package are skipped: there is no ${executablePath}.`);

describe.skipIf(!present)("the packed package", () => {
  let folder: string;
  let examples: string[];
  let browser: Browser;
  let server: Server;
  const warnings: string[] = [];

  /** An empty project in which the tarball is installed, and nothing else. */
  const createProject = async (name: string, tarball: string) => {
    const project = join(folder, name);
    await mkdir(project);
    await writeFile(join(project, "package.json"), '{ "private": true, "type": "module" }');
    await run("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], { cwd: project });
    return project;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "microexpnet-packed-"));
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: runtime });
    const tarball = join(folder, JSON.parse(stdout)[0].filename);
    const guides = [join(root, "README.md"), join(runtime, "README.md")];
    examples = (await Promise.all(guides.map(examplesOf))).flat();
    const { data, width, height, channels } = picture;
    const png = await sharp(data, { raw: { width, height, channels } }).png().toBuffer();

    const node = await createProject("node", tarball);
    // sharp as the workspace has it, with what it needs itself.
    await symlink(join(root, "node_modules/sharp"), join(node, "node_modules/sharp"));
    await writeFile(join(node, "scene.png"), png);

    const site = await createProject("vite", tarball);
    await mkdir(join(site, "public"));
    await writeFile(join(site, "public/scene.png"), png);
    await writeFile(join(site, "public/views.json"), JSON.stringify(views));
    await cp(join(runtime, "browser-tests/packed"), site, { recursive: true });
    for (const [i, code] of examples.entries()) {
      const given = 'import { pixels, video } from "./given.js";\n';
      await writeFile(join(site, `example-${i}.js`), given + code);
    }
    const imports = examples.map((_, i) => `await import("./example-${i}.js");`).join("\n");
    await writeFile(join(site, "examples.js"), `${imports}\n`);
    await cp(join(root, "examples/html/index.html"), join(site, "plain.html"));
    const customLogger = createLogger("warn");
    customLogger.warn = (message) => warnings.push(message);
    const pages = ["index.html", "plain.html"].map((name) => join(site, name));
    await build({
      root: site,
      configFile: false,
      customLogger,
      build: { target: "esnext", rolldownOptions: { input: pages, checks: { bundlerTimings: false } } },
      worker: { format: "es" },
    });
    server = await serve(join(site, "dist"), "frame-ancestors 'none'");
    const clip = join(folder, "clip.y4m");
    await writeClip(clip);
    browser = await chromium.launch({
      executablePath,
      args: [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        ...["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        `--use-file-for-fake-video-capture=${clip}`,
      ],
    });
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  /** Opens a page; `complaints` holds what it says on the console but for plain messages. */
  const open = async (path: string) => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    const messages: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "log") messages.push(message.text());
      else complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`${server.origin}/${path}`);
    return { page, complaints, messages };
  };

  it("holds its licences and no tests", async () => {
    const installed = join(folder, "node/node_modules/microexpnet");
    const files = await readdir(installed, { recursive: true });
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "dist/detector/LICENSE.txt"]));
    expect(files.filter((file) => /\.test\.|browser-tests/.test(file))).toEqual([]);
  });

  /** What the examples print of the faces, one line each: the id and the label. */
  const facesIn = (text: string) =>
    [...text.matchAll(/^([12]) \[[^\]]*\] ([a-z]+) /gm)].map(([, id, label]) => `${id} ${label}`);
  let inNode: string[];

  it("runs the guides' examples in Node as they are printed", async () => {
    expect(examples.length).toBe(4);
    const node = join(folder, "node");
    const given = 'const pixels = new Uint8Array(48 * 48).fill(99), video = "scene.png";\n';
    let printed = "";
    for (const [i, code] of examples.entries()) {
      await writeFile(join(node, `example-${i}.js`), given + code);
      const { stdout, stderr } = await run(process.execPath, [`example-${i}.js`], { cwd: node });
      expect(stderr).toBe("");
      printed += stdout;
    }
    expect(printed).toMatch(/^[a-z]+$/m);
    inNode = facesIn(printed);
    expect(inNode.length).toBe(2);
  });

  it("runs them in a page built by Vite, with the same answers", async () => {
    const { page, complaints, messages } = await open("index.html");
    await page.locator("output[data-examples]").waitFor({ timeout: 30_000 });
    expect(complaints).toEqual([]);
    expect(messages[0]).toMatch(/^[a-z]+$/);
    expect(facesIn(messages.join("\n"))).toEqual(inNode);
    expect(warnings).toEqual([]);
  });

  it("makes the same inputs of the same pixels in a browser as in Node", async () => {
    const { page } = await open("index.html");
    await page.locator("output[data-views]").waitFor({ timeout: 30_000 });
    const drawn: number[][] = JSON.parse((await page.locator("output").getAttribute("data-views")) ?? "");
    expect(drawn.length).toBe(views.length);
    for (const [view, values] of drawn.entries()) {
      expect(values.length).toBe(84 * 84);
      expect(new Set(values).size).toBeGreaterThan(40);
      const furthest = values.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - inputs[view][i])),
        0,
      );
      expect(furthest).toBeLessThanOrEqual(1);
    }
  });

  it("runs the example page with a camera", async () => {
    const { page, complaints } = await open("plain.html");
    await page.getByRole("button").click();
    const face = page.locator("li", { hasText: /^Face \d+: [a-z]+, \d+ %$/ });
    await face.first().waitFor({ timeout: 30_000 });
    expect(complaints).toEqual([]);
  });
});
