import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { readTflite } from "../../../../scripts/tflite.mjs";
import { Program } from "../engine/program.js";
import { fromFloat16Bits } from "../float16.js";
import { readNetworkFile } from "../network-file.js";
import { BlazeFace, blazeFaceFile } from "./blazeface.js";
import type { Picture } from "./picture.js";

const stored = readNetworkFile(readFileSync(blazeFaceFile));

/** The same bytes on every run. */
function noise(length: number): Uint8Array {
  let state = 5;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Slides a window over a map as TensorFlow's SAME and VALID do; `visit` gets the input's pixel or skips it. */
function slide(
  [, height, width]: readonly number[],
  window: number,
  stride: number,
  padding: string,
  visit: (y: number, x: number, i: number, j: number, output: number) => void,
): [rows: number, columns: number] {
  const count = (length: number) =>
    padding === "same" ? Math.ceil(length / stride) : Math.floor((length - window) / stride) + 1;
  const before = (length: number) =>
    padding === "same" ? Math.max((count(length) - 1) * stride + window - length, 0) >> 1 : 0;
  const [rows, columns] = [count(height), count(width)];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let i = 0; i < window; i++) {
        for (let j = 0; j < window; j++) {
          const y = row * stride + i - before(height);
          const x = column * stride + j - before(width);
          if (y >= 0 && y < height && x >= 0 && x < width) visit(y, x, i, j, row * columns + column);
        }
      }
    }
  }
  return [rows, columns];
}

/** Runs a TensorFlow Lite graph operation by operation, from the operations' definitions. */
function interpret(graph: ReturnType<typeof readTflite>, input: Float32Array): Tensor[] {
  const known = new Map<number, Tensor>();
  known.set(graph.inputs[0], { shape: graph.tensors[graph.inputs[0]].shape, values: input });
  const get = (index: number): Tensor => {
    const found = known.get(index);
    if (found) return found;
    const { data, shape, type } = graph.tensors[index];
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const values = Float32Array.from({ length: data.length / (type === "float16" ? 2 : 4) }, (_, i) =>
      type === "float16"
        ? fromFloat16Bits(view.getUint16(2 * i, true))
        : type === "int32"
          ? view.getInt32(4 * i, true)
          : view.getFloat32(4 * i, true),
    );
    return { shape, values };
  };
  for (const { kind, inputs, outputs, options } of graph.operations) {
    const [a, b, c] = inputs.map(get);
    const shape = graph.tensors[outputs[0]].shape;
    const values = new Float32Array(shape.reduce((x, y) => x * y, 1));
    const width = a.shape[2];
    const channels = a.shape[3];
    if (kind === "convolution") {
      const [filters, window] = b.shape;
      values.forEach((_, i) => (values[i] = c.values[i % filters]));
      slide(a.shape, window, options.stride as number, options.padding as string, (y, x, i, j, output) => {
        for (let filter = 0; filter < filters; filter++) {
          let sum = 0;
          const weight = ((filter * window + i) * window + j) * channels;
          for (let channel = 0; channel < channels; channel++)
            sum += a.values[(y * width + x) * channels + channel] * b.values[weight + channel];
          values[output * filters + filter] += sum;
        }
      });
    } else if (kind === "depthwiseConvolution") {
      const window = b.shape[1];
      values.forEach((_, i) => (values[i] = c.values[i % channels]));
      slide(a.shape, window, options.stride as number, options.padding as string, (y, x, i, j, output) => {
        for (let channel = 0; channel < channels; channel++)
          values[output * channels + channel] +=
            a.values[(y * width + x) * channels + channel] * b.values[(i * window + j) * channels + channel];
      });
    } else if (kind === "maxPool") {
      values.fill(Number.NEGATIVE_INFINITY);
      const { size, stride, padding } = options as { size: number; stride: number; padding: string };
      slide(a.shape, size, stride, padding, (y, x, _i, _j, output) => {
        for (let channel = 0; channel < channels; channel++) {
          const value = a.values[(y * width + x) * channels + channel];
          values[output * channels + channel] = Math.max(values[output * channels + channel], value);
        }
      });
    } else if (kind === "add") a.values.forEach((value, i) => (values[i] = value + b.values[i]));
    else if (kind === "relu") a.values.forEach((value, i) => (values[i] = Math.max(value, 0)));
    else if (kind === "pad") {
      a.values.forEach((value, i) => (values[Math.floor(i / channels) * shape[3] + (i % channels)] = value));
    } else if (kind === "concatenation") values.set([...a.values, ...b.values]);
    else values.set(a.values);
    known.set(outputs[0], { shape, values });
  }
  return graph.outputs.map(get);
}

