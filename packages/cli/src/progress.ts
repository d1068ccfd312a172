/** Milliseconds between two lines where lines cannot be rewritten, and between two rewritings of one. */
const lineInterval = 10_000;
const rewriteInterval = 100;

let hasOpenLine = false;

/** Removes the progress line from the terminal, so that something else can be printed. */
export function clearProgressLine(): void {
  if (!hasOpenLine) return;
  hasOpenLine = false;
  process.stderr.write("\r\u001b[K");
}

/** Hours, minutes and seconds, for example "1:02:09" or "0:35". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  const tail = `${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}

function formatSpeed(perSecond: number): string {
  const digits = perSecond >= 100 ? 0 : perSecond >= 1 ? 1 : 2;
  return `${perSecond.toLocaleString("en-US", { maximumFractionDigits: digits })}/s`;
}

/**
 * Progress on standard error: share, speed and time left. One line that is rewritten on a terminal; elsewhere
 * a line every ten seconds.
 */
export class Progress {
  /** Where and when the present phase began: speed is measured from here, so that a resumed run's is right. */
  #startDone = 0;
  #startTime = performance.now();
  #total: number | undefined;
  #last = 0;
  #shownAt: number;

  constructor() {
    this.#shownAt = process.stderr.isTTY ? Number.NEGATIVE_INFINITY : this.#startTime;
  }

  /** @param extra what is being done, shown as it is */
  update(done: number, total: number, extra = ""): void {
    const now = performance.now();
    if (this.#total !== total || done < this.#last) {
      this.#total = total;
      this.#startDone = done;
      this.#startTime = now;
    }
    this.#last = done;
    const isTerminal = process.stderr.isTTY;
    if (now - this.#shownAt < (isTerminal ? rewriteInterval : lineInterval)) return;
    this.#shownAt = now;
    const line = this.#line(done, total, now, extra);
    if (isTerminal) {
      const width = (process.stderr.columns ?? 80) - 1;
      process.stderr.write(`\r\u001b[K${[...line].slice(0, width).join("")}`);
      hasOpenLine = true;
    } else {
      process.stderr.write(`${line}\n`);
    }
  }

  /** Ends the progress; the terminal's line is removed. */
  done(): void {
    clearProgressLine();
  }

  #line(done: number, total: number, now: number, extra: string): string {
    const share = total > 0 ? `${Math.floor((100 * done) / total)} %` : "";
    const seconds = (now - this.#startTime) / 1000;
    const speed = seconds > 0 ? (done - this.#startDone) / seconds : 0;
    const pace =
      speed > 0 ? `${formatSpeed(speed)}, ${formatDuration((total - done) / speed)} left` : undefined;
    // Names of files reach the terminal here, and must not steer it.
    const what = extra.replace(/\p{Cc}+/gu, " ");
    return [share, pace, what].filter(Boolean).join("  ");
  }
}
