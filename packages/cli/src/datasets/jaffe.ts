import { namedFileKind } from "./named-files.js";

const labelOf: Readonly<Record<string, string>> = {
  AN: "anger",
  DI: "disgust",
  FE: "fear",
  HA: "happiness",
  NE: "neutral",
  SA: "sadness",
  SU: "surprise",
};
/** Subject, expression and take, number of the picture: KA.AN1.39.tiff. */
const namePattern = /^([A-Z]{2})\.(AN|DI|FE|HA|NE|SA|SU)\d*\.\d+\.\w+$/i;

/** JAFFE (Lyons, Akamatsu, Kamachi, Gyoba: Coding Facial Expressions with Gabor Wavelets, 1998). */
export const jaffe = namedFileKind({
  name: "jaffe",
  description: "Japanese Female Facial Expression, 10 subjects, 7 classes",
  layout: "PATH/KA.AN1.39.tiff: subject, expression (AN DI FE HA NE SA SU) and take, number",
  expected: "images named as KA.AN1.39.tiff",
  labels: Object.values(labelOf),
  read(name) {
    const match = namePattern.exec(name);
    return match ? { label: labelOf[match[2].toUpperCase()], subject: match[1].toUpperCase() } : undefined;
  },
});
