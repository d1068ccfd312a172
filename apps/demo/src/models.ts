import { defaultModel, shippedModels } from "microexpnet";

/** A model that the page offers. */
export interface OfferedModel {
  readonly name: string;
  /** What is known of its accuracy, as a sentence. */
  readonly accuracy: string;
  readonly address: string | URL;
}

const unknownAccuracy = "How often this model is right is said in its model card.";

/** Sentences on the models whose figures are known; the figures stand in docs/models. */
const accuracies: Readonly<Record<string, string>> = {
  micro:
    "On 3,555 validation faces of FER+ this model names what most of ten people saw for 83.0 of 100. Its training was stopped by these same faces, so expect a little less on others. It seldom finds disgust, fear and contempt. More is in its model card, docs/models/micro.md.",
  nano: "On 3,555 validation faces of FER+ this smallest model names what most of ten people saw for 79.7 of 100. Its training was stopped by these same faces, so expect a little less on others. It seldom finds disgust, fear and contempt. More is in its model card, docs/models/nano.md.",
  mini: "On 3,555 validation faces of FER+ this larger model names what most of ten people saw for 84.4 of 100. Its training was stopped by these same faces, so expect a little less on others. It seldom finds disgust, fear and contempt. More is in its model card, docs/models/mini.md.",
  "microexpnet-2019":
    "On 3,555 validation faces of FER+ this model names what most of ten people saw for 76.8 of 100. Its training was stopped by these same faces, so expect a little less on others. It hardly ever finds disgust and contempt, and fear in one of four cases. More is in its model card, docs/models/microexpnet-2019.md.",
  "teacher-wide":
    "On 3,555 validation faces of FER+ this largest model, one of the two that taught the others, names what most of ten people saw for 83.7 of 100. Its training was stopped by these same faces, so expect a little less on others.",
};

/** The models that come with the library, and the larger teacher of this repository. */
export const offeredModels: readonly OfferedModel[] = [
  ...Object.entries(shippedModels)
    .sort(([a], [b]) => Number(b === defaultModel) - Number(a === defaultModel))
    .map(([name, address]) => ({ name, address, accuracy: accuracies[name] ?? unknownAccuracy })),
  {
    name: "teacher-wide",
    address: new URL("../../../models/teacher-wide.safetensors", import.meta.url),
    accuracy: accuracies["teacher-wide"],
  },
];

/** A model from a file that the visitor opened. */
export const openedModel = (file: File): OfferedModel => ({
  name: file.name,
  address: URL.createObjectURL(file),
  accuracy: "Nothing is known here of how often this model is right.",
});
