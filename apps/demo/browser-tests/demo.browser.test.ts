import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import sharp from "sharp";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Server, serve } from "../../../packages/runtime/browser-tests/server.js";
import { drawScene, writeClip } from "./clip.js";

const executablePath = "/usr/bin/chromium";
const present = existsSync(executablePath);
if (!present) console.warn(`The page's tests are skipped: there is no ${executablePath}.`);

const root = fileURLToPath(new URL("..", import.meta.url));
/** Seconds for which the camera runs. */
const seconds = Number(process.env["DEMO_SECONDS"] ?? 6);
const timeout = (seconds + 60) * 1000;
/** Folder for pictures of the page, to be looked at. */
const screenshots = process.env["DEMO_SCREENSHOTS"];

describe.skipIf(!present)("the page", () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let server: Server;
  let folder: string;
  const complaints: string[] = [];
  const requests: string[] = [];

  const photograph = async (name: string) => {
    if (!screenshots) return;
    await mkdir(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  };
  const status = (pattern: RegExp) =>
    page.locator("#status", { hasText: pattern }).waitFor({ timeout: 20_000 });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "microexpnet-demo-"));
    const clip = join(folder, "clip.y4m");
    await writeClip(clip);
    const site = join(folder, "site");
    await build({ root, logLevel: "error", build: { outDir: site, emptyOutDir: true } });
    // The page's own policy, in the page, is the one that is tested.
    server = await serve(site, "frame-ancestors 'none'");
    browser = await chromium.launch({
      executablePath,
      args: [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        ...["background-networking", "component-update", "sync"].map((name) => `--disable-${name}`),
        ...["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        `--use-file-for-fake-video-capture=${clip}`,
      ],
    });
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true });
    context.on("request", (request) => requests.push(request.url()));
    context.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      complaints.push(message.text());
    });
    context.on("weberror", (error) => complaints.push(String(error.error())));
    page = await context.newPage();
    await page.goto(server.origin);
    await status(/Ready/);
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  it(
    "follows both faces of the camera, with bars, speed and a timeline",
    async () => {
      await page.getByRole("button", { name: "Start the camera" }).click();
      await status(/Running/);
      await page.locator(".face").nth(1).waitFor({ timeout: 60_000 });
      await page.waitForTimeout(seconds * 1000);
      const headings = await page.locator(".face h3").allTextContents();
      // Ids stay: after many frames the two faces are still the first two.
      expect(headings.map((text) => text.slice(0, 7)).sort()).toEqual(["Face 1:", "Face 2:"]);
      const bars = await page
        .locator(".face")
        .first()
        .locator("progress")
        .evaluateAll((all) => all.map((bar) => (bar as HTMLProgressElement).value));
      expect(bars.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 3);
      expect(Number(await page.locator("#rate").textContent())).toBeGreaterThan(0);
      expect(await page.locator("#detect").textContent()).toMatch(/^\d+\.\d ms$/);
      // The boxes' colour, which neither the clip nor the stage has.
      const shot = await page.locator("#stage").screenshot();
      const { data } = await sharp(shot).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      let drawn = 0;
      for (let at = 0; at < data.length; at += 3) if (data[at] - data[at + 2] > 150) drawn++;
      expect(drawn).toBeGreaterThan(500);
      await photograph("camera");
    },
    timeout,
  );

  it(
    "keeps its memory flat",
    async () => {
      const heap = () =>
        page.evaluate(
          () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
        );
      const before = await heap();
      await page.waitForTimeout(seconds * 1000);
      const grown = (await heap()) - before;
      expect(grown / 2 ** 20).toBeLessThan(30);
      const rate = await page.locator("#rate").textContent();
      console.info(`${rate} frames/s; the heap grew by ${(grown / 2 ** 20).toFixed(1)} MiB in ${seconds} s.`);
    },
    timeout,
  );

  it("goes on with the camera when another model is chosen", async () => {
    for (const label of ["nano", "micro"]) {
      await page.locator("#model").selectOption({ label });
      await status(/Running/);
      await page.locator(".face").nth(1).waitFor({ timeout: 20_000 });
    }
    // The chart began anew; the next test wants some of it.
    await page.waitForTimeout(2000);
  });

  it("saves the timeline", async () => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save as CSV" }).click(),
    ]);
    const lines = (await readFile(await download.path(), "utf8")).split("\r\n");
    expect(lines[0]).toMatch(/^seconds,label,neutral,/);
    expect(lines.length).toBeGreaterThan(10);
    const shares = lines[1].split(",").slice(2).map(Number);
    expect(shares.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 2);
  });

  it("fits a phone, in the dark, too", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForTimeout(500);
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overhang).toBeLessThanOrEqual(0);
    await photograph("phone");
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: "light" });
  });

  it("is used by the keyboard alone", async () => {
    await page.locator("#stop").focus();
    await page.keyboard.press("Enter");
    await status(/Stopped/);
    await page.locator("body").click({ position: { x: 5, y: 5 } });
    const reached = new Set<string>();
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => document.activeElement?.id ?? ""));
    }
    for (const id of ["camera", "files", "model", "model-file", "faces", "export"])
      expect([...reached]).toContain(id);
  });

  it("answers pictures, without a network as well", async () => {
    const pixels = drawScene(200, [
      { left: 40, top: 60, subject: 4, image: 0 },
      { left: 330, top: 200, subject: 5, image: 1 },
    ]);
    const raw = { width: 640, height: 480, channels: 1 } as const;
    const buffer = await sharp(pixels, { raw }).png().toBuffer();
    const file = { name: "two.png", mimeType: "image/png", buffer };
    await page
      .locator("#files")
      .setInputFiles([file, { ...file, name: "text.png", buffer: Buffer.from("no picture") }]);
    await status(/two\.png: 2 faces were found/);
    await photograph("picture");
    const shares = () =>
      page
        .locator(".face progress")
        .evaluateAll((all) => all.map((bar) => (bar as HTMLProgressElement).value));
    const before = await shares();
    await page.locator("#model").selectOption({ label: "nano" });
    await vi.waitFor(async () => {
      const after = await shares();
      expect(after.length).toBe(before.length);
      expect(after).not.toEqual(before);
    }, 10_000);
    await status(/two\.png: 2 faces were found/);
    const broken = page.locator(".gallery button").nth(1);
    await vi.waitFor(async () => expect(await broken.innerHTML()).toBe("text.png"));
    await broken.click();
    await status(/text\.png is no picture/);

    await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    server.close();
    await page.reload();
    await status(/Ready/);
    await page.locator("#files").setInputFiles(file);
    await status(/two\.png: 2 faces were found/);
  });

  it("has asked no other server and complained of nothing", () => {
    const elsewhere = requests.filter(
      (address) => !address.startsWith(`${server.origin}/`) && !address.startsWith("blob:"),
    );
    expect(elsewhere).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
