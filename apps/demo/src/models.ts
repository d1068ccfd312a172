import { shippedModels } from "microexpnet";

/** A model that the page offers. */
export interface OfferedModel {
  readonly name: string;
  /** What is known of its accuracy, as a sentence. */
  readonly accuracy: string;
  readonly address: string | URL;
}

const unknownAccuracy = "How often this model is right is said in its model card.";

/** Sentences on the models whose figures are known. */
const accuracies: Readonly<Record<string, string>> = {};

/** The models that come with the library, and the teacher of this repository. */
export const offeredModels: readonly OfferedModel[] = [
  ...Object.entries(shippedModels).map(([name, address]) => ({
    name,
    address,
    accuracy: accuracies[name] ?? unknownAccuracy,
  })),
  {
    name: "teacher",
    address: new URL("../../../models/teacher.safetensors", import.meta.url),
    accuracy:
      "On faces of FER+ that it never saw, this model names what most of ten people saw for about 82 of 100.",
  },
];

/** A model from a file that the visitor opened. */
export const openedModel = (file: File): OfferedModel => ({
  name: file.name,
  address: URL.createObjectURL(file),
  accuracy: "Nothing is known here of how often this model is right.",
});
