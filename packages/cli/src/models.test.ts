import { mkdirSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { put, temporaryFolder } from "../test/pictures.js";
import { loadModel, writeFileAtomically } from "./models.js";

const folder = temporaryFolder();

it("replaces a file whole and leaves nothing beside it", async () => {
  const file = await put(join(folder, "out", "file"), "a longer text than the new one");
  await writeFileAtomically(file, new TextEncoder().encode("new"));
  expect(await readFile(file, "utf8")).toBe("new");
  expect(readdirSync(join(folder, "out"))).toEqual(["file"]);
});

it("says why a file cannot be written, and leaves nothing behind", async () => {
  mkdirSync(join(folder, "taken", "by"), { recursive: true });
  const plain = await put(join(folder, "plain"), "x");
  const write = (path: string) => writeFileAtomically(path, new Uint8Array(3));
  const [absent, below, taken] = ["absent/file", "plain/file", "taken/by"].map((path) => join(folder, path));
  await expect(write(absent)).rejects.toThrow(
    `${absent} cannot be written, because the folder ${join(folder, "absent")} does not exist.`,
  );
  await expect(write(below)).rejects.toThrow(`${below} cannot be written, because ${plain} is not a folder.`);
  await expect(write(taken)).rejects.toThrow(`${taken} cannot be written, because it is a folder.`);
  expect(readdirSync(join(folder, "taken"))).toEqual(["by"]);
});

it("names the model that cannot be loaded", async () => {
  const junk = await put(join(folder, "junk.safetensors"), "junk");
  await expect(loadModel(junk)).rejects.toThrow(`${junk}: The `);
  await expect(loadModel(folder)).rejects.toThrow(
    `The model "${folder}" cannot be read, because it is a folder; `,
  );
  // A name that every object has must not be taken for a shipped model.
  await expect(loadModel("constructor")).rejects.toThrow(
    'The model "constructor" cannot be read, because it does',
  );
});
