import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { drawSyntheticFace } from "../../../training/src/synthetic/face.js";
import { createClassifier } from "../classifier.js";
import { type FaceDetector, knownBoxesDetector } from "../face/detection.js";
import type { Picture } from "../face/picture.js";
import { type Model, ModelFileError, writeModelFile } from "../model-file.js";
import { analyze, type Network } from "../network.js";
import { createRecognizer, RecognizerError } from "./recognizer.js";

const folder = mkdtempSync(join(tmpdir(), "microexpnet-recognizer-"));
afterAll(() => rmSync(folder, { recursive: true }));

const network: Network = {
  name: "tiny",
  input: { height: 24, width: 24, channels: 1, scale: 1 / 255, offset: -0.4 },
  layers: [
    { kind: "convolution", name: "features", filters: 4, kernel: 5, stride: 3, activation: "relu" },
    { kind: "dense", name: "scores", units: 3 },
  ],
};

/** A model of fixed weights whose answers differ from face to face. */
const model: Model = {
  network,
  labels: ["a", "b", "c"],
  weights: new Map(
    analyze(network).parameters.map(({ name, length }) => [
      name,
      Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898 + name.length) * 0.3),
    ]),
  ),
  crop: { source: "whole-image" },
  calibration: { temperature: 1.3 },
  provenance: {},
};

/** A grey scene of 400x300 with drawn faces of 140x140 at these places. */
function scene(...places: readonly (readonly [number, number])[]): Picture {
  const data = new Uint8Array(400 * 300).fill(120);
  for (const [subject, [left, top]] of places.entries()) {
    const { pixels } = drawSyntheticFace({ subject, image: 1, size: 140 });
    for (let y = 0; y < 140; y++) data.set(pixels.subarray(y * 140, (y + 1) * 140), (top + y) * 400 + left);
  }
  return { data, width: 400, height: 300, channels: 1 };
}

const places = [
  [20, 30],
  [230, 120],
] as const;

