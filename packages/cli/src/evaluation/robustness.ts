import type { Dataset, SampledView } from "@microexpnet/training";
import type { Model, Precision } from "microexpnet/internal";
import { type AnswerChoice, evaluateModel, type PriorChoice } from "./evaluate-model.js";

/** The accuracy on images that are all changed in one manner. */
export interface RobustnessFigure {
  /** Which change, for example "turned". */
  readonly change: string;
  /** How much of it, for example "10 degrees". */
  readonly amount: string;
  readonly accuracy: number;
  readonly macroF1: number;
}

/** One manner of change: the mean over its views is measured. */
interface Change {
  readonly change: string;
  readonly amount: string;
  readonly views: readonly ((size: number) => SampledView)[];
}

interface Placing {
  /** Shares of the side by which the face moves. */
  readonly right?: number;
  readonly down?: number;
  /** Size of the face to what it was. */
  readonly zoom?: number;
  /** Degrees. */
  readonly angle?: number;
}

/** A view of the whole picture in which the face lies elsewhere, larger or turned. */
function placed({ right = 0, down = 0, zoom = 1, angle = 0 }: Placing, rest: Partial<SampledView> = {}) {
  return (size: number): SampledView => {
    const length = size / zoom;
    const cosine = Math.cos((angle * Math.PI) / 180) * length;
    const sine = Math.sin((angle * Math.PI) / 180) * length;
    return {
      view: {
        xx: cosine,
        xy: -sine,
        x0: size * (0.5 - right) - (cosine - sine) / 2,
        yx: sine,
        yy: cosine,
        y0: size * (0.5 - down) - (sine + cosine) / 2,
      },
      gain: 1,
      bias: 0,
      ...rest,
    };
  };
}

const changed = (rest: Partial<SampledView>) => placed({}, rest);
const covered = (top: number, height: number) =>
  changed({ erase: { left: 0, top, width: 1, height, grey: 128 } });
const noises = [1, 2];

const percent = (share: number) => `${Math.round(100 * share)} %`;

/** What a deployed crop and camera do to faces, from harmless to severe. */
const changes: readonly Change[] = [
  ...[0.03, 0.06, 0.1, 0.15].map((share) => ({
    change: "moved to any side",
    amount: `${percent(share)} of the side`,
    views: [{ right: share }, { right: -share }, { down: share }, { down: -share }].map((to) => placed(to)),
  })),
  ...[0.75, 0.9, 1.1, 1.25].map((zoom) => ({
    change: "larger or smaller",
    amount: percent(zoom),
    views: [placed({ zoom })],
  })),
  ...[10, 20, 30].map((angle) => ({
    change: "turned",
    amount: `${angle} degrees`,
    views: [placed({ angle }), placed({ angle: -angle })],
  })),
  ...[0.4, 0.7, 1.5].map((gain) => ({
    change: "light",
    amount: percent(gain),
    views: [changed({ gain })],
  })),
  ...[0.4, 0.7, 1.5].map((gain) => ({
    change: "contrast",
    amount: percent(gain),
    views: [changed({ gain, bias: 127.5 * (1 - gain) })],
  })),
  ...[0.01, 0.02, 0.03].map((blur) => ({
    change: "blurred",
    amount: `deviation ${percent(blur)} of the side`,
    views: [changed({ blur })],
  })),
  ...[0.5, 1 / 3, 0.25].map((lowResolution) => ({
    change: "fewer pixels",
    amount: `${percent(lowResolution)} of the side`,
    views: [changed({ lowResolution })],
  })),
  ...[5, 15].map((noise) => ({
    change: "noise",
    amount: `deviation ${noise} of 255`,
    views: noises.map((noiseSeed) => changed({ noise, noiseSeed })),
  })),
  ...[50, 20, 10].map((jpegQuality) => ({
    change: "JPEG",
    amount: `quality ${jpegQuality}`,
    views: [changed({ jpegQuality })],
  })),
  { change: "covered", amount: "eyes, as by glasses", views: [covered(0.2, 0.25)] },
  { change: "covered", amount: "nose and mouth, as by a mask", views: [covered(0.5, 0.5)] },
];

/**
 * Measures a model, or several together, on images as they are and changed: the crop moved, scaled and turned, other light, blur, fewer
 * pixels, noise, compression, covered parts.
 */
export async function measureRobustness(
  models: readonly Model[],
  dataset: Dataset,
  signal: AbortSignal,
  options: {
    readonly precision?: Precision;
    readonly among?: AnswerChoice;
    readonly prior?: PriorChoice;
    readonly mirror?: boolean;
    readonly shift?: number;
  } = {},
): Promise<RobustnessFigure[]> {
  const figures: RobustnessFigure[] = [];
  for (const { change, amount, views } of changes) {
    let accuracy = 0;
    let macroF1 = 0;
    for (const view of views) {
      const sample = view(dataset.size);
      const { figures: seen } = await evaluateModel(models, dataset, signal, { ...options, sample });
      accuracy += seen.accuracy / views.length;
      macroF1 += seen.macroF1 / views.length;
    }
    figures.push({ change, amount, accuracy, macroF1 });
  }
  return figures;
}
