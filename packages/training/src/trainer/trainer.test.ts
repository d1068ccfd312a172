import type { Network } from "microexpnet/internal";
import { describe, expect, it } from "vitest";
import { augmentationPresets } from "../augmentation.js";
import { type Dataset, sharedBytes } from "../data/dataset.js";
import { distillationDefaults } from "../losses/distillation.js";
import { createRandom } from "../random.js";
import { ResumeError, readTrainingState, type TrainingState, writeTrainingState } from "./checkpoint.js";
import { soloTeam } from "./team.js";
import { train } from "./trainer.js";
import type { TrainingOptions } from "./training-options.js";

const size = 16;

/** Three classes of stripes (rows, columns, checks) with noise: easy, but not for an untrained network. */
function stripes(count: number, seed: number): Dataset {
  const random = createRandom("stripes", seed);
  const pixels = sharedBytes(count * size * size);
  const classes = new Uint8Array(count);
  for (let image = 0; image < count; image++) {
    classes[image] = image % 3;
    const phase = random.integer(4);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const a = ((row + phase) >> 1) & 1;
        const b = ((column + phase) >> 1) & 1;
        const value = [a, b, a ^ b][classes[image]];
        pixels[(image * size + row) * size + column] = 60 + 100 * value + random.integer(80);
      }
    }
  }
  return { name: "stripes", labels: ["rows", "columns", "checks"], count, size, pixels, classes };
}

const network: Network = {
  name: "small",
  input: { height: 16, width: 16, channels: 1, scale: 1 / 64, offset: -2 },
  layers: [
    { kind: "convolution", name: "conv1", filters: 8, kernel: 3, stride: 2, bias: false },
    { kind: "batchNormalization", name: "norm1", activation: "relu" },
    { kind: "convolution", name: "conv2", filters: 8, kernel: 3, activation: "relu" },
    { kind: "maxPool", name: "pool", size: 2 },
    { kind: "dropout", name: "dropout", rate: 0.1 },
    { kind: "dense", name: "scores", units: 3 },
  ],
};

const base: TrainingOptions = {
  network,
  train: stripes(70, 1),
  valid: stripes(30, 2),
  epochs: 4,
  batch: 16,
  seed: 5,
  optimizer: { kind: "adamw", weightDecay: 0.01 },
  schedule: { kind: "one-cycle", learningRate: 0.01 },
  augmentation: augmentationPresets.default,
  averageDecay: 0.9,
};

const bits = (weights: ReadonlyMap<string, Float32Array>) =>
  [...weights].map(([name, values]) => [name, [...new Uint32Array(values.slice().buffer)]]);

