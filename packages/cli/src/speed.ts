import { type Model, type Precision, Program } from "microexpnet/internal";

/**
 * Images per second of a model on this machine, one thread: the median of several timed windows after a
 * warm-up that lets the WebAssembly compiler finish.
 */
export function measureFramesPerSecond(
  model: Pick<Model, "network" | "weights">,
  batch: number,
  {
    windows = 7,
    milliseconds = 120,
    precision = "float32",
  }: { windows?: number; milliseconds?: number; precision?: Precision } = {},
): number {
  const program = new Program(model.network, (name) => model.weights.get(name) as Float32Array, batch, {
    precision,
  });
  const pixels = Uint8Array.from({ length: batch * program.inputLength }, (_, i) => (i * 97) % 256);
  const timed = () => {
    const start = performance.now();
    let images = 0;
    let elapsed = 0;
    while (elapsed < milliseconds) {
      program.run(pixels, batch);
      images += batch;
      elapsed = performance.now() - start;
    }
    return (1000 * images) / elapsed;
  };
  timed();
  const rates = Array.from({ length: windows }, timed).sort((a, b) => a - b);
  return rates[Math.floor(windows / 2)];
}
