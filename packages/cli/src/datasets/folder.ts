import { join } from "node:path";
import { DatasetError, type Split } from "@microexpnet/training";
import { byName, hasImageName, layoutError, nameSome, requireFolder, walkFolder } from "./files.js";
import { imageKind } from "./image-kind.js";
import { type ListedImage, passedOver } from "./listing.js";
import { splitOf } from "./split-names.js";

const layout = `PATH/<class>/.../<image>: one folder a class, images in it at any depth;
the class folders may lie in PATH/train, PATH/valid and PATH/test`;
const expected = "one folder a class with images in it";

/** Whether the folders below the path are splits with class folders in them, and not classes. */
const hasSplitFolders = (parts: readonly (readonly string[])[]): boolean =>
  parts.every((path) => path.length >= 3 && splitOf(path[0]) !== undefined);

/** A folder a class. */
export const folder = imageKind({
  name: "folder",
  description: "One folder a class, images in it",
  layout,
  async list(path, { signal }) {
    await requireFolder("folder", path, expected);
    const { files, problems } = await walkFolder(path, signal);
    const images = files.filter(hasImageName);
    const nested = images.filter((file) => file.includes("/"));
    if (nested.length === 0) throw await layoutError("folder", path, expected);
    const parts = nested.map((file) => file.split("/"));
    const withSplits = hasSplitFolders(parts);
    const classOf = (path: readonly string[]) => path[withSplits ? 1 : 0];
    const labels = [...new Set(parts.map(classOf))].sort(byName);
    if (labels.length > 256) {
      throw new DatasetError(
        `folder: ${path} holds ${labels.length} folders, too many for classes (${nameSome(labels)}).`,
      );
    }
    const listed = nested.map((file, index): ListedImage => {
      const split: Split | undefined = withSplits ? splitOf(parts[index][0]) : undefined;
      return {
        file: join(path, file),
        path: file,
        class: labels.indexOf(classOf(parts[index])),
        ...(split && { split }),
      };
    });
    return {
      labels,
      images: listed,
      problems: [
        ...problems,
        ...passedOver(
          images.filter((file) => !file.includes("/")),
          "in no class folder",
        ),
        ...passedOver(
          files.filter((file) => !hasImageName(file)),
          "not named as an image",
        ),
      ],
    };
  },
});
