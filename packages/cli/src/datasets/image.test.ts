import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { encode, picture, put, temporaryFolder } from "../../test/pictures.js";
import { decodeGreySquare, ImageError, luma, resizeGreySquare } from "./image.js";

const root = temporaryFolder();
const file = (name: string, bytes: string | Uint8Array) => put(join(root, name), bytes);
const noise = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7919 + (i >> 3) * 31) % 256);

describe("luma", () => {
  it("is Rec. 601 luma, rounded", () => {
    const rgb = noise(300);
    const expected = Array.from({ length: 100 }, (_, i) =>
      Math.floor(0.299 * rgb[i * 3] + 0.587 * rgb[i * 3 + 1] + 0.114 * rgb[i * 3 + 2] + 0.5 + 1e-9),
    );
    expect([...luma(rgb)]).toEqual(expected);
    expect([...luma(Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255))]).toEqual([76, 150, 29]);
  });

  it("leaves every grey as it is", () => {
    const rgb = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
    expect([...luma(rgb)]).toEqual(Array.from({ length: 256 }, (_, i) => i));
  });
});

describe("decodeGreySquare", () => {
  it("reads grey files bit for bit", async () => {
    const values = noise(48 * 48);
    for (const name of ["grey.png", "grey.tiff"]) {
      const path = await file(name, await encode(name, values, 48));
      expect([...(await decodeGreySquare(path, 48)).pixels]).toEqual([...values]);
    }
  });

  it("takes the luma of the stored colours", async () => {
    const values = noise(16 * 16 * 3);
    const path = await file("colour.png", await encode("colour.png", values, 16));
    expect([...(await decodeGreySquare(path, 16)).pixels]).toEqual([...luma(values)]);
  });

  it("reads 16-bit grey by its upper byte", async () => {
    const wide = sharp(
      Uint16Array.from({ length: 256 }, (_, i) => i * 257),
      {
        raw: { width: 16, height: 16, channels: 1 },
      },
    );
    const path = await file("wide.png", await wide.toColourspace("grey16").png().toBuffer());
    expect((await sharp(path).metadata()).depth).toBe("ushort");
    expect([...(await decodeGreySquare(path, 16)).pixels]).toEqual(Array.from({ length: 256 }, (_, i) => i));
  });

  it("makes transparent parts black", async () => {
    const rgba = Uint8Array.from({ length: 8 * 8 * 4 }, (_, i) => (i % 4 === 3 && i < 128 ? 0 : 255));
    const image = sharp(rgba, { raw: { width: 8, height: 8, channels: 4 } });
    const { pixels } = await decodeGreySquare(await file("alpha.png", await image.png().toBuffer()), 8);
    expect([...pixels]).toEqual(Array.from({ length: 64 }, (_, i) => (i < 32 ? 0 : 255)));
  });

  it("crops the centre", async () => {
    // Columns 0..29 black, 30..69 white, 70..99 black: of the centred 40 x 40 nothing is black.
    const values = Uint8Array.from({ length: 100 * 40 }, (_, i) => (i % 100 >= 30 && i % 100 < 70 ? 255 : 0));
    const path = await file("wide-crop.png", await encode("x.png", values, 100, 40));
    const { width, height, pixels } = await decodeGreySquare(path, 40);
    expect([width, height]).toEqual([100, 40]);
    expect(new Set(pixels)).toEqual(new Set([255]));
  });

  it("turns pictures upright by their EXIF orientation before the crop", async () => {
    // Upright 20 wide, 30 high; the upper half 200, the lower 50; stored turned by 90 degrees.
    const upright = Uint8Array.from({ length: 20 * 30 }, (_, i) => (i < 300 ? 200 : 50));
    const stored = await sharp(upright, { raw: { width: 20, height: 30, channels: 1 } })
      .rotate(270)
      .toColourspace("b-w")
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100 })
      .toBuffer();
    const { width, height, pixels } = await decodeGreySquare(await file("turned.jpg", stored), 20);
    expect([width, height]).toEqual([20, 30]);
    expect(pixels[20 * 2 + 10]).toBeGreaterThan(190);
    expect(pixels[20 * 17 + 10]).toBeLessThan(60);
  });

  it("resizes: a mean stays, and so does left and right", async () => {
    const values = Uint8Array.from({ length: 64 * 64 }, (_, i) => (i % 64 < 32 ? 40 : 200));
    const path = await file("halves.png", await encode("x.png", values, 64));
    const { pixels } = await decodeGreySquare(path, 16);
    expect(pixels.length).toBe(256);
    expect(pixels.reduce((sum, value) => sum + value, 0) / 256).toBeCloseTo(120, 0);
    expect([pixels[0], pixels[15]]).toEqual([40, 200]);
    expect([...(await resizeGreySquare(values, 64, 16))]).toEqual([...pixels]);
  });

  it("tells what is wrong with a file", async () => {
    const whole = await encode("x.png", noise(64 * 64), 64);
    const photo = await encode("x.jpg", noise(64 * 64 * 3), 64);
    const large = sharp({ create: { width: 9000, height: 8000, channels: 3, background: "black" } });
    const cases: [string, string | Uint8Array, RegExp][] = [
      ["empty.png", "", /^is empty$/],
      ["text.png", "not an image", /^is not an image of a known format$/],
      ["cut.png", whole.subarray(0, whole.length / 2), /^is damaged \(.+\)$/],
      ["cut.jpg", photo.subarray(0, photo.length / 2), /^is damaged \(.+\)$/],
      [
        "drawing.png",
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        /^is of the format svg/,
      ],
      ["large.png", await large.png({ compressionLevel: 1 }).toBuffer(), /^has more than 64 million pixels$/],
    ];
    for (const [name, bytes, message] of cases) {
      const failure = decodeGreySquare(await file(name, bytes), 48);
      await expect(failure, name).rejects.toThrow(ImageError);
      await expect(failure, name).rejects.toThrow(message);
    }
    await expect(decodeGreySquare(join(root, "absent.png"), 48)).rejects.toThrow("it does not exist");
    await expect(decodeGreySquare(root, 48)).rejects.toThrow("is not a regular file");
    await expect(
      decodeGreySquare(await file("one.png", await picture("one.png", 7, 1)), 8),
    ).resolves.toMatchObject({ width: 1, height: 1 });
  });
});
