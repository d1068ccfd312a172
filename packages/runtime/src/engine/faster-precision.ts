import type { Network } from "../network.js";
import { type ParameterSource, type Precision, Program } from "./program.js";

/** Enough for the WebAssembly compiler to bring the kernels to full speed on the networks here. */
const milliseconds = 60;

/** The precision that runs one image of a network faster on this machine, by trying both in turns. */
export function fasterPrecision(network: Network, parameters: ParameterSource): Precision {
  const candidates = (["float32", "int16"] as const).map((precision) => ({
    precision,
    program: new Program(network, parameters, 1, { precision }),
    fastest: Number.POSITIVE_INFINITY,
  }));
  const pixels = Uint8Array.from({ length: candidates[0].program.inputLength }, (_, i) => (i * 97) % 256);
  const end = performance.now() + milliseconds;
  do {
    for (const candidate of candidates) {
      const start = performance.now();
      for (let i = 0; i < 8; i++) candidate.program.run(pixels);
      candidate.fastest = Math.min(candidate.fastest, performance.now() - start);
    }
  } while (performance.now() < end);
  return candidates[1].fastest < candidates[0].fastest ? "int16" : "float32";
}
