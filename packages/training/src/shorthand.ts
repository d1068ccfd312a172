import { analyze, type Layer, type Network, NetworkError } from "microexpnet/internal";

/** filters, then s, d, r, p and e in this order, each at most once. */
const blockForm = /^(\d{1,4})(s?)(d?)(r?)(p?)(e?)$/;

/**
 * A network for a search over many, in one word: the side of its grey input, a colon, and its blocks from the
 * first to the last, separated by hyphens, for example "48:16p-32p-48p-64-64r". A block is its number of filters:
 * a 3x3 convolution with batch normalisation and ReLU; then letters, each where it is wanted and in this order:
 * `s` strides by 2, `d` replaces it by a depthwise 3x3 and a 1x1 convolution, `r` adds the block's input to its
 * output, `p` pools 2x2 by the maximum, `e` gates the channels of the result (squeeze-and-excitation, Hu et al. 2018,
 * with a quarter as many units between, at least 4). Global average pooling, dropout and the class scores end the network.
 *
 * @throws NetworkError, one sentence, where the shorthand is malformed or its layers do not fit
 */
export function parseShorthand(text: string, classes = 8): Network {
  const [side, blocks, ...more] = text.split(":");
  if (!/^\d{1,4}$/.test(side) || !blocks || more.length > 0) {
    throw new NetworkError(
      `"${text.slice(0, 80)}" is no network in shorthand, such as 48:16p-32p-64: a side, a colon, blocks.`,
    );
  }
  const layers: Layer[] = [];
  let input = "input";
  for (const [index, block] of blocks.split("-").entries()) {
    input = addBlock(layers, block, index, input);
  }
  const network: Network = {
    name: text,
    input: { height: Number(side), width: Number(side), channels: 1, scale: 1 / 64, offset: -2 },
    layers: [
      ...layers,
      { kind: "globalAveragePool", name: "average" },
      { kind: "dropout", name: "dropout", rate: 0.1 },
      { kind: "dense", name: "scores", units: classes },
    ],
  };
  analyze(network);
  return network;
}

/** Appends a block's layers; returns the name of the layer that holds its result. */
function addBlock(layers: Layer[], block: string, index: number, input: string): string {
  const form = blockForm.exec(block);
  if (!form) {
    throw new NetworkError(
      `The block "${block.slice(0, 40)}" is not a number of filters followed by letters of s, d, r, p and e in this order.`,
    );
  }
  const [, number, strides, depthwise, residual, pools, gated] = form;
  const filters = Number(number);
  const name = `block${index + 1}`;
  const stride = strides ? 2 : 1;
  const last = residual ? "none" : "relu";
  const normalized = (
    part: string,
    layer: Omit<Layer & { kind: "convolution" }, "name" | "kind">,
  ): Layer[] => [
    { kind: "convolution", name: part, bias: false, ...layer },
    { kind: "batchNormalization", name: `${part}-norm`, activation: part.endsWith("depth") ? "relu" : last },
  ];
  if (depthwise) {
    const channels = channelsOf(layers);
    layers.push(
      ...normalized(`${name}-depth`, { filters: channels, kernel: 3, stride, groups: channels }),
      ...normalized(name, { filters, kernel: 1 }),
    );
  } else layers.push(...normalized(name, { filters, kernel: 3, stride }));
  let result = `${name}-norm`;
  if (residual) {
    result = `${name}-sum`;
    layers.push({ kind: "add", name: result, other: input, activation: "relu" });
  }
  if (pools) {
    result = `${name}-pool`;
    layers.push({ kind: "maxPool", name: result, size: 2 });
  }
  if (gated) {
    const [gate, map] = [`${name}-gate`, result];
    result = `${name}-gated`;
    layers.push(
      { kind: "globalAveragePool", name: `${name}-squeeze` },
      {
        kind: "dense",
        name: `${name}-units`,
        units: Math.max(4, Math.round(filters / 4)),
        activation: "relu",
      },
      { kind: "dense", name: gate, units: filters },
      { kind: "gate", name: result, other: map },
    );
  }
  return result;
}

/** Channels of what the last block made; 1, the grey picture's, before the first. */
function channelsOf(layers: readonly Layer[]): number {
  const convolutions = layers.filter((layer) => layer.kind === "convolution");
  return convolutions.at(-1)?.filters ?? 1;
}
