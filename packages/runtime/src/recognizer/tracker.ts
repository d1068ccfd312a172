import { type Detection, overlap } from "../face/detection.js";

/** A face that is followed from picture to picture. */
export interface Track {
  readonly id: number;
  detection: Detection;
  /** Milliseconds when it was last seen. */
  seen: number;
  /** Smoothed probabilities; none before the first are added. */
  probabilities?: Float32Array;
  /** When they were last added to. */
  updated: number;
}

/** Overlap with where a face was, from which a detection is the same face. */
const sameFace = 0.2;

/**
 * Follows faces by where they are: pairs of old and new boxes are matched by their overlap, the largest first. A
 * face that leaves keeps its id for a while, in case that it comes back.
 */
export class Tracker {
  #tracks: Track[] = [];
  #nextId = 1;

  /** @param keep milliseconds for which a face that is not seen is remembered */
  constructor(private readonly keep = 1000) {}

  /** The tracks of the detections, in their order. */
  update(detections: readonly Detection[], now: number): Track[] {
    this.#tracks = this.#tracks.filter(({ seen }) => now - seen <= this.keep && now >= seen);
    const pairs = detections
      .flatMap((detection, index) =>
        this.#tracks.map((track) => ({ index, track, share: overlap(detection.box, track.detection.box) })),
      )
      .filter(({ share }) => share >= sameFace)
      .sort((a, b) => b.share - a.share);
    const result = new Map<number, Track>();
    const taken = new Set<Track>();
    for (const { index, track } of pairs) {
      if (result.has(index) || taken.has(track)) continue;
      result.set(index, track);
      taken.add(track);
    }
    return detections.map((detection, index) => {
      let track = result.get(index);
      if (track) {
        track.detection = detection;
        track.seen = now;
      } else {
        track = { id: this.#nextId++, detection, seen: now, updated: now };
        this.#tracks.push(track);
      }
      return track;
    });
  }

  /** Forgets all faces. */
  reset(): void {
    this.#tracks = [];
  }
}

/**
 * Moves a track's probabilities towards new ones, exponentially: after `halfLife` milliseconds half of what was
 * has been forgotten, whatever the number of pictures in between.
 *
 * @returns the smoothed probabilities, which are the track's own
 */
export function smooth(
  track: Track,
  probabilities: Float32Array,
  halfLife: number,
  now: number,
): Float32Array {
  const old = track.probabilities;
  if (!old || !(halfLife > 0)) track.probabilities = probabilities.slice();
  else {
    const share = 1 - 2 ** (-Math.max(now - track.updated, 0) / halfLife);
    for (let i = 0; i < old.length; i++) old[i] += share * (probabilities[i] - old[i]);
  }
  track.updated = now;
  return track.probabilities as Float32Array;
}
