import type { Split } from "@microexpnet/training";

const names: Readonly<Record<string, Split>> = {
  train: "train",
  training: "train",
  valid: "valid",
  validation: "valid",
  val: "valid",
  dev: "valid",
  test: "test",
  testing: "test",
};

/** The split that a folder's name or a field means, whatever its case; undefined for other words. */
export const splitOf = (name: string): Split | undefined => names[name.trim().toLowerCase()];
