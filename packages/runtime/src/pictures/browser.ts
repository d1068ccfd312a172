import { type Picture, PictureError } from "../face/picture.js";
import { type ImageSource, pixelsOf } from "./image-source.js";

type Drawable = Exclude<CanvasImageSource, SVGImageElement>;
type Context = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

/** One canvas for all pictures, kept at the size of the last one. */
let context: Context | null | undefined;

function contextOf(width: number, height: number): Context {
  context ??=
    typeof OffscreenCanvas === "function"
      ? new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })
      : document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!context) throw new PictureError("The browser gives no canvas to read pixels from.");
  const { canvas } = context;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return context;
}

/** The size of a picture's pixels, not that of its place on the page. */
function sizeOf(source: Drawable): [width: number, height: number] {
  const { videoWidth, videoHeight } = source as HTMLVideoElement;
  if (videoWidth !== undefined) return [videoWidth, videoHeight];
  const { naturalWidth, naturalHeight } = source as HTMLImageElement;
  if (naturalWidth !== undefined) return [naturalWidth, naturalHeight];
  const { displayWidth, displayHeight } = source as VideoFrame;
  if (displayWidth !== undefined) return [displayWidth, displayHeight];
  const { width, height } = source as ImageBitmap;
  return [width, height];
}

/**
 * The pixels of a picture.
 *
 * @throws PictureError where the source gives none: an empty video, a damaged file, a canvas of another site
 */
export async function readPicture(source: ImageSource, signal?: AbortSignal): Promise<Picture> {
  const pixels = pixelsOf(source);
  if (pixels) return pixels;
  if (typeof source === "string" || source instanceof URL || source instanceof Uint8Array) {
    throw new PictureError(
      "In a browser a picture is an element, a bitmap, a Blob or pixels, not a path or bytes.",
    );
  }
  let bitmap: ImageBitmap | undefined;
  try {
    if (source instanceof Blob) bitmap = await createImageBitmap(source);
    signal?.throwIfAborted();
    const drawable = bitmap ?? (source as Drawable);
    const [width, height] = sizeOf(drawable);
    if (!(width > 0 && height > 0)) throw new PictureError("The picture is empty, or not loaded yet.");
    const canvas = contextOf(width, height);
    canvas.clearRect(0, 0, width, height);
    canvas.drawImage(drawable, 0, 0, width, height);
    const { data } = canvas.getImageData(0, 0, width, height);
    return { data, width, height, channels: 4 };
  } catch (cause) {
    if (cause instanceof PictureError || signal?.aborted) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PictureError(`The picture cannot be read (${reason}).`, { cause });
  } finally {
    bitmap?.close();
  }
}
