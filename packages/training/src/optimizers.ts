import { Arena, instantiate, type TrainingKernels } from "microexpnet/internal";
import { trainingKernels } from "microexpnet/training-kernels";

/** Thrown when an optimiser's option lies outside its range or its arrays do not fit together. */
export class OptimizerError extends Error {
  override name = "OptimizerError";
}

export type OptimizerKind = "sgd" | "adam" | "adamw";

export interface OptimizerOptions {
  readonly kind: OptimizerKind;
  /** Of "sgd", 0 <= momentum < 1; 0.9 by default. */
  readonly momentum?: number;
  /** Nesterov's look-ahead, of "sgd"; off by default. */
  readonly nesterov?: boolean;
  /** Decay of the gradient's mean, of "adam" and "adamw"; 0.9 by default. */
  readonly beta1?: number;
  /** Decay of the squared gradient's mean, of "adam" and "adamw"; 0.999 by default. */
  readonly beta2?: number;
  /** Added to the root of the squared gradient's mean; 1e-8 by default. */
  readonly epsilon?: number;
  /**
   * 0 by default. For "sgd" and "adam" weightDecay * weight is added to the gradient (L2); "adamw" takes
   * learningRate * weightDecay * weight off the weight itself.
   */
  readonly weightDecay?: number;
}

export interface Optimizer {
  /**
   * Changes the weights in place.
   *
   * @param decays 1 for each value that weight decay applies to, otherwise 0
   * @throws OptimizerError when an array does not have one value per parameter
   */
  step(weights: Float32Array, gradient: Float32Array, learningRate: number, decays: Uint8Array): void;
  /** What a checkpoint must hold beside `steps`; a resumed run copies the saved values into these arrays. */
  readonly state: readonly Float32Array[];
  /** Number of steps taken; set it when a run resumes. */
  steps: number;
}

function requireRange(value: number, below: number, what: string): number {
  if (!(value >= 0 && value < below)) {
    throw new OptimizerError(`The optimiser's ${what} must be at least 0 and below ${below}, not ${value}.`);
  }
  return value;
}

/**
 * An optimiser over one flat array of weights. Same weights, gradients and steps, same bits.
 *
 * - "sgd": v = momentum v + g; w -= rate v, or rate (g + momentum v) with Nesterov's momentum.
 * - "adam": Kingma & Ba, arXiv 1412.6980, with bias correction.
 * - "adamw": Loshchilov & Hutter, arXiv 1711.05101.
 *
 * @throws OptimizerError when an option lies outside its range
 */
export function createOptimizer(options: OptimizerOptions, parameterCount: number): Optimizer {
  const weightDecay = requireRange(options.weightDecay ?? 0, Number.POSITIVE_INFINITY, "weight decay");
  const check = (weights: Float32Array, gradient: Float32Array, decays: Uint8Array) => {
    if (
      weights.length !== parameterCount ||
      gradient.length !== parameterCount ||
      decays.length !== parameterCount
    ) {
      throw new OptimizerError(
        `The optimiser has ${parameterCount} parameters, but was given ${weights.length} weights, ${gradient.length} gradients and ${decays.length} decays.`,
      );
    }
  };
  switch (options.kind) {
    case "sgd": {
      const momentum = requireRange(options.momentum ?? 0.9, 1, "momentum");
      const nesterov = options.nesterov ?? false;
      const velocity = new Float32Array(parameterCount);
      return {
        steps: 0,
        state: [velocity],
        step(weights, gradient, learningRate, decays) {
          check(weights, gradient, decays);
          this.steps++;
          descend(weights, gradient, velocity, decays, learningRate, momentum, weightDecay, nesterov);
        },
      };
    }
    case "adam":
    case "adamw": {
      const beta1 = requireRange(options.beta1 ?? 0.9, 1, "beta1");
      const beta2 = requireRange(options.beta2 ?? 0.999, 1, "beta2");
      const epsilon = requireRange(options.epsilon ?? 1e-8, Number.POSITIVE_INFINITY, "epsilon");
      const decoupled = options.kind === "adamw";
      const adam = adamKernel(parameterCount);
      return {
        steps: 0,
        state: [adam.mean, adam.square],
        step(weights, gradient, learningRate, decays) {
          check(weights, gradient, decays);
          this.steps++;
          // The running means start at 0; these take out the pull of that start.
          const rate = learningRate / (1 - beta1 ** this.steps);
          const root = Math.sqrt(1 - beta2 ** this.steps);
          const coupledDecay = decoupled ? 0 : weightDecay;
          const shrink = decoupled ? learningRate * weightDecay : 0;
          adam.step(weights, gradient, decays, [
            ...([rate, root, beta1, 1 - beta1, beta2, 1 - beta2] as const),
            ...([epsilon, coupledDecay, shrink] as const),
          ]);
        },
      };
    }
    default:
      throw new OptimizerError(
        `The optimiser must be one of sgd, adam, adamw, not ${JSON.stringify((options as { kind: unknown }).kind)}.`,
      );
  }
}

