/**
 * Reads the one number of a NumPy file that holds a scalar, as a number or as text: the format's version 1 to 3
 * (numpy.lib.format), types i, u, f of 1 to 8 bytes, S and U, little-endian. Gives undefined for anything else.
 */
export function readNpyScalar(bytes: Uint8Array): number | undefined {
  const latin = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (bytes.length < 12 || bytes.length > 4096 || latin(0, 6) !== "\x93NUMPY") return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isFirst = bytes[6] === 1;
  const start = (isFirst ? 10 : 12) + (isFirst ? view.getUint16(8, true) : view.getUint32(8, true));
  const header = latin(isFirst ? 10 : 12, Math.min(start, bytes.length));
  const type = /'descr':\s*'[<|=]([iufSU])(\d+)'/.exec(header);
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1].replace(/[\s,]/g, "");
  if (!type || !(shape === "" || shape === "1")) return undefined;
  const length = Number(type[2]) * (type[1] === "U" ? 4 : 1);
  if (start + length > bytes.length || length === 0) return undefined;
  if (type[1] === "S" || type[1] === "U") {
    const text = latin(start, start + length)
      .replaceAll("\0", "")
      .trim();
    return text === "" || Number.isNaN(Number(text)) ? undefined : Number(text);
  }
  switch (type[1] + length) {
    case "i1":
      return view.getInt8(start);
    case "u1":
      return view.getUint8(start);
    case "i2":
      return view.getInt16(start, true);
    case "u2":
      return view.getUint16(start, true);
    case "i4":
      return view.getInt32(start, true);
    case "u4":
      return view.getUint32(start, true);
    case "i8":
      return Number(view.getBigInt64(start, true));
    case "u8":
      return Number(view.getBigUint64(start, true));
    case "f4":
      return view.getFloat32(start, true);
    case "f8":
      return view.getFloat64(start, true);
  }
  return undefined;
}
