import { expect, it } from "vitest";
import { readNpyScalar } from "./npy-scalar.js";

/** A NumPy file by the format's description: magic, version, length of the header, header, value. */
function npy(type: string, value: Uint8Array, shape = "()", version = 1): Uint8Array {
  const header = Buffer.from(`{'descr': '${type}', 'fortran_order': False, 'shape': ${shape}, }\n`);
  const length = version === 1 ? [header.length, 0] : [header.length, 0, 0, 0];
  return Buffer.concat([
    Buffer.from("\x93NUMPY", "latin1"),
    Buffer.from([version, 0, ...length]),
    header,
    value,
  ]);
}

it("reads numbers and texts", () => {
  const bytes = (array: ArrayBufferView) => new Uint8Array(array.buffer);
  expect(readNpyScalar(npy("<i8", bytes(BigInt64Array.of(-3n))))).toBe(-3);
  expect(readNpyScalar(npy("<i4", bytes(Int32Array.of(7)), "(1,)", 2))).toBe(7);
  expect(readNpyScalar(npy("|u1", Uint8Array.of(250)))).toBe(250);
  expect(readNpyScalar(npy("<f8", bytes(Float64Array.of(2.5))))).toBe(2.5);
  expect(readNpyScalar(npy("|S2", Buffer.from("1\0")))).toBe(1);
  expect(readNpyScalar(npy("<U2", bytes(Uint32Array.of(49, 48))))).toBe(10);
});

it("gives nothing for other contents", () => {
  expect(readNpyScalar(npy("<i8", new Uint8Array(7)))).toBeUndefined();
  expect(readNpyScalar(npy("<i8", new Uint8Array(16), "(2,)"))).toBeUndefined();
  expect(readNpyScalar(npy(">i4", new Uint8Array(4)))).toBeUndefined();
  expect(readNpyScalar(npy("|O", new Uint8Array(8)))).toBeUndefined();
  expect(readNpyScalar(npy("<U1", Buffer.from("x\0\0\0")))).toBeUndefined();
  expect(readNpyScalar(npy("<i3", new Uint8Array(8)))).toBeUndefined();
  expect(readNpyScalar(Buffer.from("junk"))).toBeUndefined();
  expect(readNpyScalar(new Uint8Array(0))).toBeUndefined();
});
