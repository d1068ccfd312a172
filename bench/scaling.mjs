// How time and memory grow with the work: batches of 1 to 1,024 and the paper's 16 networks against their
// multiply-accumulates; or a million classifications in one process; or pools of one and two workers.
//
//   node scaling.mjs [--precision int16] [--network microexpnet-2019] [--million | --workers]
import { parseArgs } from "node:util";
import { createClassifier } from "../packages/runtime/dist/index.js";
import {
  analyze,
  candidateNames,
  foldBatchNormalization,
  Program,
} from "../packages/runtime/dist/internal.js";
import { randomModel } from "./random-model.mjs";
import { formatTable, quartiles } from "./table.mjs";

const { values: options } = parseArgs({
  options: {
    precision: { type: "string", default: "int16" },
    network: { type: "string", default: "microexpnet-2019" },
    million: { type: "boolean", default: false },
    workers: { type: "boolean", default: false },
  },
});
const { precision } = options;
const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(1);

function programOf(name, batch) {
  const { network, weights } = foldBatchNormalization(randomModel(name));
  return new Program(network, (parameter) => weights.get(parameter), batch, { precision });
}

/** Microseconds an image: the fastest of several windows, as everything else on the machine only adds. */
function measure(program, batch) {
  const pixels = Uint8Array.from({ length: batch * program.inputLength }, (_, i) => (i * 97) % 256);
  let fastest = Number.POSITIVE_INFINITY;
  for (let window = 0; window < 15; window++) {
    const start = performance.now();
    let images = 0;
    do {
      program.run(pixels, batch);
      images += batch;
    } while (performance.now() - start < 40);
    fastest = Math.min(fastest, (performance.now() - start) / images);
  }
  return fastest * 1000;
}

/** Images per second of a pool that is given arrays of 64 images for as long as it takes them. */
async function poolRate(pool, shape) {
  const pixels = new Uint8Array(64 * shape.reduce((a, b) => a * b)).map((_, i) => (i * 97) % 256);
  const arrays = Array.from({ length: 120 * pool.workers }, () => pixels);
  const start = performance.now();
  for await (const _ of pool.map(arrays));
  return (64_000 * arrays.length) / (performance.now() - start);
}

if (options.million) {
  const classifier = createClassifier(randomModel(options.network), { precision });
  const pixels = new Uint8Array(classifier.inputShape.reduce((a, b) => a * b));
  const rows = [];
  const start = performance.now();
  for (let count = 0; count <= 1_000_000; count++) {
    pixels[count % pixels.length] = count % 251;
    if (count % 100_000 === 0) {
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      rows.push([count.toLocaleString("en-US"), seconds, mebibytes(process.memoryUsage.rss())]);
    }
    classifier.probabilities(pixels);
  }
  console.log(formatTable(["Classifications", "Seconds", "Resident MiB"], rows));
} else if (options.workers) {
  const classifier = createClassifier(randomModel(options.network), { precision });
  const pools = [await classifier.pool(1), await classifier.pool(2)];
  const rates = [[], []];
  for (let round = 0; round < 16; round++) {
    for (const [i, pool] of pools.entries()) {
      const rate = await poolRate(pool, classifier.inputShape);
      // The first rounds let the compiler finish in each worker.
      if (round > 4) rates[i].push(rate);
    }
  }
  const ratios = rates[1].map((rate, round) => rate / rates[0][round]);
  const rows = rates.map((list, i) => [
    String(i + 1),
    quartiles(list)[1].toFixed(0),
    i ? quartiles(ratios)[1].toFixed(2) : "1.00",
  ]);
  console.log(`${options.network} in ${precision}, arrays of 64 images`);
  console.log(formatTable(["Workers", "Images/s", "Ratio"], rows));
  for (const pool of pools) await pool.close();
} else {
  const batches = Array.from({ length: 11 }, (_, power) => {
    const batch = 2 ** power;
    const program = programOf(options.network, batch);
    const time = measure(program, batch);
    return [String(batch), time.toFixed(1), (1e6 / time).toFixed(0), mebibytes(program.memoryBytes)];
  });
  console.log(`${options.network} in ${precision}, one thread`);
  console.log(formatTable(["Batch", "Microseconds an image", "Images/s", "Memory MiB"], batches));
  const networks = candidateNames.map((name) => {
    const { multiplyAccumulates, parameterCount } = analyze(randomModel(name).network);
    const time = measure(programOf(name, 1), 1);
    return [
      name,
      parameterCount.toLocaleString("en-US"),
      (multiplyAccumulates / 1e6).toFixed(2),
      time.toFixed(1),
      (multiplyAccumulates / time / 1e3).toFixed(1),
    ];
  });
  console.log(`\nThe paper's networks in ${precision}, batch 1, one thread`);
  console.log(formatTable(["Network", "Parameters", "MMAC", "Microseconds", "GMAC/s"], networks));
}
