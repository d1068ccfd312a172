// The comparison of bench.mjs in headless Chromium, one page an engine. Options as there; --engines may add
// "tfjs webgl", which runs on the processor where there is no graphics card.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build } from "vite";
import { compareEngines, readOptions } from "./side-by-side.mjs";

const executablePath = "/usr/bin/chromium";
if (!existsSync(executablePath)) {
  console.error(`Skipped: there is no ${executablePath}; Debian's package is called chromium.`);
  process.exit(0);
}

const here = fileURLToPath(new URL(".", import.meta.url));
const site = await mkdtemp(join(tmpdir(), "microexpnet-bench-site-"));
await build({
  root: join(here, "browser"),
  configFile: false,
  logLevel: "error",
  build: { outDir: site, emptyOutDir: true, target: "esnext" },
});

/** Folders by the first part of an address; a model's file is named after the question mark. */
const folders = {
  onnxruntime: join(here, "node_modules/onnxruntime-web/dist"),
  tfjs: join(here, "node_modules/@tensorflow/tfjs-backend-wasm/dist"),
};
const mediaTypes = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};
const served = new Set();

const server = createServer(async (request, response) => {
  const { pathname, search } = new URL(request.url, "http://127.0.0.1");
  const [first, ...rest] = pathname.slice(1).split("/");
  const file = decodeURIComponent(search.slice(1));
  try {
    const path =
      first === "model" && served.has(file)
        ? file
        : folders[first]
          ? join(folders[first], ...rest)
          : join(site, pathname === "/" ? "index.html" : pathname);
    const type = mediaTypes[extname(path)] ?? "application/octet-stream";
    const bytes = await readFile(path);
    response.writeHead(200, { "Content-Type": type }).end(bytes);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const browser = await chromium.launch({ executablePath, args: ["--headless", "--no-sandbox"] });

/** Opens an engine's page; questions and answers go through as JSON. */
async function start(settings) {
  served.add(settings.modelFile).add(settings.onnxFile);
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => document.title === "ready");
  await page.evaluate((given) => window.start(given), settings);
  return {
    name: settings.engine,
    ask: ({ pixels, milliseconds }) =>
      page.evaluate((question) => window.ask(question), {
        pixels: pixels && Array.from(pixels),
        milliseconds,
      }),
    stop: () => page.close(),
  };
}

try {
  const engines = ["microexpnet float32", "microexpnet int16", "onnxruntime-web wasm", "tfjs wasm"];
  await compareEngines(readOptions(engines), start);
} finally {
  await browser.close();
  server.close();
  await rm(site, { recursive: true });
}
