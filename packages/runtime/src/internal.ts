/** What the other packages of this project build on; it changes without notice. */

export { Convolution } from "./engine/convolution.js";
export type { TrainingKernels } from "./engine/kernel-exports.js";
export { Arena, EngineError, instantiate, type KernelInstance } from "./engine/memory.js";
export { type ParameterSource, type Precision, Program } from "./engine/program.js";
export * as reference from "./engine/reference.js";
export { hasRelaxedSimd } from "./engine/relaxed-simd.js";
export { convolutionShape, poolShape, windowGeometry } from "./engine/shapes.js";
export * from "./face/blazeface.js";
export * from "./face/crop.js";
export * from "./face/detection.js";
export * from "./face/picture.js";
export * from "./face/quality.js";
export * from "./face/scale-colour.js";
export * from "./face/suppression.js";
export * from "./face/view.js";
export * from "./float16.js";
export { foldBatchNormalization } from "./fold.js";
export * from "./model-file.js";
export * from "./network.js";
export * from "./network-file.js";
export * from "./networks/index.js";
export * from "./networks/micro.js";
export * from "./networks/microexpnet.js";
export * from "./networks/teacher.js";
export * from "./recognizer/face.js";
export * from "./recognizer/recognizer.js";
export * from "./recognizer/tracker.js";
