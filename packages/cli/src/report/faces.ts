import { ReportError } from "./report-error.js";
import type { FacesSection } from "./sections.js";

/**
 * A grey square as a PNG in a data URI.
 * @throws ReportError when the pixels are not size * size.
 */
export async function greyDataUri(face: FacesSection["faces"][number]): Promise<string> {
  const { pixels, size, caption } = face;
  if (!Number.isInteger(size) || size < 1 || pixels.length !== size * size) {
    throw new ReportError(`The face "${caption}" has ${pixels.length} pixels, not ${size} x ${size}.`);
  }
  const { default: sharp } = await import("sharp");
  // A copy, as sharp cannot read the shared memory that data sets lie in.
  const png = await sharp(Uint8Array.from(pixels), { raw: { width: size, height: size, channels: 1 } })
    .toColourspace("b-w")
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}
