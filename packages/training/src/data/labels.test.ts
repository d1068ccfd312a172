import { describe, expect, it } from "vitest";
import { DatasetError } from "./dataset-error.js";
import { canonicalLabel, matchLabels } from "./labels.js";

describe("canonicalLabel", () => {
  it.each([
    ["happiness", ["happy", "Happiness", "JOY", " ha-ppy ", "happi_ness"]],
    ["sadness", ["sad", "Sadness"]],
    ["anger", ["angry", "ANGER"]],
    ["surprise", ["surprised", "Surprise"]],
    ["disgust", ["disgusted", "disgust"]],
    ["fear", ["fearful", "fear", "afraid", "scared"]],
    ["neutral", ["Neutral"]],
    ["contempt", ["contemptuous", "contempt"]],
  ])("gives %s", (canonical, words) => {
    expect(words.map(canonicalLabel)).toEqual(words.map(() => canonical));
  });

  it("passes an unknown name through, trimmed and in lower case", () => {
    expect(canonicalLabel("  Raised Brow ")).toBe("raised brow");
    expect(canonicalLabel("unhappy")).toBe("unhappy");
  });
});

describe("matchLabels", () => {
  it("maps classes by meaning and says what either side lacks", () => {
    const match = matchLabels(
      ["neutral", "happiness", "sadness", "Head-Tilt", "contempt"],
      ["Happy", "head tilt", "sleepy", "neutral"],
    );
    expect([...match.toModel]).toEqual([1, 3, -1, 0]);
    expect(match.missingInModel).toEqual(["sleepy"]);
    expect(match.missingInDataset).toEqual(["sadness", "contempt"]);
  });

  it("refuses two labels of one meaning on either side", () => {
    expect(() => matchLabels(["happy", "joy"], ["happy"])).toThrow(DatasetError);
    expect(() => matchLabels(["happy"], ["sad", "fear", "afraid"])).toThrow(
      'The labels "fear" and "afraid" of the data set mean the same.',
    );
  });
});
