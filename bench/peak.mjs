// The most that 128-bit SIMD gives on one thread of this machine: products in registers alone, in GMAC/s. What an
// engine reaches may be held against it; products that an algorithm saves count for the engine, so that a share
// can lie above 100 %.
//
//   node peak.mjs [--json]     # plain SIMD
//   npx node@24 peak.mjs       # with relaxed SIMD: fused multiply-adds, and dots of four 8-bit products
import { compileAssembly, hasRelaxedSimd } from "./assembly.mjs";
import { quartiles } from "./table.mjs";

/** Independent sums, enough to fill the pipeline and few enough for the registers. */
const sums = 12;
const iterations = 2_000_000;
const rounds = 41;

/** Each sum takes in a product with its neighbour, so that no product can be left out or taken out of the loop. */
function loop(name, { add, step, sum }) {
  const each = (text) => Array.from({ length: sums }, (_, i) => text(i)).join("\n");
  return `export function ${name}(n: i32, factor: i32): i32 {
    const a = ${step("factor")};
    ${each((i) => `let s${i} = ${step(`factor + ${i}`)};`)}
    for (let i = 0; i < n; i++) {
      ${each((i) => `s${i} = ${sum(`s${(i + 1) % sums}`, "a", `s${i}`)};`)}
    }
    ${each((i) => (i > 0 ? `s0 = ${add}(s0, s${i});` : ""))}
    return i32x4.extract_lane(s0, 0);
  }`;
}

const floats = { add: "f32x4.add", step: (value) => `f32x4.splat(<f32>(${value}))` };
const integers = { add: "i32x4.add", step: (value) => `i32x4.splat(${value})` };

const kinds = {
  float32: {
    products: 4,
    operations: { ...floats, sum: (x, y, sum) => `f32x4.add(${sum}, f32x4.mul(${x}, ${y}))` },
  },
  float32Fused: {
    products: 4,
    relaxed: true,
    operations: { ...floats, sum: (x, y, sum) => `f32x4.relaxed_madd(${x}, ${y}, ${sum})` },
  },
  int16: {
    products: 8,
    operations: { ...integers, sum: (x, y, sum) => `i32x4.add(${sum}, i32x4.dot_i16x8_s(${x}, ${y}))` },
  },
  int8: {
    products: 16,
    relaxed: true,
    operations: {
      ...integers,
      sum: (x, y, sum) => `i32x4.relaxed_dot_i8x16_i7x16_add_s(${x}, ${y}, ${sum})`,
    },
  },
};

const relaxed = hasRelaxedSimd();
if (!relaxed) console.error("No relaxed SIMD here: fused multiply-adds and 8-bit dots are left out.");
const measured = Object.entries(kinds).filter(([, kind]) => relaxed || !kind.relaxed);
const source = measured.map(([name, { operations }]) => loop(name, operations)).join("\n");
const loops = await compileAssembly("peak.ts", { source, relaxed });

/** Billions of products a second. */
function rate([name, { products }]) {
  const start = performance.now();
  loops[name](iterations, 1);
  return (iterations * sums * products) / (performance.now() - start) / 1e6;
}

// The first calls run while V8 still optimises.
for (let i = 0; i < 5; i++) measured.forEach(rate);
// They take turns, as such a machine's speed changes from one second to the next.
const turns = Array.from({ length: rounds }, () => measured.map(rate));
const results = measured.map(([name], i) => ({ name, rates: quartiles(turns.map((rates) => rates[i])) }));
if (process.argv.includes("--json")) {
  console.log(
    JSON.stringify(Object.fromEntries(results.map(({ name, rates: [, median] }) => [name, median]))),
  );
} else {
  for (const { name, rates } of results) {
    const [low, median, high] = rates.map((value) => value.toFixed(1));
    console.log(`${name}: ${median} GMAC/s (quartiles ${low} to ${high})`);
  }
}