describe("the converted detector", () => {
  it("answers as the published graph does, run by its operations' definitions", () => {
    const source = createRequire(import.meta.url).resolve(
      "@mediapipe/face_detection/face_detection_short_range.tflite",
    );
    const pixels = noise(128 * 128 * 3);
    const input = Float32Array.from(pixels, (value) => value / 127.5 - 1);
    const [boxes, scores] = interpret(readTflite(new Uint8Array(readFileSync(source))), input);
    const expected = [...scores.values, ...boxes.values];
    const largest = Math.max(...expected.map(Math.abs));
    expect(largest).toBeGreaterThan(1);
    for (const [precision, allowed] of [
      ["float32", 1e-4],
      ["int16", 5e-3],
    ] as const) {
      const weights = (name: string) => stored.weights.get(name) as Float32Array;
      const actual = new Program(stored.network, weights, 1, { precision }).run(pixels);
      expect(actual.length).toBe(896 * 17);
      expect(actual.length).toBe(expected.length);
      const furthest = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i])), 0);
      expect(furthest / largest, precision).toBeLessThan(allowed);
    }
  });

  it("says where it came from and travels with its licence", () => {
    expect(stored.provenance).toMatchObject({ licence: "Apache-2.0", copyright: "The MediaPipe Authors" });
    const licence = readFileSync(new URL("LICENSE.txt", blazeFaceFile), "utf8");
    expect(licence).toContain("Apache License");
    expect(licence).toContain("The MediaPipe Authors");
  });

  it("refuses options out of range", () => {
    expect(() => new BlazeFace(stored, { levels: 0 })).toThrow("levels must be");
    expect(() => new BlazeFace(stored, { minScore: 1 })).toThrow("minScore must lie");
  });
});

const folder = fileURLToPath(new URL("../../../../../shared/data/photos/images/", import.meta.url));
const present = existsSync(folder);
if (!present) console.warn("The tests on photographs are skipped: ../shared/data/photos is absent.");

describe.skipIf(!present)("on photographs", () => {
  const names = present ? readdirSync(folder).filter((_, i) => i % 20 === 0) : [];
  const read = async (name: string, change: (image: Sharp) => Sharp = (image) => image) => {
    const image = change(sharp(`${folder}${name}`));
    const { data, info } = await image.removeAlpha().raw().toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height, channels: info.channels } as Picture;
  };

  it("finds one face in each, with the features in their order", async () => {
    const detector = new BlazeFace(stored);
    for (const name of names) {
      const faces = detector.detect(await read(name));
      expect(faces.length, name).toBe(1);
      const { leftEye, rightEye, nose, mouth, leftEar, rightEar } = faces[0].landmarks!;
      expect(leftEar[0], name).toBeLessThan(leftEye[0]);
      expect(leftEye[0], name).toBeLessThan(rightEye[0]);
      expect(rightEye[0], name).toBeLessThan(rightEar[0]);
      expect(Math.max(leftEye[1], rightEye[1]), name).toBeLessThan(nose[1]);
      expect(nose[1], name).toBeLessThan(mouth[1]);
    }
  });

  it("moves the box with the face, whatever the picture's form", async () => {
    const detector = new BlazeFace(stored);
    const [alone] = detector.detect(await read(names[0]));
    const moved = await read(names[0], (image) =>
      image.resize(175, 175).extend({ left: 300, right: 80, top: 60, bottom: 20, background: "#456" }),
    );
    const [face] = detector.detect(moved);
    const expected = alone.box.map((value, i) => value / 2 + [300, 60, 0, 0][i]);
    for (let i = 0; i < 4; i++) expect(Math.abs(face.box[i] - expected[i])).toBeLessThan(0.2 * expected[2]);
  });

  it("finds the many small faces of a group in tiles", async () => {
    const size = 60;
    const tiles = await Promise.all(
      names.slice(0, 15).map(async (name, i) => ({
        input: await sharp(`${folder}${name}`).resize(size, size).png().toBuffer(),
        left: 20 + (i % 5) * 120,
        top: 20 + Math.floor(i / 5) * 150,
      })),
    );
    const canvas = sharp({ create: { width: 620, height: 480, channels: 3, background: "#777" } });
    const { data, info } = await canvas
      .composite(tiles)
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const picture = { data, width: info.width, height: info.height, channels: 3 } as const;
    const isFace = ({ box }: { box: readonly number[] }) =>
      tiles.some(
        ({ left, top }) => Math.hypot(box[0] + box[2] / 2 - left - 30, box[1] + box[3] / 2 - top - 30) < 20,
      );
    const deep = new BlazeFace(stored, { levels: 3 }).detect(picture);
    expect(deep.filter(isFace).length).toBeGreaterThanOrEqual(tiles.length - 1);
    expect(deep.filter((face) => !isFace(face)).length).toBeLessThanOrEqual(1);
    expect(new BlazeFace(stored, { levels: 3 }).detect(picture, { maxFaces: 4 }).length).toBe(4);
  });
});
