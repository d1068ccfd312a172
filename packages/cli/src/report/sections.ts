import type { Cell } from "./table.js";

/** A report: a title and sections in reading order. Every text is shown as it is; none is taken as HTML. */
export interface Report {
  readonly title: string;
  readonly subtitle?: string;
  readonly sections: readonly Section[];
}

export type Section =
  | TextSection
  | TableSection
  | CurvesSection
  | ConfusionSection
  | ReliabilitySection
  | ScatterSection
  | FacesSection
  | CodeSection;

interface Titled {
  /** Heading above the section. */
  readonly title?: string;
}

interface Captioned extends Titled {
  /** Says what is to be seen, below the figure or above the table. */
  readonly caption: string;
}

export interface TextSection extends Titled {
  readonly kind: "text";
  readonly paragraphs: readonly string[];
}

/** Columns of figures stand to the right by themselves. */
export interface TableSection extends Captioned {
  readonly kind: "table";
  readonly columns: readonly string[];
  /** One cell for each column in each row. */
  readonly rows: readonly (readonly Cell[])[];
}

/** Lines over a common axis, for example the accuracy after each epoch. */
export interface CurvesSection extends Captioned {
  readonly kind: "curves";
  readonly xTitle: string;
  readonly yTitle: string;
  /** Points that are not finite are left out; series of one name are one line. */
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
  }[];
}

export interface ConfusionSection extends Captioned {
  readonly kind: "confusion";
  readonly labels: readonly string[];
  /** Counts, matrix[true][predicted]; shaded by their share of the row. */
  readonly matrix: readonly (readonly number[])[];
}

export interface ReliabilitySection extends Captioned {
  readonly kind: "reliability";
  /** As an `Evaluation` holds them; shares in 0..1. */
  readonly bins: readonly {
    readonly low: number;
    readonly high: number;
    readonly count: number;
    readonly confidence: number;
    readonly accuracy: number;
  }[];
}

export interface ScatterSection extends Captioned {
  readonly kind: "scatter";
  readonly xTitle: string;
  readonly yTitle: string;
  /** Makes the horizontal axis logarithmic; every x must then be above 0. */
  readonly logarithmic?: boolean;
  readonly points: readonly {
    readonly x: number;
    readonly y: number;
    readonly label: string;
    /** Points of one group have one colour. */
    readonly group?: string;
  }[];
}

export interface FacesSection extends Captioned {
  readonly kind: "faces";
  readonly faces: readonly {
    /** size * size grey values 0..255, row after row. */
    readonly pixels: Uint8Array | Uint8ClampedArray;
    readonly size: number;
    readonly caption: string;
  }[];
}

/** Commands or other text in a fixed width, with its line ends. */
export interface CodeSection extends Titled {
  readonly kind: "code";
  readonly caption?: string;
  readonly code: string;
}
