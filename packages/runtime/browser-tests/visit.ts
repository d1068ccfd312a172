import type { Browser } from "playwright-core";
import type { Answer } from "./fixture/answer.js";

/** An error or a warning on the console, or an error that nothing caught. */
export interface Complaint {
  readonly text: string;
  /** Of the script or file that it is about, where that is known. */
  readonly address: string;
}

export interface Visit {
  /** In the order of the page's questions. */
  readonly answers: readonly Answer[];
  /** Addresses that the page and its worker asked for. */
  readonly requests: readonly string[];
  /** What the page and its worker complained of. */
  readonly complaints: readonly Complaint[];
}

/** Milliseconds; the page needs a few seconds, but on a busy machine far more. */
const timeout = 180_000;

/** Opens the fixture's page and waits until it has answered its questions. */
export async function visit(browser: Browser, address: string): Promise<Visit> {
  const context = await browser.newContext();
  const requests: string[] = [];
  const complaints: Complaint[] = [];
  context.on("request", (request) => requests.push(request.url()));
  context.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    complaints.push({ text: message.text(), address: message.location().url });
  });
  context.on("weberror", (error) => complaints.push({ text: String(error.error()), address: "" }));
  try {
    const page = await context.newPage();
    await page.goto(address, { timeout });
    const output = page.locator("output:not(:empty)");
    const text = await output.textContent({ timeout }).catch((cause) => {
      const heard = complaints.map((complaint) => complaint.text).join("; ") || "nothing";
      throw new Error(`The page gave no answers; it complained of ${heard}.`, { cause });
    });
    return { answers: JSON.parse(text ?? ""), requests, complaints };
  } finally {
    await context.close();
  }
}
