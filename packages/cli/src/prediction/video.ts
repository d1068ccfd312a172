import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { Face, Recognizer } from "microexpnet";
import { ImageError } from "../datasets/image.js";
import { portablePixmaps } from "./portable-pixmaps.js";

/** Frames of a video that are looked at in each second of it. */
export const framesPerSecond = 10;

/** The faces in a frame of a video. */
export interface VideoFrame {
  /** Seconds from the video's start. */
  readonly seconds: number;
  readonly faces: readonly Face[];
}

/**
 * Recognises faces in a video file, ten frames of each second, by the system's ffmpeg.
 *
 * @param recognizer made with smoothing, so that it follows faces
 * @throws ImageError, the end of a sentence, where ffmpeg is missing or cannot read the file
 */
export async function recognizeVideo(
  recognizer: Recognizer,
  file: string,
  signal: AbortSignal,
  onFrame?: (frames: number) => void,
): Promise<VideoFrame[]> {
  // A path that begins with a dash or holds a colon stays a path.
  const input = `file:${file}`;
  const picture = ["-r", String(framesPerSecond), "-f", "image2pipe", "-c:v", "ppm", "pipe:1"];
  const ffmpeg = spawn("ffmpeg", ["-v", "error", "-nostdin", "-i", input, "-an", "-sn", ...picture], {
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  const ended = new Promise<number>((resolve, reject) => {
    ffmpeg.on("error", reject);
    ffmpeg.on("close", (code) => resolve(code ?? -1));
  });
  // Whichever of the two fails first, the other's failure is no news.
  ended.catch(() => undefined);
  const complaint = text(ffmpeg.stderr).catch(() => "");
  recognizer.reset();
  const frames: VideoFrame[] = [];
  try {
    for await (const frame of portablePixmaps(ffmpeg.stdout)) {
      const seconds = frames.length / framesPerSecond;
      const { faces } = await recognizer.recognize(frame, { signal, time: seconds * 1000 });
      frames.push({ seconds, faces });
      onFrame?.(frames.length);
    }
    const code = await ended;
    if (code !== 0 || frames.length === 0) {
      const [line] = (await complaint).trim().split("\n");
      throw new ImageError(`is no video that ffmpeg can read (${line || "it gave no pictures"})`);
    }
    return frames;
  } catch (error) {
    if (signal.aborted || error instanceof ImageError) throw error;
    // A process that could not be started also ends the stream, so it is asked first.
    const cause = await ended.then(
      () => error,
      (failure) => failure,
    );
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") {
      throw new ImageError("is a video, which is read by ffmpeg, and ffmpeg is not installed");
    }
    throw new ImageError(`cannot be read by ffmpeg (${(cause as Error).message})`);
  } finally {
    if (ffmpeg.exitCode === null && !signal.aborted) ffmpeg.kill();
  }
}

/** For each face that was followed, the mean of its probabilities, at the box where the detector was surest. */
export function summarizeVideo(frames: readonly VideoFrame[]): Face[] {
  const byId = new Map<number, Face[]>();
  for (const face of frames.flatMap(({ faces }) => faces))
    byId.set(face.id, [...(byId.get(face.id) ?? []), face]);
  return [...byId.values()].map((faces) => {
    const surest = faces.reduce((best, face) => (face.score > best.score ? face : best));
    const labels = Object.keys(surest.probabilities);
    const mean = (label: string) =>
      faces.reduce((sum, face) => sum + face.probabilities[label], 0) / faces.length;
    const probabilities = Object.fromEntries(labels.map((label) => [label, mean(label)]));
    const label = labels.reduce((best, other) => (probabilities[other] > probabilities[best] ? other : best));
    const uncertain = faces.filter((face) => face.uncertain).length > faces.length / 2;
    return { ...surest, label, probabilities, uncertain };
  });
}
