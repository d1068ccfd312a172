import module from "./engine/generated/training.js";
import relaxedModule from "./engine/generated/training-relaxed.js";
import { compileModule } from "./engine/memory.js";
import { hasRelaxedSimd } from "./engine/relaxed-simd.js";

const compiled = new Map<boolean, WebAssembly.Module>();

/** The kernels for training, compiled once; with relaxed SIMD where the machine has it and it is asked for. */
export function trainingKernels(relaxed = hasRelaxedSimd()): WebAssembly.Module {
  let kernels = compiled.get(relaxed);
  if (!kernels) {
    kernels = compileModule(relaxed ? relaxedModule : module);
    compiled.set(relaxed, kernels);
  }
  return kernels;
}
