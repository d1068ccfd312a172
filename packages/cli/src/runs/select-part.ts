import { type Dataset, type Split, selectImages, splitIndices } from "@microexpnet/training";
import { CommandError } from "../errors.js";

/**
 * The part of a data set to measure on: the one asked for, else test where there is one, else valid, else all.
 *
 * @throws CommandError that names the parts where the one asked for is not there
 */
export function selectPart(
  whole: Dataset,
  asked?: Split | "all",
): { dataset: Dataset; split: Split | "all" } {
  const split = asked ?? usualSplit(whole);
  if (split === "all") return { dataset: whole, split };
  const indices = splitIndices(whole, split);
  if (indices.length > 0) return { dataset: selectImages(whole, indices), split };
  const present = [...new Set(whole.splits)].sort().join(", ");
  throw new CommandError(
    present
      ? `${whole.name} has no images in the split "${split}", only in ${present}.`
      : `${whole.name} has no splits of its own, so there is no "${split}"; --split all measures on all images.`,
  );
}

function usualSplit(dataset: Dataset): Split | "all" {
  const has = (split: Split) => dataset.splits?.includes(split) ?? false;
  return has("test") ? "test" : has("valid") ? "valid" : "all";
}
