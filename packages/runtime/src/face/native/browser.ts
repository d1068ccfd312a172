import type { Detection, DetectOptions, FaceDetector } from "../detection.js";
import type { Picture } from "../picture.js";

/** The browser's own detector of the Shape Detection API, as far as it is used here. */
interface NativeFace {
  readonly boundingBox: DOMRectReadOnly;
}
interface NativeDetector {
  detect(image: ImageData): Promise<readonly NativeFace[]>;
}
type NativeDetectorClass = new (options: { maxDetectedFaces?: number; fastMode?: boolean }) => NativeDetector;

const nativeClass = (): NativeDetectorClass | undefined =>
  (globalThis as { FaceDetector?: NativeDetectorClass }).FaceDetector;

/** Whether this browser has a face detector of its own. */
export const hasBrowserDetector = (): boolean => typeof nativeClass() === "function";

/**
 * The browser's own face detector (W3C Shape Detection API), which few browsers have. Faces are cropped by their
 * boxes, as browsers differ in the landmarks that they give.
 *
 * @throws Error where the browser has none
 */
export function browserDetector(): FaceDetector {
  const Native = nativeClass();
  if (!Native) throw new Error("This browser has no face detector of its own.");
  return {
    async detect(picture: Picture, { maxFaces }: DetectOptions = {}): Promise<Detection[]> {
      const native = new Native({ ...(maxFaces && { maxDetectedFaces: maxFaces }), fastMode: true });
      const faces = await native.detect(toImageData(picture));
      return faces.map(({ boundingBox: { x, y, width, height } }) => ({
        box: [x, y, width, height],
        score: 1,
      }));
    },
  };
}

function toImageData({ data, width, height, channels }: Picture): ImageData {
  if (data instanceof Uint8ClampedArray && channels === 4) {
    return new ImageData(data as Uint8ClampedArray<ArrayBuffer>, width, height);
  }
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let i = 0; i < 3; i++) image.data[pixel * 4 + i] = data[pixel * channels + (channels === 1 ? 0 : i)];
    image.data[pixel * 4 + 3] = 255;
  }
  return image;
}
