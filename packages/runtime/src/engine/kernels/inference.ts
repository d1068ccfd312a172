// The kernels that running a network needs.

export { scaleShift } from "./batch-normalization";
export { convolve, packWeights, pad } from "./convolution";
export { depthwise } from "./depthwise";
export { add, addNarrow, convertBytes, convertFloats } from "./elementwise";
export { maxPool, sumPixels } from "./pool";
export { convolveIntegers } from "./integer-convolution";
export { pairFloats, pairIntegers } from "./pair-inputs";
export { convolveFloatPairs, convolveIntegerPairs } from "./pairs";
export { addRow, countRow, greyBlocks, narrowRow } from "./picture";
export { centre, largest, quantise } from "./quantise";
