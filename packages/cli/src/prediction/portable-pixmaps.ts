import type { Picture } from "microexpnet";

/** Length of the longest header that ffmpeg writes. */
const longestHeader = 64;
/** Pixels of the largest frame. */
const pixelLimit = 64_000_000;

/**
 * The pictures in a stream of binary PPM files (P6, 8 bits), one after another, as ffmpeg writes them.
 *
 * @throws Error with the end of a sentence where the stream is something else or ends within a picture
 */
export async function* portablePixmaps(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Picture> {
  const chunks: Uint8Array[] = [];
  let held = 0;
  let header: { width: number; height: number; start: number } | undefined;
  const joined = () => {
    if (chunks.length > 1) chunks.splice(0, chunks.length, Buffer.concat(chunks, held));
    return chunks[0] ?? new Uint8Array();
  };
  for await (const chunk of stream) {
    chunks.push(chunk);
    held += chunk.length;
    for (;;) {
      header ??= readHeader(joined());
      if (!header) break;
      const { width, height, start } = header;
      const end = start + width * height * 3;
      if (held < end) break;
      const bytes = joined();
      yield { data: bytes.slice(start, end), width, height, channels: 3 };
      chunks.splice(0, 1, bytes.subarray(end));
      held -= end;
      header = undefined;
    }
  }
  if (held > 0) throw new Error("ends within a picture");
}

/** @returns undefined where the header is not whole yet */
function readHeader(bytes: Uint8Array): { width: number; height: number; start: number } | undefined {
  const text = Buffer.from(bytes.subarray(0, longestHeader)).toString("latin1");
  const match = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(text);
  if (match) {
    const [width, height] = [Number(match[1]), Number(match[2])];
    if (!(width > 0 && height > 0 && width * height <= pixelLimit))
      throw new Error("has frames that are too large");
    return { width, height, start: match[0].length };
  }
  if (bytes.length >= longestHeader) throw new Error("is no stream of pictures");
  return undefined;
}
