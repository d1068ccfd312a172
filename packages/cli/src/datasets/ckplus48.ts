import { join } from "node:path";
import { byName, hasImageName, layoutError, requireFolder, walkFolder } from "./files.js";
import { imageKind } from "./image-kind.js";
import { type ListedImage, passedOver } from "./listing.js";

const expected = "one folder a class with images named S<subject>_<sequence>_<frame>.png";
const layout = "PATH/<class>/S<subject>_<sequence>_<frame>.png: one folder a class, such as anger and happy";
const frameName = /^([^/]+)\/(S\d+)_\d+_\d+\.\w+$/;

/** Peak frames of CK+ (Lucey et al., CVPR Workshops 2010), cropped to 48x48, a folder a class. */
export const ckplus48 = imageKind({
  name: "ckplus48",
  description: "CK+ peak frames of 48x48 pixels, subjects known by their names",
  layout,
  async list(path, { signal }) {
    await requireFolder("ckplus48", path, expected);
    const { files, problems } = await walkFolder(path, signal);
    const matches = files.map((file) => (hasImageName(file) ? frameName.exec(file) : null));
    const labels = [...new Set(matches.flatMap((match) => (match ? [match[1]] : [])))].sort(byName);
    if (labels.length === 0) throw await layoutError("ckplus48", path, expected);
    const images = files.flatMap((file, index): ListedImage[] => {
      const match = matches[index];
      if (!match) return [];
      return [
        {
          file: join(path, file),
          path: file,
          class: labels.indexOf(match[1]),
          subject: match[2].toUpperCase(),
        },
      ];
    });
    const others = files.filter((_, index) => !matches[index]);
    return {
      labels,
      images,
      problems: [...problems, ...passedOver(others, "not named <class>/S<subject>_<sequence>_<frame>.png")],
    };
  },
});
