import {
  type ConvolutionLayer,
  type DenseLayer,
  type MaxPoolLayer,
  type Padding,
  type PlacedLayer,
  paddedExtent,
} from "../network.js";

/** A convolution's dimensions; a dense layer is a 1x1 convolution of a 1x1 map. */
export interface ConvolutionShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: Padding;
  readonly groups: number;
}

export interface PoolShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly size: number;
  readonly stride: number;
  readonly padding: Padding;
}

/** Output size and the padding around the input, in pixels. */
export interface WindowGeometry {
  readonly rows: number;
  readonly columns: number;
  readonly above: number;
  readonly below: number;
  readonly left: number;
  readonly right: number;
}

export function windowGeometry(
  shape: { height: number; width: number; stride: number; padding: Padding },
  window: number,
): WindowGeometry {
  const vertical = paddedExtent(shape.height, window, shape.stride, shape.padding);
  const horizontal = paddedExtent(shape.width, window, shape.stride, shape.padding);
  return {
    rows: vertical.output,
    columns: horizontal.output,
    above: vertical.before,
    below: vertical.after,
    left: horizontal.before,
    right: horizontal.after,
  };
}

export function convolutionShape(placed: PlacedLayer<ConvolutionLayer | DenseLayer>): ConvolutionShape {
  const { layer, inputShape } = placed;
  if (layer.kind === "dense") {
    const channels = inputShape[0] * inputShape[1] * inputShape[2];
    return {
      height: 1,
      width: 1,
      channels,
      filters: layer.units,
      kernel: 1,
      stride: 1,
      padding: "valid",
      groups: 1,
    };
  }
  return {
    height: inputShape[0],
    width: inputShape[1],
    channels: inputShape[2],
    filters: layer.filters,
    kernel: layer.kernel,
    stride: layer.stride ?? 1,
    padding: layer.padding ?? "same",
    groups: layer.groups ?? 1,
  };
}

export function poolShape(placed: PlacedLayer<MaxPoolLayer>): PoolShape {
  const { layer, inputShape } = placed;
  return {
    height: inputShape[0],
    width: inputShape[1],
    channels: inputShape[2],
    size: layer.size,
    stride: layer.stride ?? layer.size,
    padding: layer.padding ?? "same",
  };
}
