import type { Face } from "microexpnet";

const percent = (value: number) => `${Math.round(100 * value)} %`;

const title = ({ id, label, uncertain }: Face) => `Face ${id}: ${label}${uncertain ? " (uncertain)" : ""}`;

interface Card {
  readonly element: HTMLElement;
  readonly heading: HTMLElement;
  readonly bars: readonly { readonly meter: HTMLProgressElement; readonly text: HTMLElement }[];
}

/** A card with bars for each face; elements are kept from frame to frame. */
export class Results {
  #cards: Card[] = [];
  #labels: readonly string[] = [];
  #announced = "";
  #announcedAt = 0;

  constructor(
    private readonly parent: HTMLElement,
    private readonly announcer: HTMLElement,
  ) {}

  start(labels: readonly string[]): void {
    this.#labels = labels;
    this.#cards = [];
    this.show([]);
  }

  show(faces: readonly Face[]): void {
    while (this.#cards.length < faces.length) this.#cards.push(makeCard(this.#labels));
    const shown = this.#cards.slice(0, faces.length);
    for (const [index, { heading, bars }] of shown.entries()) {
      heading.textContent = title(faces[index]);
      for (const [i, label] of this.#labels.entries()) {
        bars[i].meter.value = faces[index].probabilities[label];
        bars[i].text.textContent = percent(faces[index].probabilities[label]);
      }
    }
    const elements = shown.map(({ element }) => element);
    if (elements.length !== this.parent.childElementCount || elements.length === 0) {
      this.parent.replaceChildren(...(elements.length > 0 ? elements : ["No face is seen."]));
    }
    this.#announce(faces);
  }

  /** Tells those who listen, when something changes and at most every three seconds. */
  #announce(faces: readonly Face[]): void {
    const text = faces.map(title).join(", ") || "No face";
    const now = performance.now();
    if (text === this.#announced || now - this.#announcedAt < 3000) return;
    this.#announced = text;
    this.#announcedAt = now;
    this.announcer.textContent = text;
  }
}

function makeCard(labels: readonly string[]): Card {
  const element = document.createElement("article");
  element.className = "face";
  const heading = document.createElement("h3");
  element.append(heading);
  const bars = labels.map((label) => {
    const row = document.createElement("div");
    row.className = "bar";
    const name = document.createElement("span");
    name.textContent = label;
    const meter = document.createElement("progress");
    meter.max = 1;
    meter.setAttribute("aria-label", label);
    const text = document.createElement("span");
    row.append(name, meter, text);
    element.append(row);
    return { meter, text };
  });
  return { element, heading, bars };
}
