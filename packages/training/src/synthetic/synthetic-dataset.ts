import { type Dataset, sharedBytes } from "../data/dataset.js";
import { expressionLabels } from "./expressions.js";
import { drawSyntheticFace, expressionOf, requireWhole } from "./face.js";

export interface SyntheticDatasetOptions {
  /** Number of people; default 120. */
  subjects?: number;
  /** Pictures of each person; default 32, which are four of each expression. */
  imagesPerSubject?: number;
  /** Side of the pictures in pixels; default 64. */
  size?: number;
  /** Default 1. */
  seed?: number;
  /** Called after each person with the number of pictures drawn and of all pictures. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Draws the embedded data set: faces by program with eight expressions, person after person.
 * The same options give the same bytes; picture i of person s depends on the seed, s, i and the size alone,
 * so that a larger data set begins each person with the pictures of a smaller one.
 *
 * @throws RangeError where a number is not usable.
 */
export function drawSyntheticDataset(options: SyntheticDatasetOptions = {}): Dataset {
  const { subjects = 120, imagesPerSubject = 32, size = 64, seed = 1, onProgress } = options;
  requireWhole(subjects, 1, "number of subjects");
  requireWhole(imagesPerSubject, 1, "number of images per subject");
  const count = subjects * imagesPerSubject;
  const pixels = sharedBytes(count * size * size);
  const classes = sharedBytes(count);
  const people = new Int32Array(new SharedArrayBuffer(count * 4));
  for (let subject = 0; subject < subjects; subject++) {
    for (let image = 0; image < imagesPerSubject; image++) {
      const index = subject * imagesPerSubject + image;
      pixels.set(drawSyntheticFace({ seed, subject, image, size }).pixels, index * size * size);
      classes[index] = expressionOf(subject, image);
      people[index] = subject;
    }
    onProgress?.((subject + 1) * imagesPerSubject, count);
  }
  return { name: "synthetic", labels: expressionLabels, count, size, pixels, classes, subjects: people };
}
