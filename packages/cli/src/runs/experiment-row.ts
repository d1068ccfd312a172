import { type Dataset, type Evaluation, evaluateLogits } from "@microexpnet/training";
import { analyze, type Model, Program, renderView, wholeImageView } from "microexpnet/internal";

/** Images that an evaluation runs at once. */
const chunk = 32;

/** A model's logits for all images of a data set, each seen whole. */
export function datasetLogits(model: Model, dataset: Dataset): Float32Array {
  const program = new Program(model.network, (name) => model.weights.get(name) as Float32Array, chunk);
  const { height, width } = model.network.input;
  const view = wholeImageView(dataset.size, dataset.size);
  const pixels = new Uint8Array(chunk * program.inputLength);
  const logits = new Float32Array(dataset.count * model.labels.length);
  const area = dataset.size ** 2;
  for (let first = 0; first < dataset.count; first += chunk) {
    const count = Math.min(chunk, dataset.count - first);
    for (let i = 0; i < count; i++) {
      const source = dataset.pixels.subarray((first + i) * area, (first + i + 1) * area);
      const target = pixels.subarray(i * program.inputLength, (i + 1) * program.inputLength);
      renderView(source, dataset.size, dataset.size, view, target, height, width);
    }
    logits.set(program.run(pixels, count), first * model.labels.length);
  }
  return logits;
}

/** How good a model is on a data set with the very same classes. */
export function evaluateOn(model: Model, dataset: Dataset): Evaluation {
  return evaluateLogits({
    logits: datasetLogits(model, dataset),
    truth: dataset.classes,
    labels: dataset.labels,
    temperature: model.calibration.temperature,
  });
}

/** A network's size and cost in the units of the tables: parameters, KB of float32, millions of MACs. */
export function costOf(model: Model) {
  const { parameterCount, multiplyAccumulates } = analyze(model.network);
  return {
    parameters: parameterCount,
    kilobytes: (parameterCount * 4) / 1000,
    megaMacs: multiplyAccumulates / 1e6,
  };
}
