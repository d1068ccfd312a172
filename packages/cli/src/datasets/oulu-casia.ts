import { join } from "node:path";
import { canonicalLabel } from "@microexpnet/training";
import { hasImageName, layoutError, requireFolder, walkFolder } from "./files.js";
import { imageKind } from "./image-kind.js";
import { type ListedImage, passedOver } from "./listing.js";

const labels = ["anger", "disgust", "fear", "happiness", "sadness", "surprise"] as const;
const peakFrames = 3;
const expected = "folders <light>/.../P001/<class> with numbered frames";
const layout = `PATH/.../P001/Anger/000.jpeg: persons P001.., a folder a class, numbered frames, in any folders of
light (NI or VL, Dark, Strong or Weak); all lights below PATH are taken, and the last three frames of each sequence`;
const personPattern = /^P\d{3}$/i;

/** Oulu-CASIA NIR&VIS (Zhao, Huang, Taini, Li, Pietikäinen: Image and Vision Computing 29, 2011). */
export const ouluCasia = imageKind({
  name: "oulu-casia",
  description: "Oulu-CASIA sequences, 80 subjects, 6 classes",
  layout,
  async list(path, { signal }) {
    await requireFolder("oulu-casia", path, expected);
    const { files, problems } = await walkFolder(path, signal);
    const sequences = new Map<string, { subject: string; class: number; frames: string[] }>();
    const others: string[] = [];
    for (const file of files) {
      const [person, word, frame] = file.split("/").slice(-3);
      const label =
        frame === undefined ? -1 : labels.indexOf(canonicalLabel(word) as (typeof labels)[number]);
      if (label < 0 || !personPattern.test(person) || !hasImageName(file) || !/^\d+\./.test(frame)) {
        others.push(file);
        continue;
      }
      const sequence = file.slice(0, file.lastIndexOf("/"));
      const known = sequences.get(sequence) ?? { subject: person.toUpperCase(), class: label, frames: [] };
      known.frames.push(file);
      sequences.set(sequence, known);
    }
    if (sequences.size === 0) throw await layoutError("oulu-casia", path, expected);
    const numberOf = (frame: string) => Number.parseInt(frame.slice(frame.lastIndexOf("/") + 1), 10);
    const images: ListedImage[] = [];
    for (const { subject, class: label, frames } of sequences.values()) {
      frames.sort((a, b) => numberOf(a) - numberOf(b));
      for (const frame of frames.slice(-peakFrames)) {
        images.push({ file: join(path, frame), path: frame, class: label, subject });
      }
    }
    return {
      labels,
      images,
      problems: [...problems, ...passedOver(others, "not named <person>/<class>/<number>")],
    };
  },
});
