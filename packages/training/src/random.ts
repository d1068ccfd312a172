/** A seeded stream of random numbers; one stream is made for each purpose, so that streams never depend on
 * the order in which work happens to run. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [low, high). */
  uniform(low: number, high: number): number;
  /** Whole number, uniform in 0 .. bound - 1. */
  integer(bound: number): number;
  /** Normal with mean 0 and deviation 1. */
  normal(): number;
}

/** Mixes 32 bits (the finaliser of MurmurHash3). */
function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Hashes whole numbers and words into 32 bits; the same in every place and at every time. */
export function hashSeed(...parts: readonly (number | string)[]): number {
  let hash = 0x9e3779b9;
  const add = (value: number) => {
    hash = mix((Math.imul(hash, 31) + value) | 0);
  };
  for (const part of parts) {
    if (typeof part === "number") {
      add(part | 0);
      add(Math.floor(part / 0x100000000));
    } else {
      for (let i = 0; i < part.length; i++) add(part.charCodeAt(i));
      add(part.length);
    }
  }
  return hash;
}

/**
 * A stream for a purpose, for example `createRandom(seed, "augmentation", image, view)`.
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state.
 */
export function createRandom(...parts: readonly (number | string)[]): Random {
  let a = hashSeed(1, ...parts);
  let b = hashSeed(2, ...parts);
  let c = hashSeed(3, ...parts);
  let counter = 1;
  const next32 = () => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    c |= 0;
    return result >>> 0;
  };
  for (let i = 0; i < 12; i++) next32();
  const next = () => next32() / 0x100000000;
  let spare: number | undefined;
  return {
    next,
    uniform: (low, high) => low + (high - low) * next(),
    integer: (bound) => Math.floor(next() * bound),
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - next()));
      const angle = 2 * Math.PI * next();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

/** A random order of 0 .. length - 1 (Fisher and Yates). */
export function shuffledIndices(length: number, random: Random): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
