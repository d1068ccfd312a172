import { describe, expect, it } from "vitest";
import { fromFloat16Bits, toFloat16Bits } from "./float16.js";

describe("float16", () => {
  it("knows the landmarks of the format", () => {
    const landmarks: [number, number][] = [
      [0, 0x0000],
      [-0, 0x8000],
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [2 ** -14, 0x0400],
      [2 ** -24, 0x0001],
      [0.333251953125, 0x3555],
      [Infinity, 0x7c00],
      [-Infinity, 0xfc00],
    ];
    for (const [value, bits] of landmarks) {
      expect(toFloat16Bits(value)).toBe(bits);
      expect(fromFloat16Bits(bits)).toBe(value);
    }
    expect(toFloat16Bits(1 / 3)).toBe(0x3555);
    expect(fromFloat16Bits(toFloat16Bits(NaN))).toBeNaN();
  });

  it("gives every finite half back, and halves grow with their bits", () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      const value = fromFloat16Bits(bits);
      expect(toFloat16Bits(value) === bits && toFloat16Bits(-value) === (bits | 0x8000)).toBe(true);
      expect(fromFloat16Bits(bits + 1) > value).toBe(true);
    }
  });

  it("rounds to the nearest half, and from the middle to the even one", () => {
    for (let bits = 0; bits < 0x7bff; bits += 7) {
      const low = fromFloat16Bits(bits);
      const high = fromFloat16Bits(bits + 1);
      const middle = (low + high) / 2;
      const step = (high - low) / 16;
      const even = bits % 2 === 0 ? bits : bits + 1;
      expect([toFloat16Bits(middle - step), toFloat16Bits(middle), toFloat16Bits(middle + step)]).toEqual([
        bits,
        even,
        bits + 1,
      ]);
    }
    expect(toFloat16Bits(65519)).toBe(0x7bff);
    expect(toFloat16Bits(65520)).toBe(0x7c00);
  });
});