describe("train", () => {
  it("learns, and gives the same bits each time", async () => {
    const options = { ...base, epochs: 12, augmentation: augmentationPresets.none };
    const first = await train(options, { team: soloTeam });
    expect(first.history.at(-1)!.validAccuracy).toBeGreaterThan(0.9);
    expect(first.history[0].trainLoss).toBeGreaterThan(2 * first.history.at(-1)!.trainLoss);
    expect(bits((await train(options, { team: soloTeam })).weights)).toEqual(bits(first.weights));
    const other = await train({ ...options, seed: 6 }, { team: soloTeam });
    expect(bits(other.weights)).not.toEqual(bits(first.weights));
  });

  it.each([1, 7, 13])("goes on from a checkpoint after step %i to the same bits", async (stopAfter) => {
    const options = { ...base, mixup: 0.2, clipNorm: 1 };
    const whole = await train(options, { team: soloTeam });
    const controller = new AbortController();
    let saved: Uint8Array | undefined;
    const stopped = train(options, {
      team: soloTeam,
      signal: controller.signal,
      save: async (state) => {
        saved = writeTrainingState(state);
      },
      onProgress: ({ step }) => {
        if (step === stopAfter) controller.abort(new Error("stopped by the test"));
      },
    });
    await expect(stopped).rejects.toThrow("stopped by the test");
    // As it comes from a file: a view into a larger buffer, at an odd offset.
    const file = Buffer.concat([Buffer.from("x"), saved!]);
    const resume = readTrainingState(file.subarray(1));
    expect(resume.step).toBe(stopAfter);
    const resumed = await train(options, { team: soloTeam, resume });
    expect(bits(resumed.weights)).toEqual(bits(whole.weights));
    expect(resumed.history).toEqual(whole.history);
  });

  it("refuses a checkpoint of other options, and a damaged one", async () => {
    const states: TrainingState[] = [];
    const save = async (state: TrainingState) => {
      states.push(state);
    };
    await train({ ...base, epochs: 1 }, { team: soloTeam, save });
    const bytes = writeTrainingState(states[0]);
    const resume = readTrainingState(bytes);
    const other = train({ ...base, epochs: 1, batch: 8 }, { team: soloTeam, resume });
    await expect(other).rejects.toThrow(ResumeError);
    for (const position of [0, 30, bytes.length >> 1, bytes.length - 1]) {
      const damaged = bytes.slice();
      damaged[position] ^= 4;
      expect(() => readTrainingState(damaged)).toThrow(ResumeError);
    }
    expect(() => readTrainingState(bytes.subarray(0, 100))).toThrow(ResumeError);
  });

  it("says at which step and in which layer numbers cease to be finite", async () => {
    const wild = {
      ...base,
      optimizer: { kind: "sgd" },
      schedule: { kind: "constant", learningRate: 1e20 },
    } as const;
    await expect(train(wild, { team: soloTeam })).rejects.toThrow(
      /^Training stopped in epoch 1 at step \d+: .*layer "\w+"/,
    );
  });

  it("distils the same with cached and with fresh teacher logits", async () => {
    const taught = await train({ ...base, epochs: 6 }, { team: soloTeam });
    const options: TrainingOptions = {
      ...base,
      views: 2,
      seed: 9,
      teachers: [{ network, weights: taught.weights }],
      distillation: distillationDefaults,
    };
    const fresh = await train(options, { team: soloTeam });
    const entries = 2 * base.train.count;
    const teacherCache = { logits: new Float32Array(entries * 3), filled: sharedBytes(entries) };
    const cached = await train({ ...options, teacherCache }, { team: soloTeam });
    expect(teacherCache.filled.every((flag) => flag === 1)).toBe(true);
    expect(bits(cached.weights)).toEqual(bits(fresh.weights));
    const again = await train({ ...options, teacherCache }, { team: soloTeam });
    expect(bits(again.weights)).toEqual(bits(fresh.weights));
  });

  it("animates faces, and asks teachers about them as they were", async () => {
    const labels = ["Neutral", "joy", "angry"];
    const taught = await train(base, { team: soloTeam });
    const options: TrainingOptions = {
      ...base,
      train: { ...base.train, labels },
      valid: { ...base.valid!, labels },
      views: 2,
      teachers: [{ network, weights: taught.weights }],
      distillation: distillationDefaults,
    };
    const count = base.train.count;
    const landmarks = Float32Array.from(
      { length: count * 6 },
      (_, i) => [0.3, 0.3, 0.7, 0.3, 0.5, 0.7][i % 6],
    );
    const runWith = async (animation: TrainingOptions["animation"]) => {
      const teacherCache = { logits: new Float32Array(2 * count * 3), filled: sharedBytes(2 * count) };
      const fresh = await train({ ...options, animation, teacherCache }, { team: soloTeam });
      const cached = await train({ ...options, animation, teacherCache }, { team: soloTeam });
      expect(bits(cached.weights)).toEqual(bits(fresh.weights));
      return { weights: bits(fresh.weights), known: [...teacherCache.logits] };
    };
    const still = await runWith(undefined);
    const animated = await runWith({ share: 0.5, landmarks });
    expect(animated.weights).not.toEqual(still.weights);
    expect(animated.known).toEqual(still.known);
    const unseen = landmarks.map(() => Number.NaN);
    expect((await runWith({ share: 1, landmarks: unseen })).weights).toEqual(still.weights);
    expect((await runWith({ share: 0, landmarks })).weights).toEqual(still.weights);

    const refused = (changes: Partial<TrainingOptions>) =>
      train({ ...options, animation: { share: 0.5, landmarks }, ...changes }, { team: soloTeam });
    await expect(refused({ train: base.train, valid: base.valid })).rejects.toThrow(
      "not rows, columns, checks",
    );
    await expect(refused({ animation: { share: 2, landmarks } })).rejects.toThrow("between 0 and 1, not 2");
    await expect(refused({ animation: { share: 1, landmarks: landmarks.subarray(6) } })).rejects.toThrow(
      "414",
    );
    await expect(refused({ mixup: 0.2 })).rejects.toThrow("choose one");
  });

  it("stops early when validation does not gain, and refuses what makes no sense", async () => {
    const options = {
      ...base,
      epochs: 40,
      patience: 2,
      schedule: { kind: "constant", learningRate: 1e-9 },
    } as const;
    const result = await train(options, { team: soloTeam });
    expect(result.history.length).toBeLessThan(10);
    await expect(train({ ...base, epochs: 0 }, { team: soloTeam })).rejects.toThrow("epochs");
    await expect(
      train({ ...base, valid: { ...base.valid!, labels: ["a", "b", "c"] } }, { team: soloTeam }),
    ).rejects.toThrow("different classes");
  });
});
