// The kernels that training a network needs: those that run it and their gradients.

export { adam } from "./adam";
export { centredProducts, inputGradient, moments, scaleShift } from "./batch-normalization";
export { convolve, packWeights, pad, weightGradient } from "./convolution";
export { crop, depthwise, depthwiseInputGradient, depthwiseWeightGradient } from "./depthwise";
export { add, addNarrow, convertBytes, convertFloats, copyOrAdd, multiply, reluGradient, zero } from "./elementwise";
export { maxPool, maxPoolGradient, spreadPixels, sumPixels } from "./pool";
export { pairInputs, threeInputs } from "./pair-inputs";
export {
  pairInputGradients,
  pairOutputGradients,
  pairOutputs,
  pairTapGradients,
  pairTaps,
  threeInputGradients,
  threeOutputGradients,
  threeOutputs,
  threeTapGradients,
  threeTaps,
} from "./planes";
