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
export { renderView, type View, ViewError, wholeImageView } from "./face/view.js";
export {
  type CropGeometry,
  type Model,
  ModelFileError,
  readModelFile,
  writeModelFile,
} from "./model-file.js";
export { analyze, type Layer, type Network, type NetworkAnalysis, NetworkError } from "./network.js";
export { createNetwork, networkNames } from "./networks/index.js";
export { type ClassifierPool, PoolError } from "./pool/pool.js";
export { shippedModels } from "./shipped.js";
