import { pathToFileURL } from "node:url";
import { fetchFiles, installed, require, tensorflowWasm } from "./tensorflow.mjs";

/** @vladmandic/face-api with these of its networks loaded, and what it runs on. */
export async function loadFaceApi(networks) {
  const faceapi = require("@vladmandic/face-api/dist/face-api.node-wasm.js");
  const about = await tensorflowWasm(faceapi.tf);
  for (const name of networks) {
    await faceapi.nets[name].loadFromDisk(installed("@vladmandic/face-api/model"));
  }
  return { faceapi, about };
}

/** @vladmandic/human with these of its face models, everything else off, and what it runs on. */
export async function loadHuman(face) {
  fetchFiles();
  const { Human } = require(installed("@vladmandic/human/dist/human.node-wasm.js"));
  const off = { enabled: false };
  const human = new Human({
    backend: "wasm",
    wasmPath: installed("@tensorflow/tfjs-backend-wasm/dist/"),
    modelBasePath: pathToFileURL(installed("@vladmandic/human/models/")).href,
    cacheModels: false,
    cacheSensitivity: 0,
    debug: false,
    filter: off,
    gesture: off,
    body: off,
    hand: off,
    object: off,
    segmentation: off,
    face: {
      enabled: true,
      detector: off,
      mesh: off,
      attention: off,
      iris: off,
      description: off,
      antispoof: off,
      liveness: off,
      ...face,
    },
  });
  const about = await tensorflowWasm(human.tf);
  await human.load();
  return { human, about };
}
