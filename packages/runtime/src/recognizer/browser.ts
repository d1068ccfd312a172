import { PictureError } from "../face/picture.js";
import { ModelFileError } from "../model-file.js";
import { type ImageSource, pixelsOf } from "../pictures/image-source.js";
import { shippedModels } from "../shipped.js";
import type { Recognition } from "./face.js";
import type { Request, Response } from "./messages.js";
import { type Recognizer, RecognizerError, type RecognizerOptions } from "./recognizer.js";

/** A file's place in a form that a worker of another address understands. */
function portable(place: unknown): unknown {
  if (place instanceof URL) return place.href;
  if (typeof place !== "string" || Object.hasOwn(shippedModels, place)) return place;
  return new URL(place, document.baseURI).href;
}

/** An error of the worker, as an instance of the class that it had there. */
function revive({ name, message }: { name: string; message: string }): Error {
  for (const known of [PictureError, ModelFileError, RecognizerError, RangeError]) {
    if (known.name === name || new known("").name === name) return new known(message);
  }
  return Object.assign(new Error(message), { name });
}

/** A copy of the picture that can be handed over to a worker. */
async function toMessage(image: ImageSource): Promise<Extract<Request, { kind: "recognize" }>["image"]> {
  const pixels = pixelsOf(image);
  if (pixels) return pixels;
  if (typeof image === "string" || image instanceof URL || image instanceof Uint8Array) {
    throw new PictureError(
      "In a browser a picture is an element, a bitmap, a Blob or pixels, not a path or bytes.",
    );
  }
  if (image instanceof Blob) return image;
  if (typeof VideoFrame === "function" && image instanceof VideoFrame) return image.clone();
  try {
    return await createImageBitmap(image as ImageBitmapSource);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PictureError(`The picture cannot be read (${reason}).`, { cause });
  }
}

/**
 * Makes a recogniser that works in a worker of its own and never blocks the page; else as `createRecognizer`.
 *
 * @param options as there; a detector that is an object cannot be handed to a worker
 * @throws RecognizerError, ModelFileError as there
 */
export async function createWorkerRecognizer(options: RecognizerOptions = {}): Promise<Recognizer> {
  if (typeof options.detector === "object") {
    throw new RecognizerError('In a worker the detector is "blazeface" or "whole".');
  }
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  const waiting = new Map<number, { resolve(response: Response): void; reject(error: unknown): void }>();
  let nextId = 1;
  let failure: Error | undefined;
  const failAll = (error: Error) => {
    failure = error;
    worker.terminate();
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.onerror = (event) => {
    event.preventDefault();
    failAll(
      new RecognizerError(`The recogniser's worker failed (${event.message || "it cannot be started"}).`),
    );
  };
  worker.onmessage = ({ data }: MessageEvent<Response>) => {
    const entry = waiting.get(data.id);
    waiting.delete(data.id);
    if ("error" in data) entry?.reject(revive(data.error));
    else entry?.resolve(data);
  };
  const ask = (request: (id: number) => Request, transfer: Transferable[] = [], signal?: AbortSignal) =>
    new Promise<Response>((resolve, reject) => {
      if (failure) throw failure;
      const id = nextId++;
      const onAbort = () => {
        waiting.delete(id);
        reject(signal!.reason);
      };
      const end = () => signal?.removeEventListener("abort", onAbort);
      signal?.addEventListener("abort", onAbort, { once: true });
      waiting.set(id, {
        resolve(response) {
          end();
          resolve(response);
        },
        reject(error) {
          end();
          reject(error);
        },
      });
      worker.postMessage(request(id), transfer);
    });
  const send = {
    ...options,
    model: portable(options.model),
    detectorFile: portable(options.detectorFile),
  } as RecognizerOptions;
  let labels: readonly string[];
  try {
    ({ labels } = (await ask((id) => ({ kind: "create", id, options: send }))) as {
      labels: readonly string[];
    });
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return {
    labels,
    async recognize(source, { signal, time = performance.now() } = {}): Promise<Recognition> {
      signal?.throwIfAborted();
      const image = await toMessage(source);
      const isOurs = "close" in image;
      if (signal?.aborted && isOurs) image.close();
      signal?.throwIfAborted();
      const response = await ask(
        (id) => ({ kind: "recognize", id, image, time }),
        isOurs ? [image as Transferable] : [],
        signal,
      );
      return (response as { recognition: Recognition }).recognition;
    },
    reset: () => worker.postMessage({ kind: "reset" } satisfies Request),
    close: () => failAll(new RecognizerError("The recogniser was closed.")),
  };
}
