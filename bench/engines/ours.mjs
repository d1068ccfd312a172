import { foldBatchNormalization, Program, readModelFile } from "../../packages/runtime/dist/internal.js";

/** This project's engine in one of its precisions. */
export const ours =
  (precision) =>
  async ({ modelBytes, batch }) => {
    const { network, weights } = foldBatchNormalization(readModelFile(modelBytes));
    const program = new Program(network, (name) => weights.get(name), batch, { precision });
    return { run: (pixels) => program.run(pixels, batch) };
  };
