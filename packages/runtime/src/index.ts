export {
  type Classifier,
  ClassifierError,
  type ClassifierOptions,
  createClassifier,
  loadClassifier,
  type ModelSource,
  readModel,
} from "./classifier.js";
export { EngineError } from "./engine/memory.js";
export type { Precision } from "./engine/program.js";
export { type BlazeFaceOptions, loadBlazeFace } from "./face/blazeface.js";
export { drawGreyView, faceView, ferPlusCrop } from "./face/crop.js";
export {
  type Detection,
  type DetectOptions,
  type FaceDetector,
  knownBoxesDetector,
  type Landmarks,
  wholePictureDetector,
} from "./face/detection.js";
export { browserDetector, hasBrowserDetector } from "./face/native/browser.js";
export { type Box, type Picture, PictureError, type Point } from "./face/picture.js";
export type { FaceQuality } from "./face/quality.js";
export { renderView, type View, ViewError, wholeImageView } from "./face/view.js";
export {
  type Calibration,
  type CropGeometry,
  type Model,
  ModelFileError,
  readModelFile,
  writeModelFile,
} from "./model-file.js";
export { analyze, type Layer, type Network, type NetworkAnalysis, NetworkError } from "./network.js";
export { createNetwork, networkNames } from "./networks/index.js";
export type { ImageSource, PixelData } from "./pictures/image-source.js";
export { type ClassifierPool, PoolError } from "./pool/pool.js";
export type { Reading } from "./reading.js";
export { createWorkerRecognizer } from "./recognizer/browser.js";
export type { Face, Recognition } from "./recognizer/face.js";
export {
  createRecognizer,
  type RecognizeOptions,
  type Recognizer,
  RecognizerError,
  type RecognizerOptions,
} from "./recognizer/recognizer.js";
export { defaultModel, shippedModels } from "./shipped.js";
