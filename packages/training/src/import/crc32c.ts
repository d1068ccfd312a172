/** CRC-32C (Castagnoli; RFC 3720, appendix B.4), the checksum of LevelDB's tables and TensorFlow's tensors. */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  // 0x82f63b78 is the Castagnoli polynomial with its bits reversed.
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0x82f63b78 : 0);
  return remainder;
});

/** The checksum of some bytes, 0 .. 2^32 - 1. */
export function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) remainder = table[(remainder ^ byte) & 0xff] ^ (remainder >>> 8);
  return ~remainder >>> 0;
}

/**
 * The form in which LevelDB and TensorFlow store a checksum: turned by 15 bits and shifted by a constant, as
 * the checksum of data that holds its own checksum is a weak one.
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