describe("createRecognizer", () => {
  it("gives boxes, landmarks, probabilities and quality of each face", async () => {
    const recognizer = await createRecognizer({ model });
    expect(recognizer.labels).toEqual(["a", "b", "c"]);
    const { width, height, faces, milliseconds } = await recognizer.recognize(scene(...places));
    expect([width, height]).toEqual([400, 300]);
    expect(Object.keys(milliseconds)).toEqual(["read", "detect", "classify"]);
    expect(faces.map(({ id }) => id)).toEqual([1, 2]);
    for (const { box, landmarks, label, probabilities, quality, score } of faces) {
      const [left, top] = places.find(([x]) => Math.abs(x + 70 - box[0] - box[2] / 2) < 40)!;
      for (const point of Object.values(landmarks!)) {
        expect(point[0]).toBeGreaterThan(left - 10);
        expect(point[0]).toBeLessThan(left + 150);
        expect(point[1]).toBeGreaterThan(top);
        expect(point[1]).toBeLessThan(top + 140);
      }
      expect(score).toBeGreaterThan(0.5);
      const values = Object.values(probabilities);
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      expect(probabilities[label]).toBe(Math.max(...values));
      expect(Math.abs(quality.roll)).toBeLessThan(15);
      expect(quality.size).toBeGreaterThan(60);
      expect(quality.sharpness).toBeGreaterThan(0);
    }
    expect(
      (await (await createRecognizer({ model, maxFaces: 1 })).recognize(scene(...places))).faces.length,
    ).toBe(1);
  });

  it("reads a path, a URL, a file's bytes and pixels alike, upright", async () => {
    const picture = scene(...places);
    const path = join(folder, "scene.png");
    const { data, width, height } = picture;
    const bytes = await sharp(data, { raw: { width, height, channels: 1 } })
      .png()
      .toBuffer();
    writeFileSync(path, bytes);
    const turned = await sharp(bytes).rotate(90).withMetadata({ orientation: 8 }).png().toBuffer();
    const modelPath = join(folder, "model.safetensors");
    writeFileSync(modelPath, writeModelFile(model));
    const recognizer = await createRecognizer({ model: modelPath });
    const rgba = new Uint8ClampedArray(400 * 300 * 4).map((_, i) => (i % 4 === 3 ? 255 : data[i >> 2]));
    const { faces: expected } = await recognizer.recognize(picture);
    for (const source of [path, pathToFileURL(path), bytes, turned, { data: rgba, width, height }]) {
      expect((await recognizer.recognize(source)).faces).toEqual(expected);
    }
  });

  it("shows the network the whole picture, or the boxes that are given", async () => {
    const picture = {
      ...scene(),
      data: drawSyntheticFace({ subject: 3, image: 2, size: 24 }).pixels,
      width: 24,
      height: 24,
    };
    const [expected] = [createClassifier(model).probabilities(picture.data)];
    const whole = await (await createRecognizer({ model, detector: "whole" })).recognize(picture);
    expect(whole.faces[0].box).toEqual([0, 0, 24, 24]);
    expect(Object.values(whole.faces[0].probabilities)).toEqual([...expected]);
    const detector = knownBoxesDetector([[0, 0, 24, 24]], true);
    const known = await (await createRecognizer({ model, detector })).recognize(picture);
    expect(known.faces).toEqual(whole.faces);
  });

  it("follows faces and smooths over time where that is asked for", async () => {
    const recognizer = await createRecognizer({ model, smoothing: 200 });
    const first = await recognizer.recognize(scene([20, 30], [230, 120]), { time: 0 });
    const alone = await recognizer.recognize(scene([35, 30]), { time: 50 });
    const again = await recognizer.recognize(scene([50, 30], [225, 120]), { time: 300 });
    const idAt = ({ faces }: typeof first, isLeft: boolean) =>
      faces.find(({ box }) => box[0] < 150 === isLeft)?.id;
    for (const isLeft of [true, false]) expect(idAt(again, isLeft)).toBe(idAt(first, isLeft));
    expect(idAt(alone, true)).toBe(idAt(first, true));
    expect(alone.faces.length).toBe(1);

    // One detector's box, two very different pictures: after a half-life the answer is the mean of both.
    const detector = knownBoxesDetector([[100, 80, 140, 140]]);
    const plain = await createRecognizer({ model, detector });
    const smoothed = await createRecognizer({ model, detector, smoothing: 200 });
    const [dark, bright] = [scene(), scene([100, 80])];
    const [a, b] = await Promise.all(
      [dark, bright].map(async (p) => (await plain.recognize(p)).faces[0].probabilities),
    );
    await smoothed.recognize(dark, { time: 1000 });
    const { faces } = await smoothed.recognize(bright, { time: 1200 });
    for (const label of model.labels)
      expect(faces[0].probabilities[label]).toBeCloseTo((a[label] + b[label]) / 2, 5);
  });

  it("says when it is uncertain", async () => {
    const sure = await createRecognizer({ model, minProbability: 0 });
    const unsure = await createRecognizer({ model, minProbability: 1 });
    const tiny = await createRecognizer({
      model,
      minProbability: 0,
      detector: knownBoxesDetector([[9, 9, 12, 12]]),
    });
    expect((await sure.recognize(scene(places[0]))).faces[0].uncertain).toBe(false);
    expect((await unsure.recognize(scene(places[0]))).faces[0].uncertain).toBe(true);
    expect((await tiny.recognize(scene(places[0]))).faces[0].uncertain).toBe(true);
  });

  it("stops at a signal, between stages as well", async () => {
    const recognizer = await createRecognizer({ model });
    const reason = new Error("enough");
    await expect(recognizer.recognize(scene(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const slow: FaceDetector = {
      async detect() {
        controller.abort(reason);
        return [];
      },
    };
    const waiting = await createRecognizer({ model, detector: slow });
    await expect(waiting.recognize(scene(), { signal: controller.signal })).rejects.toBe(reason);
    recognizer.close();
    await expect(recognizer.recognize(scene())).rejects.toThrow("was closed");
  });

  it("says in one sentence what it cannot use", async () => {
    await expect(createRecognizer({ model, smoothing: -1 })).rejects.toThrow(RecognizerError);
    await expect(createRecognizer({ model, maxFaces: 0 })).rejects.toThrow("maxFaces must be at least 1");
    await expect(createRecognizer({ model: "no-such-model" })).rejects.toThrow(ModelFileError);
    const recognizer = await createRecognizer({ model });
    await expect(recognizer.recognize(join(folder, "gone.png"))).rejects.toThrow(
      /gone\.png cannot be read \(.*\)\.$/,
    );
    await expect(recognizer.recognize({ data: new Uint8Array(5), width: 2, height: 2 })).rejects.toThrow(
      "A picture of 2x2 with 4 channels needs 16 bytes, not 5.",
    );
    await expect(recognizer.recognize(undefined as never)).rejects.toThrow("In Node a picture is a path");
  });
});
