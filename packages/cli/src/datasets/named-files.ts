import { join } from "node:path";
import { hasImageName, layoutError, requireFolder, walkFolder } from "./files.js";
import { imageKind } from "./image-kind.js";
import { type ListedImage, passedOver } from "./listing.js";

/** A kind of data set whose file names tell the class and the subject, wherever the files lie. */
export function namedFileKind(kind: {
  readonly name: string;
  readonly description: string;
  readonly layout: string;
  /** What the file names look like, for messages. */
  readonly expected: string;
  readonly labels: readonly string[];
  /** Label and subject of a file by its name without folders; undefined for a foreign name. */
  read(name: string): { readonly label: string; readonly subject: string } | undefined;
}) {
  const { name, labels, expected } = kind;
  return imageKind({
    name,
    description: kind.description,
    layout: kind.layout,
    async list(path, { signal }) {
      await requireFolder(name, path, expected);
      const { files, problems } = await walkFolder(path, signal);
      const images: ListedImage[] = [];
      const others: string[] = [];
      for (const file of files) {
        const known = hasImageName(file) ? kind.read(file.slice(file.lastIndexOf("/") + 1)) : undefined;
        if (!known) {
          others.push(file);
          continue;
        }
        const { label, subject } = known;
        images.push({ file: join(path, file), path: file, class: labels.indexOf(label), subject });
      }
      if (images.length === 0) throw await layoutError(name, path, expected);
      return {
        labels,
        images,
        problems: [...problems, ...passedOver(others, `not among the ${expected}`)],
      };
    },
  });
}
