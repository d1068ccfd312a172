import { DatasetError } from "./dataset-error.js";

/** The names of the basic expressions (Ekman's six, contempt, neutral) with the words used for them. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  neutral: ["neutral", "neutrality"],
  happiness: ["happiness", "happy", "joy", "joyful"],
  sadness: ["sadness", "sad"],
  anger: ["anger", "angry"],
  surprise: ["surprise", "surprised"],
  disgust: ["disgust", "disgusted"],
  fear: ["fear", "fearful", "afraid", "scared"],
  contempt: ["contempt", "contemptuous"],
};

const canonicalOf: ReadonlyMap<string, string> = new Map(
  Object.entries(synonyms).flatMap(([name, words]) => words.map((word) => [word, name] as const)),
);

const withoutSeparators = (name: string): string => name.toLowerCase().replace(/[\s_-]+/g, "");

/**
 * The one name of an expression, whatever a data set calls it: "Happy", "joy" and " happi-ness" all give
 * "happiness". Case, spaces, hyphens and underscores are ignored. A name that is none of the basic
 * expressions is given back trimmed and in lower case.
 */
export function canonicalLabel(name: string): string {
  return canonicalOf.get(withoutSeparators(name)) ?? name.trim().toLowerCase();
}

/** How the classes of a data set and of a model correspond. */
export interface LabelMatch {
  /** For each class of the data set the model's class of the same meaning, or -1 where it has none. */
  readonly toModel: Int32Array;
  /** Classes of the data set which the model lacks, in the data set's words. */
  readonly missingInModel: readonly string[];
  /** Classes of the model which the data set lacks, in the model's words. */
  readonly missingInDataset: readonly string[];
}

/** Index of each meaning; refuses two labels of one meaning, since no image could be told to either. */
function indexByMeaning(labels: readonly string[], owner: string): Map<string, number> {
  const byMeaning = new Map<string, number>();
  for (const [index, label] of labels.entries()) {
    const meaning = withoutSeparators(canonicalLabel(label));
    const earlier = byMeaning.get(meaning);
    if (earlier !== undefined) {
      throw new DatasetError(`The labels "${labels[earlier]}" and "${label}" of the ${owner} mean the same.`);
    }
    byMeaning.set(meaning, index);
  }
  return byMeaning;
}

/**
 * Matches the classes of a data set to those of a model by meaning.
 * @throws DatasetError when two labels of one side have the same meaning.
 */
export function matchLabels(modelLabels: readonly string[], datasetLabels: readonly string[]): LabelMatch {
  const inModel = indexByMeaning(modelLabels, "model");
  const inDataset = indexByMeaning(datasetLabels, "data set");
  const toModel = new Int32Array(datasetLabels.length).fill(-1);
  for (const [meaning, index] of inDataset) toModel[index] = inModel.get(meaning) ?? -1;
  return {
    toModel,
    missingInModel: datasetLabels.filter((_, index) => toModel[index] < 0),
    missingInDataset: [...inModel]
      .filter(([meaning]) => !inDataset.has(meaning))
      .map(([, index]) => modelLabels[index]),
  };
}
