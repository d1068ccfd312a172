import { Program, renderView, wholeImageView } from "microexpnet/internal";
import {
  animateFace,
  certaintyOf,
  landmarkValues,
  sampleAnimation,
  shiftLogits,
  shiftTarget,
} from "../animation.js";
import { renderSample, sampleView } from "../augmentation.js";
import { TrainingGraph } from "../engine/graph.js";
import { namedParameters } from "../engine/parameters.js";
import { crossEntropy } from "../losses/cross-entropy.js";
import { distillationLoss } from "../losses/distillation.js";
import { mixImages, sampleMixup } from "../mixup.js";
import { createRandom } from "../random.js";
import { type JobAnimation, type StepRequest, shardSize, type TrainingJob } from "./job.js";

/** The class that an animated face shows, and its share of the target. */
interface Shown {
  readonly label: number;
  readonly share: number;
}

/** Images that one worker evaluates at a time. */
const evaluationChunk = 32;

/**
 * One worker's part: takes shards of the batch until none is left. What a shard gives depends on the shard
 * alone, never on the worker that computes it, so that any number of workers gives the same bits.
 */
export class ShardWorker {
  readonly #graph: TrainingGraph;
  readonly #teachers: Program[];
  readonly #shardSize: number;
  readonly #targets: Float32Array;
  readonly #teacherLogits: Float32Array[];
  readonly #teacherPixels: Uint8Array[];
  readonly #animated: Uint8Array;
  #evaluation: Program | undefined;
  /** Whether the graph has run with this step's weights. */
  #sameWeights = false;

