import { type ConvolutionShape, type WindowGeometry, windowGeometry } from "./shapes.js";

/** How a convolution falls into planes of products. */
export interface PlanePlan {
  readonly geometry: WindowGeometry;
  /** Planes along one axis: 3 for an even number of blocks of stride x stride pixels, 4 for 3 x 3 pixels. */
  readonly side: 3 | 4;
  /** Groups of neighbouring taps along one axis, one tile apart; only 1 has an input gradient. */
  readonly groups: number;
  /** Values of one line of a block. */
  readonly segment: number;
  readonly tileRows: number;
  readonly tileColumns: number;
  /** Tiles of the input; with several groups of taps more than those of the output. */
  readonly rows: number;
  readonly columns: number;
  /** Size of the padded input, in pixels. */
  readonly paddedHeight: number;
  readonly paddedWidth: number;
  /** Lines of a plane's run of inputs, and values of each. */
  readonly lines: number;
  readonly values: number;
}

/** Plans a convolution in planes, or tells by undefined that its shape does not allow it. */
export function planPlanes(shape: ConvolutionShape): PlanePlan | undefined {
  const { height, width, channels, filters, kernel, stride } = shape;
  const geometry = windowGeometry(shape, kernel);
  const segment = stride * channels;
  if (shape.groups > 1 || filters % 4 !== 0) return undefined;
  if (geometry.rows < 2 || geometry.columns < 2) return undefined;
  const taps = kernel / stride;
  const threes = kernel === 3 && stride === 1 && channels % 4 === 0;
  if (!threes && (taps % 2 !== 0 || (segment !== 2 && segment % 4 !== 0))) return undefined;
  const side = threes ? 4 : 3;
  const groups = threes ? 1 : taps / 2;
  const tileRows = Math.ceil(geometry.rows / 2);
  const tileColumns = Math.ceil(geometry.columns / 2);
  const rows = tileRows + groups - 1;
  const columns = tileColumns + groups - 1;
  const edge = side - 2;
  return {
    geometry,
    side,
    groups,
    segment,
    tileRows,
    tileColumns,
    rows,
    columns,
    paddedHeight: Math.max(height + geometry.above + Math.max(geometry.below, 0), (2 * rows + edge) * stride),
    paddedWidth: Math.max(width + geometry.left + Math.max(geometry.right, 0), (2 * columns + edge) * stride),
    lines: groups * stride,
    values: groups * segment,
  };
}

/** Whether training of a convolution of this shape gets by with fewer products, its input's gradient too. */
export function runsInPlanes(shape: ConvolutionShape, needsInputGradient: boolean): boolean {
  const planned = planPlanes(shape);
  return !!planned && !(needsInputGradient && (planned.groups > 1 || planned.segment % 4 !== 0));
}
