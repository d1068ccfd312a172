import { writeFile } from "node:fs/promises";
import { drawSyntheticFace } from "@microexpnet/training";

const [width, height] = [640, 480];

/** A grey scene with drawn faces of `size` pixels at these places. */
export function drawScene(
  size: number,
  faces: readonly {
    readonly left: number;
    readonly top: number;
    readonly subject: number;
    readonly image: number;
  }[],
): Uint8Array {
  const pixels = new Uint8Array(width * height).fill(110);
  for (const { left, top, subject, image } of faces) {
    const face = drawSyntheticFace({ subject, image, size }).pixels;
    for (let y = 0; y < size; y++)
      pixels.set(face.subarray(y * size, (y + 1) * size), (top + y) * width + left);
  }
  return pixels;
}

/**
 * Writes a clip for the browser's fake camera: two drawn faces that move and change their expressions, as raw
 * video (YUV4MPEG2), which needs no encoder.
 */
export async function writeClip(path: string): Promise<void> {
  const frames = Array.from({ length: 60 }, (_, i) => {
    const shift = Math.round(40 * Math.sin((2 * Math.PI * i) / 60));
    const image = Math.floor(i / 15);
    const luma = drawScene(200, [
      { left: 60 + shift, top: 120, subject: 1, image },
      { left: 380, top: 140 + Math.round(shift / 2), subject: 2, image: image + 3 },
    ]);
    return Buffer.concat([Buffer.from("FRAME\n"), luma, Buffer.alloc((width * height) / 2, 128)]);
  });
  const header = Buffer.from(`YUV4MPEG2 W${width} H${height} F30:1 Ip A1:1 C420jpeg\n`);
  await writeFile(path, Buffer.concat([header, ...frames]));
}
