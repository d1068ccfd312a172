// The most that 128-bit SIMD gives on one thread of this machine: products in registers alone, in GMAC/s. What an
// engine reaches may be held against it; products that an algorithm saves count for the engine, so that a share
// can lie above 100 %.
//
//   node peak.mjs
import asc from "../node_modules/assemblyscript/dist/asc.js";
import { quartiles } from "./table.mjs";

/** Independent sums, enough to fill the pipeline and few enough for the registers. */
const sums = 12;
const iterations = 4_000_000;
const rounds = 9;

/** Each sum takes in a product with its neighbour, so that no product can be left out or taken out of the loop. */
function loop(name, { add, step, product }) {
  const each = (text) => Array.from({ length: sums }, (_, i) => text(i)).join("\n");
  return `export function ${name}(n: i32, factor: i32): i32 {
    const a = ${step("factor")};
    ${each((i) => `let s${i} = ${step(`factor + ${i}`)};`)}
    for (let i = 0; i < n; i++) {
      ${each((i) => `s${i} = ${add}(s${i}, ${product(`a, s${(i + 1) % sums}`)});`)}
    }
    ${each((i) => (i > 0 ? `s0 = ${add}(s0, s${i});` : ""))}
    return i32x4.extract_lane(s0, 0);
  }`;
}

const kinds = {
  float32: {
    products: 4,
    source: loop("float32", {
      add: "f32x4.add",
      step: (value) => `f32x4.splat(<f32>(${value}))`,
      product: (factors) => `f32x4.mul(${factors})`,
    }),
  },
  int16: {
    products: 8,
    source: loop("int16", {
      add: "i32x4.add",
      step: (value) => `i32x4.splat(${value})`,
      product: (factors) => `i32x4.dot_i16x8_s(${factors})`,
    }),
  },
};

async function compile() {
  let wasm;
  const { error, stderr } = await asc.main(
    ["peak.ts", "--outFile", "peak.wasm", "-O3", "--runtime", "stub", "--enable", "simd"],
    {
      readFile: (path) =>
        path === "peak.ts"
          ? Object.values(kinds)
              .map(({ source }) => source)
              .join("\n")
          : null,
      writeFile: (path, contents) => {
        if (path === "peak.wasm") wasm = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(stderr.toString());
  return (await WebAssembly.instantiate(wasm)).instance.exports;
}

const loops = await compile();
for (const [name, { products }] of Object.entries(kinds)) {
  // The first calls run while V8 still optimises.
  for (let i = 0; i < 3; i++) loops[name](iterations, 1);
  const rates = Array.from({ length: rounds }, () => {
    const start = performance.now();
    loops[name](iterations, 1);
    return (iterations * sums * products) / (performance.now() - start) / 1e6;
  });
  const [low, median, high] = quartiles(rates).map((rate) => rate.toFixed(1));
  console.log(`${name}: ${median} GMAC/s (quartiles ${low} to ${high})`);
}
