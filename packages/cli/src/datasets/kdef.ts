import { namedFileKind } from "./named-files.js";

/** The codes of the file names, in the data set's own words. */
const labelOf: Readonly<Record<string, string>> = {
  AF: "afraid",
  AN: "angry",
  DI: "disgusted",
  HA: "happy",
  NE: "neutral",
  SA: "sad",
  SU: "surprised",
};
/** Session, person, expression, angle: AF01ANS.JPG. */
const namePattern = /^[AB]([FM]\d{2})(AF|AN|DI|HA|NE|SA|SU)(?:S|HL|HR|FL|FR)\.\w+$/i;

/** KDEF (Lundqvist, Flykt, Öhman: The Karolinska Directed Emotional Faces, 1998). */
export const kdef = namedFileKind({
  name: "kdef",
  description: "Karolinska Directed Emotional Faces, 70 subjects, 7 classes, all five angles",
  layout: `PATH/.../AF01ANS.JPG: session (A B), person (F01..F35, M01..M35), expression
(AF AN DI HA NE SA SU), angle (S HL HR FL FR); both sessions show the same persons`,
  expected: "images named as AF01ANS.JPG",
  labels: Object.values(labelOf),
  read(name) {
    const match = namePattern.exec(name);
    return match ? { label: labelOf[match[2].toUpperCase()], subject: match[1].toUpperCase() } : undefined;
  },
});
