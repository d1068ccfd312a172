import * as embedded from "./engine/generated/training.js";
import { compiledOnce } from "./engine/memory.js";

/** The kernels for training, compiled once; with fused multiply-adds where the machine has them or as asked for. */
export const trainingKernels = compiledOnce(embedded);
