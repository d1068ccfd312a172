import { afterEach, expect, it, vi } from "vitest";
import { formatDuration, Progress } from "./progress.js";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it.each([
  [0, "0:00"],
  [35.4, "0:35"],
  [3599.6, "1:00:00"],
  [3729, "1:02:09"],
])("writes %s seconds as %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

function capture(isTerminal: boolean): string[] {
  vi.useFakeTimers();
  for (const [name, value] of Object.entries({ isTTY: isTerminal, columns: 20 })) {
    Object.defineProperty(process.stderr, name, { configurable: true, value });
  }
  const written: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  return written;
}

it("prints a line every ten seconds where lines cannot be rewritten, with the speed since a resumed start", () => {
  const written = capture(false);
  const progress = new Progress();
  // Goes on from 400 of 1000 at ten a second for 21 seconds.
  for (let second = 0; second <= 21; second++) {
    progress.update(400 + second * 10, 1000, "epoch 2");
    vi.advanceTimersByTime(1000);
  }
  progress.done();
  expect(written).toEqual(["50 %  10/s, 0:50 left  epoch 2\n", "60 %  10/s, 0:40 left  epoch 2\n"]);
});

it("rewrites one line of a terminal, no wider than it, and removes it in the end", () => {
  const written = capture(true);
  const progress = new Progress();
  for (let done = 0; done <= 4; done++) {
    progress.update(done, 4, "a long name\n of what is done");
    vi.advanceTimersByTime(1000);
  }
  progress.done();
  const removed = "\r\u001b[K";
  expect(written.length).toBe(6);
  for (const text of written.slice(0, 5)) {
    expect(text.startsWith(removed)).toBe(true);
    expect(text.slice(removed.length)).toMatch(/^\P{Cc}{1,19}$/u);
  }
  expect(written[5]).toBe(removed);
});
