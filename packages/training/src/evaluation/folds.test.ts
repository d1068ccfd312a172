import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { assertSubjectIndependent, foldsBySubject, randomSplitFolds, splitForProtocol } from "./folds.js";

/** People with different numbers of images, each showing only some of the classes. */
function people(seed: number, persons = 40, classes = 6) {
  const random = createRandom(seed, "folds test");
  const images: { person: number; shown: number }[] = [];
  for (let person = 0; person < persons; person++) {
    const first = random.integer(classes);
    const number = 3 + random.integer(12);
    for (let i = 0; i < number; i++)
      images.push({ person: person * 3, shown: (first + random.integer(3)) % classes });
  }
  images.sort(() => random.next() - 0.5);
  return {
    name: "people",
    labels: Array.from({ length: classes }, (_, c) => `class ${c}`),
    count: images.length,
    classes: Uint8Array.from(images, ({ shown }) => shown),
    subjects: Int32Array.from(images, ({ person }) => person),
  };
}

const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);

describe.each([foldsBySubject, randomSplitFolds])("%o", (split) => {
  it("tests every image exactly once and trains on all others", () => {
    for (let seed = 0; seed < 20; seed++) {
      const dataset = people(seed);
      const all = Array.from({ length: dataset.count }, (_, i) => i);
      const { folds } = split(dataset, 2 + (seed % 9), seed);
      expect(folds.length).toBe(2 + (seed % 9));
      expect(sorted(folds.flatMap(({ test }) => [...test]))).toEqual(all);
      for (const { train, test } of folds) {
        expect(test.length).toBeGreaterThan(0);
        expect(sorted([...train, ...test])).toEqual(all);
      }
    }
  });

  it("is the same for the same seed and another for another", () => {
    const dataset = people(1);
    expect(split(dataset, 5, 7)).toEqual(split(dataset, 5, 7));
    expect(split(dataset, 5, 7)).not.toEqual(split(dataset, 5, 8));
  });

  it("refuses fewer than two folds", () => {
    expect(() => split(people(1), 1, 0)).toThrow("at least 2, not 1");
    expect(() => split(people(1), 2.5, 0)).toThrow("at least 2, not 2.5");
  });
});

describe("foldsBySubject", () => {
  it("never puts one person on both sides", () => {
    for (let seed = 0; seed < 50; seed++) {
      const dataset = people(seed);
      const result = foldsBySubject(dataset, 2 + (seed % 9), seed);
      expect(result.protocol).toBe("subject-independent");
      for (const { train, test } of result.folds) {
        const trained = new Set([...train].map((image) => dataset.subjects[image]));
        expect([...test].filter((image) => trained.has(dataset.subjects[image]))).toEqual([]);
      }
    }
  });

  it("keeps the folds alike in size and classes", () => {
    for (let seed = 0; seed < 20; seed++) {
      const dataset = people(seed, 100);
      const fair = dataset.count / 5;
      for (const { test } of foldsBySubject(dataset, 5, seed).folds) {
        expect(Math.abs(test.length - fair) / fair).toBeLessThan(0.1);
        for (let c = 0; c < dataset.labels.length; c++) {
          const all = dataset.classes.filter((shown) => shown === c).length;
          const here = [...test].filter((image) => dataset.classes[image] === c).length;
          expect(Math.abs(here / test.length - all / dataset.count)).toBeLessThan(0.06);
        }
      }
    }
  });

  it("gives each person a fold where there are as many folds as persons", () => {
    const dataset = people(3, 7);
    for (const { test } of foldsBySubject(dataset, 7, 0).folds) {
      expect(new Set([...test].map((image) => dataset.subjects[image])).size).toBe(1);
    }
  });

  it("refuses a data set without enough persons, in a sentence", () => {
    const dataset = people(0, 4);
    expect(() => foldsBySubject(dataset, 5, 0)).toThrow(
      'The data set "people" has 4 subjects, too few for 5 folds by subject.',
    );
    expect(() => foldsBySubject({ ...dataset, subjects: undefined }, 2, 0)).toThrow(
      'The data set "people" does not know its subjects',
    );
    const subjects = dataset.subjects.slice();
    subjects[2] = -1;
    expect(() => foldsBySubject({ ...dataset, subjects }, 2, 0)).toThrow(
      'The subject of 1 images of "people"',
    );
  });
});

describe("the leaking split", () => {
  it("has folds whose sizes differ by one at most, and says what it is", () => {
    const dataset = people(5);
    const { protocol, folds } = randomSplitFolds(dataset, 7, 0);
    expect(protocol).toBe("random-leaking");
    const sizes = folds.map(({ test }) => test.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    expect(() => assertSubjectIndependent(dataset, folds[0].train, folds[0].test)).toThrow("both sides");
  });

  it("does not need to know the persons", () => {
    expect(randomSplitFolds({ ...people(5), subjects: undefined }, 3, 0).folds.length).toBe(3);
  });

  it("comes only by its full name", () => {
    const dataset = people(6);
    expect(splitForProtocol()(dataset, 3, 0).protocol).toBe("subject-independent");
    expect(splitForProtocol("subject-independent")(dataset, 3, 0).protocol).toBe("subject-independent");
    expect(splitForProtocol("random-leaking")(dataset, 3, 0).protocol).toBe("random-leaking");
    expect(() => splitForProtocol("random")).toThrow('There is no protocol "random"');
  });
});

describe("assertSubjectIndependent", () => {
  const dataset = { ...people(0), subjects: Int32Array.of(4, 4, 7, 9, 7, -1) };

  it("names a shared person", () => {
    expect(() => assertSubjectIndependent(dataset, [0, 2], [3, 4])).toThrow('Subject 7 of "people"');
    expect(() => assertSubjectIndependent(dataset, [0, 1], [2, 3, 4])).not.toThrow();
  });

  it("does not pass what it cannot check", () => {
    expect(() => assertSubjectIndependent(dataset, [0, 5], [2])).toThrow("is not known");
    expect(() => assertSubjectIndependent({ ...dataset, subjects: undefined }, [0], [2])).toThrow(
      "does not know its subjects",
    );
  });
});
