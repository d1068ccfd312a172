import { describe, expect, it } from "vitest";
import { crc32c, maskedCrc32c } from "./crc32c.js";

describe("crc32c", () => {
  it("gives the checksums of RFC 3720, B.4, and of the check string", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  });

  it("masks by a turn of 15 bits and a constant", () => {
    // An empty metaindex block (a count of one restart, at 0) with the type byte 0: a LevelDB constant.
    expect(maskedCrc32c(Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0))).toBe(0xb0a1f2c0);
  });
});
