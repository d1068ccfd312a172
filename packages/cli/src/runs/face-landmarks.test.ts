import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  animateFace,
  createRandom,
  type Dataset,
  drawSyntheticDataset,
  landmarkValues,
  sampleAnimation,
} from "@microexpnet/training";
import { loadClassifier } from "microexpnet";
import { blazeFaceFile, renderView, wholeImageView } from "microexpnet/internal";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { landmarksOf } from "./face-landmarks.js";

const teacher = new URL("../../../../models/teacher-mini.safetensors", import.meta.url);

let folder: string;
let faces: Dataset;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "microexpnet-landmarks-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
  faces = drawSyntheticDataset({ subjects: 16, imagesPerSubject: 8 });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

// The detector is made from a package at build time.
describe.skipIf(!existsSync(blazeFaceFile))("landmarksOf", () => {
  it("finds the eyes above the mouth, left of right, in drawn faces", async () => {
    const landmarks = await landmarksOf(faces);
    expect(landmarks.length).toBe(faces.count * landmarkValues);
    let plausible = 0;
    for (let i = 0; i < landmarks.length; i += landmarkValues) {
      const [leftX, leftY, rightX, rightY, mouthX, mouthY] = landmarks.subarray(i, i + landmarkValues);
      const isFace = leftX < mouthX && mouthX < rightX && Math.max(leftY, rightY) < mouthY && mouthY < 1;
      if (isFace && leftX > 0.1 && rightX < 0.9) plausible++;
    }
    expect(plausible / faces.count).toBeGreaterThan(0.9);
  });

  it("takes them from the cache, and searches anew where that is damaged", async () => {
    const landmarks = await landmarksOf(faces);
    const cache = join(folder, "microexpnet");
    const [name] = (await readdir(cache)).filter((file) => file.startsWith("landmarks-"));
    const marked = landmarks.slice().fill(0.25);
    await writeFile(join(cache, name), new Uint8Array(marked.buffer));
    expect(await landmarksOf(faces)).toEqual(marked);
    await writeFile(join(cache, name), "damaged");
    expect(await landmarksOf(faces)).toEqual(landmarks);
  });

  // The network learned from photographs alone, whose features nobody moved.
  it.each(["happiness", "surprise", "sadness", "anger", "fear"] as const)(
    "lets a network see more %s in faces that are animated so",
    async (expression) => {
      const classifier = await loadClassifier(teacher);
      const landmarks = await landmarksOf(faces);
      const { size } = faces;
      const label = classifier.labels.indexOf(expression);
      const logarithm = (pixels: Uint8Array) => {
        const input = new Uint8Array(48 * 48);
        renderView(pixels, size, size, wholeImageView(size, size), input, 48, 48);
        return Math.log(classifier.probabilities(input)[label]);
      };
      const animated = new Uint8Array(size * size);
      const gains: number[] = [];
      for (let i = 0; i < faces.count; i++) {
        if (faces.labels[faces.classes[i]] !== "neutral") continue;
        const source = faces.pixels.subarray(i * size * size, (i + 1) * size * size);
        const { action } = sampleAnimation(expression, createRandom(expression, i));
        const places = landmarks.subarray(i * landmarkValues, (i + 1) * landmarkValues);
        if (animateFace(source, size, places, action, animated))
          gains.push(logarithm(animated) - logarithm(source));
      }
      expect(gains.length).toBeGreaterThan(8);
      expect(gains.reduce((sum, gain) => sum + gain) / gains.length).toBeGreaterThan(0.3);
    },
  );
});
