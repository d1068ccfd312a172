/** The script of the worker that `createWorkerRecognizer` starts. */
import type { Request, Response } from "./messages.js";
import { createRecognizer, type Recognizer } from "./recognizer.js";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Request>) => void;
  postMessage(message: Response): void;
};

let recognizer: Promise<Recognizer> | undefined;

async function answer(request: Exclude<Request, { kind: "reset" }>): Promise<Response> {
  const { id } = request;
  try {
    if (request.kind === "create") {
      recognizer = createRecognizer(request.options);
      return { id, labels: (await recognizer).labels };
    }
    const { image, time } = request;
    try {
      return { id, recognition: await (await recognizer!).recognize(image, { time }) };
    } finally {
      if ("close" in image) image.close();
    }
  } catch (error) {
    const { name, message } = error as Error;
    return { id, error: { name, message } };
  }
}

scope.onmessage = async ({ data }) => {
  if (data.kind === "reset") (await recognizer)?.reset();
  else scope.postMessage(await answer(data));
};
