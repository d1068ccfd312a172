import type { Picture } from "../face/picture.js";
import type { Recognition } from "./face.js";
import type { RecognizerOptions } from "./recognizer.js";

/** What the page sends to the recogniser's worker. */
export type Request =
  | { readonly kind: "create"; readonly id: number; readonly options: RecognizerOptions }
  | {
      readonly kind: "recognize";
      readonly id: number;
      readonly image: Picture | ImageBitmap | VideoFrame | Blob;
      readonly time: number;
    }
  | { readonly kind: "reset" };

/** What the worker answers; errors keep their class's name and their sentence. */
export type Response =
  | { readonly id: number; readonly labels: readonly string[] }
  | { readonly id: number; readonly recognition: Recognition }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } };
