import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Dataset, landmarkValues } from "@microexpnet/training";
import { loadBlazeFace, renderView } from "microexpnet/internal";
import { breathe, message, Progress } from "../console.js";
import { defaultCacheDirectory } from "../datasets/index.js";
import { writeFileAtomically } from "../models.js";

/** Side of the detector's input, and the share of it that an image takes: cut close, faces are found less often. */
const side = 128;
const share = 5 / 8;
/** Changes whenever the same images would give other landmarks. */
const version = 1;

/**
 * Eyes and mouth of every face, found by the detector and kept in the cache of the data sets.
 *
 * @returns count * `landmarkValues` shares of the images' side, NaN where no face was found
 */
export async function landmarksOf(dataset: Dataset, signal?: AbortSignal): Promise<Float32Array> {
  const { count, size, pixels } = dataset;
  const hash = createHash("sha256").update(`${version} ${count} ${size} `).update(pixels).digest("hex");
  const folder = defaultCacheDirectory();
  const file = join(folder, `landmarks-${hash.slice(0, 16)}.bin`);
  const kept = await readFile(file).catch(() => undefined);
  if (kept?.length === 4 * count * landmarkValues) return new Float32Array(new Uint8Array(kept).buffer);
  const landmarks = await findLandmarks(dataset, signal);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFileAtomically(file, new Uint8Array(landmarks.buffer));
  } catch {
    // They are found anew the next time.
  }
  return landmarks;
}

async function findLandmarks({ count, size, pixels }: Dataset, signal?: AbortSignal): Promise<Float32Array> {
  const detector = await loadBlazeFace();
  const landmarks = new Float32Array(count * landmarkValues).fill(Number.NaN);
  const data = new Uint8Array(side * side);
  const margin = (1 / share - 1) / 2;
  const view = { xx: size / share, xy: 0, x0: -margin * size, yx: 0, yy: size / share, y0: -margin * size };
  const progress = new Progress();
  let seen = 0;
  for (let image = 0; image < count; image++) {
    if (image % 64 === 0) {
      progress.update(image, count, "Looking for eyes and mouths");
      await breathe(signal);
    }
    const source = pixels.subarray(image * size * size, (image + 1) * size * size);
    renderView(source, size, size, view, data, side, side);
    const [face] = detector.detect({ data, width: side, height: side, channels: 1 }, { maxFaces: 1 });
    if (!face?.landmarks) continue;
    seen++;
    const { leftEye, rightEye, mouth } = face.landmarks;
    const inImage = (position: number) => position / side / share - margin;
    landmarks.set([...leftEye, ...rightEye, ...mouth].map(inImage), image * landmarkValues);
  }
  progress.done();
  message(`Eyes and mouth were found in ${seen} of ${count} faces.`);
  return landmarks;
}