  constructor(readonly job: TrainingJob) {
    this.#shardSize = shardSize(job);
    this.#graph = new TrainingGraph(job.network, this.#shardSize);
    // In 16-bit integers, which is almost twice as fast and moves soft targets by thousandths.
    this.#teachers = job.teachers.map(
      (teacher) =>
        new Program(teacher.network, (name) => teacher.weights.get(name)!, this.#shardSize, {
          precision: "int16",
        }),
    );
    this.#targets = new Float32Array(this.#shardSize * job.classes);
    this.#teacherLogits = job.teachers.map(() => new Float32Array(this.#shardSize * job.classes));
    this.#animated = new Uint8Array(job.images.size ** 2);
    this.#teacherPixels = this.#teachers.map(
      (teacher) => new Uint8Array(this.#shardSize * teacher.inputLength),
    );
  }

  /**
   * Computes shards of the step until all are taken.
   *
   * @returns a sentence where a loss is not finite
   */
  train(request: StepRequest): string | undefined {
    const { shared, shards } = this.job;
    this.#graph.weights.set(shared.weights);
    this.#sameWeights = false;
    let problem: string | undefined;
    for (;;) {
      const shard = Atomics.add(shared.next, 0, 1);
      if (shard >= shards) return problem;
      const first = shard * this.#shardSize;
      const count = Math.min(this.#shardSize, request.count - first);
      if (count <= 0) {
        // A short last batch leaves shards without images, which must not repeat the last step's gradient.
        this.#gradientOf(shard).fill(0);
        shared.losses[shard] = 0;
        shared.correct[shard] = 0;
        continue;
      }
      problem = this.#trainShard(request, shard, first, count) ?? problem;
    }
  }

  #gradientOf(shard: number): Float32Array {
    const { length } = this.#graph.gradient;
    return this.job.shared.gradients.subarray(shard * length, (shard + 1) * length);
  }

  #trainShard(request: StepRequest, shard: number, first: number, count: number): string | undefined {
    const { job } = this;
    const { shared, classes } = job;
    const graph = this.#graph;
    this.#renderShard(request, shard, first, count);
    const logits = graph.forward(count, { seed: job.seed, step: request.step, shard }, this.#sameWeights);
    this.#sameWeights = true;
    const targets = this.#targets.subarray(0, count * classes);
    const gradient = graph.logitGradient.subarray(0, count * classes);
    const scale = 1 / request.count;
    const loss = job.distillation
      ? distillationLoss(
          logits,
          targets,
          this.#teacherLogits.map((values) => values.subarray(0, count * classes)),
          count,
          classes,
          scale,
          gradient,
          job.distillation,
          job.classWeights,
        )
      : crossEntropy(logits, targets, count, classes, scale, gradient, job.classWeights);
    if (!Number.isFinite(loss)) {
      const layer = graph.firstNonFiniteLayer(count);
      return layer
        ? `the output of layer "${layer}" is not a finite number`
        : `the loss is ${loss} though every layer's output is finite`;
    }
    graph.backward(count);
    this.#gradientOf(shard).set(graph.gradient);
    const { length } = graph.statistics;
    shared.shardStatistics.set(graph.statistics, shard * length);
    shared.losses[shard] = loss;
    shared.correct[shard] = countCorrect(logits, targets, classes);
    return undefined;
  }

  /** Draws the shard's views, mixes them, and finds the teachers' logits for the same views. */
  #renderShard(request: StepRequest, shard: number, first: number, count: number): void {
    const { job } = this;
    const { images, classes, shared } = job;
    const { network } = job;
    const graph = this.#graph;
    const view = job.views > 0 ? request.epoch % job.views : request.epoch;
    const known: boolean[] = [];
    const shown: (Shown | undefined)[] = [];
    for (let i = 0; i < count; i++) {
      const image = shared.order[first + i];
      const source = images.pixels.subarray(image * images.size ** 2, (image + 1) * images.size ** 2);
      const sample = sampleView(
        job.augmentation,
        images.size,
        createRandom(job.viewSeed, "view", image, view),
      );
      const render = (target: Uint8Array, length: number, height: number, width: number, face = source) =>
        renderSample(face, images.size, sample, target.subarray(i * length, (i + 1) * length), height, width);
      shown.push(this.#animate(source, image, request.epoch));
      const face = shown[i] ? this.#animated : source;
      render(graph.pixels, graph.inputLength, network.input.height, network.input.width, face);
      known.push(this.#readCache(image, view, i));
      for (const [t, teacher] of this.#teachers.entries()) {
        const { height, width } = teacher.network.input;
        if (!known[i]) render(this.#teacherPixels[t], teacher.inputLength, height, width);
      }
      for (let c = 0; c < classes; c++) {
        const target = images.targets[image * classes + c];
        this.#targets[i * classes + c] = target * (1 - job.labelSmoothing) + job.labelSmoothing / classes;
      }
    }
    if (job.mixup > 0 && count > 1) this.#mix(request, shard, count);
    this.#askTeachers(known, first, view);
    // Only now, so that the cache holds what teachers say of the face as it was.
    for (const [i, animation] of shown.entries()) {
      if (!animation) continue;
      const { label, share } = animation;
      shiftTarget(this.#targets, i * classes, classes, label, share);
      for (const logits of this.#teacherLogits) shiftLogits(logits, i * classes, classes, label, share);
    }
  }

  /** Animates the faces of some views; the picture is then in `#animated`. */
  #animate(source: Uint8Array, image: number, epoch: number): Shown | undefined {
    const { animation, images, viewSeed } = this.job;
    if (!animation) return undefined;
    const random = createRandom(viewSeed, "animation", image, epoch);
    if (random.next() >= animation.share) return undefined;
    const index =
      this.#chooseExpression(image, animation, random.next()) ?? random.integer(animation.classes.length);
    const drawn = sampleAnimation(animation.expressions[index], random);
    const from = image * landmarkValues;
    const landmarks = animation.landmarks.subarray(from, from + landmarkValues);
    if (!animateFace(source, images.size, landmarks, drawn.action, this.#animated)) return undefined;
    return { label: animation.classes[index], share: certaintyOf(drawn) };
  }

  /** One that annotators saw in the face, each as often as they did; none as often as they saw none. */
  #chooseExpression(image: number, { classes }: JobAnimation, chance: number): number | undefined {
    const { images, classes: width } = this.job;
    let rest = chance;
    for (const [index, label] of classes.entries()) {
      rest -= images.targets[image * width + label];
      if (rest < 0) return index;
    }
    return undefined;
  }

  /** Blends each image of the shard with its neighbour, and their targets alike (Zhang et al. 2018). */
  #mix(request: StepRequest, shard: number, count: number): void {
    const { job } = this;
    const random = createRandom(job.seed, "mixup", request.step, shard);
    const sets: { values: Uint8Array; length: number }[] = [
      { values: this.#graph.pixels, length: this.#graph.inputLength },
      ...this.#teachers.map((teacher, t) => ({
        values: this.#teacherPixels[t],
        length: teacher.inputLength,
      })),
    ];
    const originals = sets.map(({ values, length }) => values.slice(0, count * length));
    const targets = this.#targets.slice(0, count * job.classes);
    for (let i = 0; i < count; i++) {
      const share = sampleMixup(job.mixup, random);
      const other = (i + 1) % count;
      for (const [s, { values, length }] of sets.entries()) {
        const partner = originals[s].subarray(other * length, (other + 1) * length);
        mixImages(values.subarray(i * length, (i + 1) * length), partner, share);
      }
      for (let c = 0; c < job.classes; c++) {
        const [a, b] = [targets[i * job.classes + c], targets[other * job.classes + c]];
        this.#targets[i * job.classes + c] = a * share + b * (1 - share);
      }
    }
  }

  #cacheIndex(image: number, view: number): number {
    return view * this.job.images.count + image;
  }

  #readCache(image: number, view: number, i: number): boolean {
    const { teacherCache, classes } = this.job;
    const index = this.#cacheIndex(image, view);
    if (!teacherCache || Atomics.load(teacherCache.filled, index) !== 1) return false;
    const width = this.#teachers.length * classes;
    for (const [t, logits] of this.#teacherLogits.entries()) {
      const from = index * width + t * classes;
      logits.set(teacherCache.logits.subarray(from, from + classes), i * classes);
    }
    return true;
  }

  /** Runs the teachers on the images whose logits are not known, and remembers what they say. */
  #askTeachers(known: readonly boolean[], first: number, view: number): void {
    const { teacherCache, classes, shared } = this.job;
    const unknown = known.flatMap((isKnown, i) => (isKnown ? [] : [i]));
    if (unknown.length === 0) return;
    for (const [t, teacher] of this.#teachers.entries()) {
      const pixels = this.#teacherPixels[t];
      const length = teacher.inputLength;
      // Unknown images move to the front, so that one run takes them all.
      for (const [to, from] of unknown.entries()) {
        if (to !== from) pixels.copyWithin(to * length, from * length, (from + 1) * length);
      }
      const logits = teacher.run(pixels.subarray(0, unknown.length * length), unknown.length);
      for (const [from, to] of unknown.entries()) {
        this.#teacherLogits[t].set(logits.subarray(from * classes, (from + 1) * classes), to * classes);
      }
    }
    if (!teacherCache) return;
    const width = this.#teachers.length * classes;
    for (const i of unknown) {
      const index = this.#cacheIndex(shared.order[first + i], view);
      for (const [t, logits] of this.#teacherLogits.entries()) {
        teacherCache.logits.set(logits.subarray(i * classes, (i + 1) * classes), index * width + t * classes);
      }
      Atomics.store(teacherCache.filled, index, 1);
    }
  }

  /** Writes the logits of validation images, chunk by chunk, until all are taken. */
  evaluate(): void {
    const { job } = this;
    const { validation, shared, network, classes } = job;
    if (!validation) return;
    const named = namedParameters(this.#graph.layout, shared.weights, shared.statistics);
    const source = (name: string) => named.get(name)!;
    if (this.#evaluation) this.#evaluation.setWeights(source);
    else this.#evaluation = new Program(network, source, evaluationChunk);
    const program = this.#evaluation;
    const pixels = new Uint8Array(evaluationChunk * program.inputLength);
    const { height, width } = network.input;
    const view = wholeImageView(validation.size, validation.size);
    const area = validation.size ** 2;
    for (;;) {
      const first = Atomics.add(shared.next, 0, 1) * evaluationChunk;
      if (first >= validation.count) return;
      const count = Math.min(evaluationChunk, validation.count - first);
      for (let i = 0; i < count; i++) {
        const image = validation.pixels.subarray((first + i) * area, (first + i + 1) * area);
        const target = pixels.subarray(i * program.inputLength, (i + 1) * program.inputLength);
        renderView(image, validation.size, validation.size, view, target, height, width);
      }
      const logits = program.run(pixels.subarray(0, count * program.inputLength), count);
      shared.validationLogits.set(logits, first * classes);
    }
  }
}

function countCorrect(logits: Float32Array, targets: Float32Array, classes: number): number {
  let correct = 0;
  for (let row = 0; row < logits.length; row += classes) {
    let best = 0;
    let truth = 0;
    for (let c = 1; c < classes; c++) {
      if (logits[row + c] > logits[row + best]) best = c;
      if (targets[row + c] > targets[row + truth]) truth = c;
    }
    if (best === truth) correct++;
  }
  return correct;
}
