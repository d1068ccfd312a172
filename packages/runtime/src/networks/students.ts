import type { Network } from "../network.js";
import { convolution, faceNetwork, pool, residual } from "./blocks.js";

/*
 * Students for faces in the wild: 3x3 convolutions with batch normalisation on 48x48 faces. FER2013's faces have no
 * more pixels, and small kernels at many scales see in few parameters what the paper's 8x8 ones miss. Weights are
 * few where the map is large, so that a layer more there costs products but hardly any parameters.
 */

/** The smallest: under 25,000 parameters, most of its layers where the map is large and weights are few. */
export const nano = (classes = 8): Network =>
  faceNetwork("nano", classes, 0.05, [
    ...convolution("conv1", 16),
    pool("pool1"),
    ...convolution("conv2", 16),
    ...residual("conv3", 16, "conv2-norm"),
    ...convolution("conv4", 16),
    ...residual("conv5", 16, "conv4-norm"),
    pool("pool2"),
    ...convolution("conv6", 24),
    ...residual("conv7", 24, "conv6-norm"),
    pool("pool3"),
    ...convolution("conv8", 28),
  ]);

/** The default: under 100,000 parameters, most of its products where the map has 12x12 cells. */
export const micro = (classes = 8): Network =>
  faceNetwork("micro", classes, 0.1, [
    ...convolution("conv1", 16),
    pool("pool1"),
    ...convolution("conv2", 24),
    ...residual("conv3", 24, "conv2-norm"),
    pool("pool2"),
    ...convolution("conv4", 48),
    ...residual("conv5", 48, "conv4-norm"),
    ...residual("conv6", 48, "conv5-sum"),
    pool("pool3"),
    ...convolution("conv7", 72),
  ]);

/** The most accurate of those under 400,000 parameters: a residual block of two convolutions at two sizes. */
export const mini = (classes = 8): Network =>
  faceNetwork("mini", classes, 0.2, [
    ...convolution("conv1", 16),
    pool("pool1"),
    ...convolution("conv2", 32),
    pool("pool2"),
    ...convolution("conv3", 64),
    ...convolution("conv4", 64),
    ...residual("conv5", 64, "conv3-norm"),
    pool("pool3"),
    ...convolution("conv6", 112),
    ...convolution("conv7", 112),
    ...residual("conv8", 112, "conv6-norm"),
  ]);
