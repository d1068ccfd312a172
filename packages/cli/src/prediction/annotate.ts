import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import sharp from "sharp";
import { reasonOf } from "../datasets/files.js";
import type { DecodedPicture } from "../datasets/image.js";
import { CommandError } from "../errors.js";
import type { FacePrediction } from "./predict-files.js";

const escapeText = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The box of a face and a bar for each class, scaled with the picture. */
function faceSvg({ box, label, probabilities }: FacePrediction, scale: number, unit: number): string {
  const [x, y, width, height] = box.map((value) => value * scale);
  const entries = Object.entries(probabilities).sort((a, b) => b[1] - a[1]);
  const line = unit * 0.8;
  const bars = entries.slice(0, 4).map(([name, value], i) => {
    const top = y + 4 + i * line;
    const size = `height="${line - 2}" width="${Math.max(value * width * 0.5, 1)}"`;
    const text = `<text x="${x + 6}" y="${top + line * 0.72}" font-size="${line * 0.7}">${escapeText(name)} ${Math.round(100 * value)} %</text>`;
    return `<rect x="${x + 3}" y="${top}" ${size} fill="#1769aa" fill-opacity="0.7"/>${text}`;
  });
  const frame = `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="#ffb300" stroke-width="${unit / 8}"/>`;
  const title = `<text x="${x}" y="${Math.max(y - unit * 0.3, unit)}" font-size="${unit}">${escapeText(label)}</text>`;
  return `${frame}${bars.join("")}${title}`;
}

/** Draws the faces into a picture. */
export function annotationSvg({ picture, width }: DecodedPicture, faces: readonly FacePrediction[]): string {
  const unit = Math.max(Math.min(picture.width, picture.height) / 24, 10);
  const style = 'font-family="sans-serif" fill="#fff" stroke="#000" stroke-width="0.6" paint-order="stroke"';
  const parts = faces.map((face) => faceSvg(face, picture.width / width, unit)).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${picture.width}" height="${picture.height}" ${style}>${parts}</svg>`;
}

/** Writes pictures with boxes and bars into a folder, each under a name of its own. */
export class Annotator {
  readonly #names = new Set<string>();

  /** @throws CommandError where the folder cannot be made */
  static async open(folder: string): Promise<Annotator> {
    try {
      await mkdir(folder, { recursive: true });
    } catch (error) {
      throw new CommandError(`The folder ${folder} cannot be made, because ${reasonOf(error)}.`, {
        cause: error,
      });
    }
    return new Annotator(folder);
  }

  private constructor(private readonly folder: string) {}

  async write(path: string, decoded: DecodedPicture, faces: readonly FacePrediction[]): Promise<void> {
    const base = path === "-" ? "standard-input" : basename(path);
    let name = `${base}.jpg`;
    for (let i = 2; this.#names.has(name); i++) name = `${base}-${i}.jpg`;
    this.#names.add(name);
    const { data, width, height, channels } = decoded.picture;
    await sharp(data, { raw: { width, height, channels } })
      .toColourspace("srgb")
      .composite([{ input: Buffer.from(annotationSvg(decoded, faces)) }])
      .jpeg({ quality: 90 })
      .toFile(join(this.folder, name));
  }
}