/** One step of gradient descent with momentum. */
function descend(
  weights: Float32Array,
  gradient: Float32Array,
  velocity: Float32Array,
  decays: Uint8Array,
  learningRate: number,
  momentum: number,
  weightDecay: number,
  nesterov: boolean,
): void {
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i];
    const slope = gradient[i] + weightDecay * decays[i] * weight;
    const speed = momentum * velocity[i] + slope;
    velocity[i] = speed;
    weights[i] = weight - learningRate * (nesterov ? slope + momentum * speed : speed);
  }
}

type AdamNumbers =
  Parameters<TrainingKernels["adam"]> extends [
    ...addresses: [number, number, number, number, number, number],
    ...rest: infer Rest,
  ]
    ? Rest
    : never;

/** Adam's arrays in the memory of a kernel that does a step in one pass. */
function adamKernel(count: number) {
  const arena = new Arena();
  // Whole vectors: the values after the last one are computed with and never read.
  const room = Math.ceil(count / 4) * 4;
  const [weightsAt, gradientAt, meanAt, squareAt] = [0, 0, 0, 0].map(() => arena.floats(room));
  const decaysAt = arena.allocate(room);
  // Without relaxed SIMD, so that every machine gets the same bits.
  const instance = instantiate<TrainingKernels>(trainingKernels(false), arena.finish());
  const ownWeights = instance.floats(weightsAt, count);
  const ownGradient = instance.floats(gradientAt, count);
  const ownDecays = instance.bytes(decaysAt, count);
  return {
    mean: instance.floats(meanAt, count),
    square: instance.floats(squareAt, count),
    step(weights: Float32Array, gradient: Float32Array, decays: Uint8Array, numbers: AdamNumbers): void {
      ownWeights.set(weights);
      ownGradient.set(gradient);
      ownDecays.set(decays);
      instance.kernels.adam(weightsAt, gradientAt, meanAt, squareAt, decaysAt, count, ...numbers);
      weights.set(ownWeights);
    },
  };
}

/**
 * Scales a gradient down to a norm of at most `maximumNorm` (Pascanu et al., arXiv 1211.5063). The squares are
 * summed from the first to the last value in float64. A gradient that is not finite is left as it is.
 *
 * @param maximumNorm above 0; Infinity only measures
 * @returns the norm before clipping
 * @throws OptimizerError when the maximum is not above 0
 */
export function clipGradient(gradient: Float32Array, maximumNorm: number): number {
  if (!(maximumNorm > 0)) {
    throw new OptimizerError(`The gradient's maximum norm must be above 0, not ${maximumNorm}.`);
  }
  let sum = 0;
  for (let i = 0; i < gradient.length; i++) sum += gradient[i] * gradient[i];
  const norm = Math.sqrt(sum);
  if (norm > maximumNorm && norm < Number.POSITIVE_INFINITY) {
    const factor = maximumNorm / norm;
    for (let i = 0; i < gradient.length; i++) gradient[i] *= factor;
  }
  return norm;
}

/**
 * Moves an average of the weights towards them: average += (1 - d) (weights - average), with
 * d = min(decay, (1 + step) / (10 + step)), so that the first, poor weights are soon forgotten (the warm-up of
 * TensorFlow's ExponentialMovingAverage).
 *
 * @param decay 0..1, for example 0.999
 * @param step number of averagings done before this one, from 0
 */
export function updateAverage(
  average: Float32Array,
  weights: Float32Array,
  decay: number,
  step: number,
): void {
  if (average.length !== weights.length) {
    throw new OptimizerError(`The average has ${average.length} values, but the weights ${weights.length}.`);
  }
  const share = 1 - Math.min(decay, (1 + step) / (10 + step));
  for (let i = 0; i < weights.length; i++) average[i] += share * (weights[i] - average[i]);
}
