import { expect, it } from "vitest";
import * as inference from "./generated/inference.js";
import * as training from "./generated/training.js";
import { fuseMultiplyAdds, hasRelaxedSimd } from "./relaxed-simd.js";

const [multiply, add, fused] = [
  [0xfd, 0xe6, 0x01],
  [0xfd, 0xe4, 0x01],
  [0xfd, 0x85, 0x02],
];
const nops = [1, 1, 1];

/** (module (func (export "f") (param f32 f32 f32) (result f32) ...)): a * b + c, of four lanes each. */
function example(...[product, sum]: number[][]): Uint8Array<ArrayBuffer> {
  const splat = (index: number) => [0x20, index, 0xfd, 0x13];
  const body = [0, ...splat(0), ...splat(1), ...product, ...splat(2), ...sum, 0xfd, 0x1f, 0, 0x0b];
  const type = [1, 0x60, 3, 0x7d, 0x7d, 0x7d, 1, 0x7d];
  const sections = [
    [1, type],
    [3, [1, 0]],
    [7, [1, 1, 0x66, 0, 0]],
    [10, [1, body.length, ...body]],
  ] as const;
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...sections.flatMap(([id, bytes]) => [id, bytes.length, ...bytes]),
  ]);
}

const run = (bytes: Uint8Array<ArrayBuffer>) =>
  (new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f as (...values: number[]) => number)(
    2,
    3,
    4,
  );

it("fuses a multiply-add in place, whose operands keep their order", () => {
  const bytes = example(multiply, add);
  const places = [...bytes.keys()].filter(
    (i) => bytes[i] === 0xfd && bytes[i + 2] === 1 && bytes[i + 1] > 0x80,
  );
  expect(run(bytes)).toBe(10);
  fuseMultiplyAdds(bytes, [places[0] + 1, places[1] - places[0]]);
  expect(bytes).toEqual(example(nops, fused));
  if (hasRelaxedSimd()) expect(run(bytes)).toBe(10);
});

it.each([
  ["inference", inference],
  ["training", training],
])("finds nothing but multiplications and additions in the %s kernels", (_, { base64, multiplyAdds }) => {
  const plain = Buffer.from(base64, "base64");
  const bytes = Uint8Array.from(plain);
  fuseMultiplyAdds(bytes, multiplyAdds);
  const kinds = { multiplications: 0, additions: 0 };
  let place = 0;
  for (const gap of multiplyAdds) {
    place += gap;
    const was = [...plain.subarray(place - 1, place + 2)];
    expect([multiply, add]).toContainEqual(was);
    kinds[was[1] === multiply[1] ? "multiplications" : "additions"]++;
  }
  expect(kinds.additions).toBe(kinds.multiplications);
  expect(kinds.additions).toBeGreaterThan(100);
  if (hasRelaxedSimd()) expect(WebAssembly.validate(bytes)).toBe(true);
});
