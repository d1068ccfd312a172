import { readSource } from "#files";
import { Program } from "../engine/program.js";
import { readNetworkFile, type StoredNetwork } from "../network-file.js";
import type { Detection, DetectOptions, FaceDetector } from "./detection.js";
import { type Box, type Picture, type Point, requirePicture } from "./picture.js";
import { scaleColour } from "./scale-colour.js";
import { suppress } from "./suppression.js";

/** Side of the network's input in pixels. */
const side = 128;
/** Cells along a side of the two output maps and the anchors in each cell; all anchors are one size. */
const maps = [
  { cells: 16, anchors: 2 },
  { cells: 8, anchors: 6 },
] as const;
const anchorCount = maps.reduce((sum, { cells, anchors }) => sum + cells * cells * anchors, 0);
/** Values for each anchor: centre, width and height of the box, then six points. */
const boxValues = 16;
/** Scores are clipped before the sigmoid. */
const scoreLimit = 100;

/** Pixels along a side of a tile below which there is nothing more to see. */
const smallestTile = 80;

/** Size at which a picture is looked at again, as from afar, where no face was found in it. */
const farShare = 2 / 3;

/** The detector's file beside the library, made at build time from the package @mediapipe/face_detection. */
export const blazeFaceFile = new URL("../../dist/detector/blazeface.safetensors", import.meta.url);

/** Centres of the anchors as fractions of the input's side, x and y in turn, in the order of the outputs. */
function anchorCentres(): Float64Array {
  const centres: number[] = [];
  for (const { cells, anchors } of maps) {
    for (let row = 0; row < cells; row++) {
      for (let column = 0; column < cells; column++) {
        for (let i = 0; i < anchors; i++) centres.push((column + 0.5) / cells, (row + 0.5) / cells);
      }
    }
  }
  return Float64Array.from(centres);
}

export interface BlazeFaceOptions {
  /** Detections below this score, 0..1, are dropped; 0.5 by default. In tiles the threshold is higher: 0.7. */
  readonly minScore?: number;
  /**
   * How many sizes of faces are searched for. 1, the default, looks at the whole picture at once and finds
   * faces down to about a sixth of its longer side; each further level looks at overlapping square tiles of
   * half the side before, for groups and distant faces, at about four times the cost. Once `maxFaces` faces
   * are found, no deeper level is searched. 1 to 4.
   */
  readonly levels?: number;
}

/** A part of a picture that is looked at, and where it lies in the network's input. */
interface Look {
  readonly region: Box;
  readonly rows: number;
  readonly columns: number;
  readonly top: number;
  readonly left: number;
}

/** The whole picture in the middle of the input, its longer side `share` of the input's, black around it. */
function wholeLook({ width, height }: Picture, share: number): Look {
  const longest = Math.max(width, height) / share;
  const rows = Math.max(1, Math.round((side * height) / longest));
  const columns = Math.max(1, Math.round((side * width) / longest));
  return {
    region: [0, 0, width, height],
    rows,
    columns,
    top: (side - rows) >> 1,
    left: (side - columns) >> 1,
  };
}

/** Square tiles that overlap by half, or more where they would reach beyond the picture. */
function tileLooks({ width, height }: Picture, level: number): Look[] {
  const tile = Math.min(Math.max(width, height) / 2 ** level, width, height);
  const starts = (length: number) => {
    const count = Math.ceil((length - tile) / (tile / 2) - 1e-9) + 1;
    return Array.from({ length: count }, (_, i) => (count === 1 ? 0 : (i * (length - tile)) / (count - 1)));
  };
  return starts(height).flatMap((y) =>
    starts(width).map((x) => ({
      region: [x, y, tile, tile] as const,
      rows: side,
      columns: side,
      top: 0,
      left: 0,
    })),
  );
}

/**
 * The face detector BlazeFace, short range (Bazarevsky, Kartynnik, Vakunov, Raveendran & Grundmann 2019,
 * arXiv 1907.05047): anchors, decoding and suppression as MediaPipe publishes them.
 */
export class BlazeFace implements FaceDetector {
  readonly #program: Program;
  readonly #minScore: number;
  readonly #levels: number;
  readonly #centres = anchorCentres();
  readonly #input = new Uint8Array(side * side * 3);
  readonly #drawn = new Uint8Array(side * side * 3);

