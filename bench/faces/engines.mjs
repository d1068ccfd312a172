import { createRecognizer } from "../../packages/runtime/dist/index.js";
import { loadFaceApi, loadHuman } from "./peers.mjs";

/** The five expressions that the photographs have enough of, by the names that the libraries give them. */
const names = {
  anger: "anger",
  angry: "anger",
  happiness: "happiness",
  happy: "happiness",
  neutral: "neutral",
  sad: "sadness",
  sadness: "sadness",
  surprise: "surprise",
  surprised: "surprise",
};

/** The key of the largest value. */
const likeliest = (scores) =>
  Object.entries(scores).reduce((most, one) => (one[1] > most[1] ? one : most))[0];

const commonName = (label) => names[label] ?? label;

/** This project's recogniser. */
async function ours({ model }) {
  const recognizer = await createRecognizer({ model });
  return {
    about: `model ${model}, float32`,
    prepare: (frame) => frame,
    async recognize(frame) {
      const { faces } = await recognizer.recognize(frame);
      return faces.map(({ label }) => commonName(label));
    },
  };
}

/** @vladmandic/face-api: its tiny detector and its expressions. */
async function faceApi({ inputSize }) {
  const { faceapi, about } = await loadFaceApi(["tinyFaceDetector", "faceExpressionNet"]);
  const { tf } = faceapi;
  const options = new faceapi.TinyFaceDetectorOptions({ inputSize });
  return {
    about: `${about}, detector's input ${inputSize}`,
    prepare: ({ data, width, height }) => tf.tensor3d(data, [height, width, 3], "int32"),
    async recognize(frame) {
      const faces = await faceapi.detectAllFaces(frame, options).withFaceExpressions();
      return faces
        .sort((a, b) => b.detection.score - a.detection.score)
        .map(({ expressions }) => commonName(likeliest(expressions)));
    },
  };
}

/** @vladmandic/human: its face detector and its emotions, everything else off, and each frame anew. */
async function human() {
  const anew = { skipFrames: 0, skipTime: 0 };
  const { human, about } = await loadHuman({
    detector: { rotation: false, ...anew },
    emotion: { enabled: true, ...anew },
  });
  return {
    about,
    prepare: ({ data, width, height }) => human.tf.tensor3d(data, [height, width, 3], "int32"),
    async recognize(frame) {
      const { face, error } = await human.detect(frame);
      if (error) throw new Error(error);
      // A face whose emotions are all below Human's threshold has none.
      return face.map(({ emotion }) =>
        emotion?.length ? commonName(emotion.reduce((a, b) => (b.score > a.score ? b : a)).emotion) : "none",
      );
    },
  };
}

/**
 * The libraries by name. Each is loaded with { model, inputSize } and gives `about`, what it runs on; `prepare`, which
 * makes of { data, width, height, channels: 3 } what it reads and is not timed; and `recognize`, which answers with
 * the expression of every face, the surest face first.
 */
export const engines = { microexpnet: ours, "face-api": faceApi, Human: human };
