import { colourOf, dashOf } from "./colours.js";

/** Milliseconds that the chart shows. */
const span = 60_000;

interface Sample {
  /** Milliseconds since the page was opened. */
  readonly time: number;
  readonly label: string;
  readonly values: readonly number[];
}

/** The probabilities of one face over the last minute: a chart, and the same as a file. */
export class Timeline {
  #samples: Sample[] = [];
  #labels: readonly string[] = [];

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly legend: HTMLElement,
  ) {}

  get isEmpty(): boolean {
    return this.#samples.length === 0;
  }

  /** Starts anew with these classes. */
  start(labels: readonly string[]): void {
    this.#samples = [];
    this.#labels = labels;
    this.legend.replaceChildren(...labels.map((label, index) => legendItem(label, index)));
    this.draw(performance.now());
  }

  add(sample: Sample): void {
    this.#samples.push(sample);
    const gone = this.#samples.findIndex(({ time }) => time >= sample.time - span);
    if (gone > 0) this.#samples.splice(0, gone);
  }

  draw(now: number): void {
    const { canvas } = this;
    const scale = devicePixelRatio;
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, width, height);
    context.lineWidth = 2 * scale;
    for (const index of this.#labels.keys()) {
      context.strokeStyle = colourOf(index);
      context.setLineDash(dashOf(index).map((length) => length * scale));
      context.beginPath();
      let last = Number.NEGATIVE_INFINITY;
      for (const { time, values } of this.#samples) {
        const x = (1 - (now - time) / span) * width;
        const y = (1 - values[index]) * (height - 4 * scale) + 2 * scale;
        // A pause is a gap in the line.
        if (time - last > 1000) context.moveTo(x, y);
        else context.lineTo(x, y);
        last = time;
      }
      context.stroke();
    }
  }

  /** Seconds, label and the probability of each class, a line for each frame. */
  csv(): string {
    const header = ["seconds", "label", ...this.#labels];
    const rows = this.#samples.map(({ time, label, values }) => [
      (time / 1000).toFixed(3),
      label,
      ...values.map((value) => value.toFixed(4)),
    ]);
    return [header, ...rows].map((row) => row.join(",")).join("\r\n");
  }
}

function legendItem(label: string, index: number): HTMLLIElement {
  const item = document.createElement("li");
  const namespace = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(namespace, "svg");
  const line = document.createElementNS(namespace, "line");
  const attributes = { x1: 0, x2: 26, y1: 5, y2: 5, stroke: colourOf(index), "stroke-width": 3 };
  for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, String(value));
  line.setAttribute("stroke-dasharray", dashOf(index).join(" "));
  picture.setAttribute("aria-hidden", "true");
  picture.append(line);
  item.append(picture, label);
  return item;
}
