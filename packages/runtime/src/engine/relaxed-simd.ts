/** Whether this machine runs relaxed SIMD: asks the validator about a function that uses its multiply-add. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(
    // (module (func (result v128) three times (i8x16.splat (i32.const 0)), f32x4.relaxed_madd))
    new Uint8Array([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 15, 65,
      0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 11,
    ]),
  );
}

const multiply = 0xe6;
const threeNops = [0x01, 0x01, 0x01];
const relaxedMultiplyAdd = [0xfd, 0x85, 0x02];

/**
 * Turns each multiply-add of a module into one instruction, in place: of "a b f32x4.mul c f32x4.add" the
 * multiplication becomes three nops and the addition, as long, f32x4.relaxed_madd of a, b and c.
 *
 * @param gaps where the second byte of each f32x4.mul and f32x4.add lies, counted from the one before
 */
export function fuseMultiplyAdds(bytes: Uint8Array, gaps: readonly number[]): void {
  let place = 0;
  for (const gap of gaps) {
    place += gap;
    bytes.set(bytes[place] === multiply ? threeNops : relaxedMultiplyAdd, place - 1);
  }
}