  /** @throws RangeError where an option is out of its range */
  constructor({ network, weights }: StoredNetwork, { minScore = 0.5, levels = 1 }: BlazeFaceOptions = {}) {
    if (!(minScore > 0 && minScore < 1))
      throw new RangeError(`minScore must lie between 0 and 1, not ${minScore}.`);
    if (!(Number.isInteger(levels) && levels >= 1 && levels <= 4)) {
      throw new RangeError(`levels must be a whole number from 1 to 4, not ${levels}.`);
    }
    this.#program = new Program(network, (name) => weights.get(name) as Float32Array, 1, {
      precision: "int16",
    });
    this.#minScore = minScore;
    this.#levels = levels;
  }

  /** @throws PictureError where the picture's data do not fit its size */
  detect(picture: Picture, { maxFaces = Number.POSITIVE_INFINITY }: DetectOptions = {}): Detection[] {
    requirePicture(picture);
    const found = this.#look(picture, wholeLook(picture, 1));
    // A face that fills the picture is larger than any that the network was made for.
    if (found.length === 0) found.push(...this.#look(picture, wholeLook(picture, farShare)));
    let faces = suppress(found);
    const deepest = Math.min(
      this.#levels,
      1 + Math.log2(Math.max(picture.width, picture.height) / smallestTile),
    );
    // Of many tiles, some ear or collar looks like a face to a detector that is only half sure.
    const surer = 1 - (1 - this.#minScore) * 0.6;
    for (let level = 1; level < deepest && faces.length < maxFaces; level++) {
      for (const look of tileLooks(picture, level)) {
        const isFace = ({ box, score }: Detection) => score >= surer && !isCut(box, look.region, picture);
        found.push(...this.#look(picture, look).filter(isFace));
      }
      faces = suppress(found);
    }
    return faces.slice(0, maxFaces);
  }

  /** All detections in a part of the picture, in pixels of the picture, not yet suppressed. */
  #look(picture: Picture, { region, rows, columns, top, left }: Look): Detection[] {
    const input = this.#input;
    if (rows === side && columns === side) scaleColour(picture, region, input, rows, columns);
    else {
      const drawn = this.#drawn;
      scaleColour(picture, region, drawn, rows, columns);
      input.fill(0);
      for (let row = 0; row < rows; row++) {
        const line = drawn.subarray(row * columns * 3, (row + 1) * columns * 3);
        input.set(line, ((top + row) * side + left) * 3);
      }
    }
    const outputs = this.#program.run(input, 1);
    const scaleX = region[2] / columns;
    const scaleY = region[3] / rows;
    const toX = (x: number) => region[0] + (x - left) * scaleX;
    const toY = (y: number) => region[1] + (y - top) * scaleY;
    const lowest = Math.log(this.#minScore / (1 - this.#minScore));
    const detections: Detection[] = [];
    for (let anchor = 0; anchor < anchorCount; anchor++) {
      const logit = outputs[anchor];
      if (!(logit >= lowest)) continue;
      const score = 1 / (1 + Math.exp(-Math.min(logit, scoreLimit)));
      const at = anchorCount + anchor * boxValues;
      // Offsets from the anchor's centre, in pixels of the input.
      const anchorX = this.#centres[2 * anchor] * side;
      const anchorY = this.#centres[2 * anchor + 1] * side;
      const width = outputs[at + 2];
      const height = outputs[at + 3];
      const point = (index: number): Point => [
        toX(outputs[at + 4 + 2 * index] + anchorX),
        toY(outputs[at + 5 + 2 * index] + anchorY),
      ];
      const x = toX(outputs[at] + anchorX - width / 2);
      const y = toY(outputs[at + 1] + anchorY - height / 2);
      detections.push({
        box: [x, y, width * scaleX, height * scaleY],
        score,
        landmarks: {
          leftEye: point(0),
          rightEye: point(1),
          nose: point(2),
          mouth: point(3),
          leftEar: point(4),
          rightEar: point(5),
        },
      });
    }
    return detections;
  }
}

/** Whether a box crosses an edge of its tile that is not the picture's edge too. */
function isCut(
  [x, y, width, height]: Box,
  [left, top, tileWidth, tileHeight]: Box,
  picture: Picture,
): boolean {
  const right = left + tileWidth;
  const bottom = top + tileHeight;
  return (
    (x < left && left > 0) ||
    (y < top && top > 0) ||
    (x + width > right && right < picture.width - 0.5) ||
    (y + height > bottom && bottom < picture.height - 0.5)
  );
}

/**
 * Loads the detector.
 *
 * @param source its file, where it does not lie beside the library: a URL, a path (Node) or the bytes
 * @throws ModelFileError where the file is damaged
 */
export async function loadBlazeFace(
  options: BlazeFaceOptions = {},
  source: string | URL | Uint8Array = blazeFaceFile,
): Promise<BlazeFace> {
  const bytes = source instanceof Uint8Array ? source : await readSource(source);
  return new BlazeFace(readNetworkFile(bytes), options);
}
