// The kernels that running a network needs.

export { scaleShift } from "./batch-normalization";
export { convolve, packWeights, pad } from "./convolution";
export { depthwise } from "./depthwise";
export { add, addNarrow, convertBytes, convertFloats } from "./elementwise";
export { maxPool, sumPixels } from "./pool";
