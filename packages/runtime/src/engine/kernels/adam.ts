// One step of Adam (Kingma & Ba, arXiv 1412.6980) over n values in one pass.

/**
 * s = gradient + coupledDecay * decay * weight; mean and square move to s and its square;
 * weight -= shrink * decay * weight + rate * mean / (sqrt(square) / root + epsilon).
 * n values each at weights, gradient, mean and square, and n bytes, 1 where decay applies, at decays; the
 * arrays have room for n rounded up to a multiple of 4.
 */
export function adam(
  weights: usize,
  gradient: usize,
  mean: usize,
  square: usize,
  decays: usize,
  n: i32,
  rate: f32,
  root: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  epsilon: f32,
  coupledDecay: f32,
  shrink: f32,
): void {
  const keep1 = f32x4.splat(beta1), take1 = f32x4.splat(rest1);
  const keep2 = f32x4.splat(beta2), take2 = f32x4.splat(rest2);
  const inverseRoot = f32x4.splat(1 / root), floor = f32x4.splat(epsilon);
  const speed = f32x4.splat(rate), coupled = f32x4.splat(coupledDecay), shrunk = f32x4.splat(shrink);
  for (let i = 0; i < n; i += 4) {
    const at = i * 4;
    const weight = v128.load(weights + at);
    const flags = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(decays + i)));
    const decayed = f32x4.mul(f32x4.convert_i32x4_s(flags), weight);
    const slope = f32x4.add(v128.load(gradient + at), f32x4.mul(coupled, decayed));
    const newMean = f32x4.add(f32x4.mul(keep1, v128.load(mean + at)), f32x4.mul(take1, slope));
    const slopeSquare = f32x4.mul(f32x4.mul(take2, slope), slope);
    const newSquare = f32x4.add(f32x4.mul(keep2, v128.load(square + at)), slopeSquare);
    v128.store(mean + at, newMean);
    v128.store(square + at, newSquare);
    const size = f32x4.add(f32x4.mul(f32x4.sqrt(newSquare), inverseRoot), floor);
    const change = f32x4.div(f32x4.mul(speed, newMean), size);
    v128.store(weights + at, f32x4.sub(f32x4.sub(weight, f32x4.mul(shrunk, decayed)), change));
  }
}
