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
