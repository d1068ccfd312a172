import { analyzeNetwork, metadataText, openMetadata, readWeights, storedWeights } from "./model-file.js";
import type { Network } from "./network.js";
import { readSafetensors, writeSafetensors } from "./safetensors.js";

/** A network with its weights that is no classifier, such as a face detector. */
export interface StoredNetwork {
  readonly network: Network;
  /** Values by parameter name, in the shapes of `analyze(network).parameters`. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Where it came from; any JSON. */
  readonly provenance: unknown;
}

const format = "microexpnet-network";
const version = "1";

/**
 * Reads a network from the bytes of a safetensors file.
 *
 * @throws ModelFileError with one sentence, whatever the bytes are.
 */
export function readNetworkFile(bytes: Uint8Array): StoredNetwork {
  const { metadata, tensors } = readSafetensors(bytes);
  const json = openMetadata(metadata, format, version);
  const analysis = analyzeNetwork(json("network"));
  return {
    network: analysis.network,
    weights: readWeights(analysis, tensors),
    provenance: json("provenance"),
  };
}

/**
 * Writes a network as a safetensors file; equal networks give equal bytes.
 *
 * @param precision type of the stored weights; "float16" rounds to the nearest half and halves the file
 * @throws ModelFileError when the network could not be read back, with one sentence.
 */
export function writeNetworkFile(
  { network, weights, provenance }: StoredNetwork,
  precision: "float32" | "float16" = "float32",
): Uint8Array<ArrayBuffer> {
  const tensors = storedWeights(analyzeNetwork(network), weights, precision);
  const metadata = new Map([
    ["format", format],
    ["network", metadataText("network", network)],
    ["provenance", metadataText("provenance", provenance)],
    ["version", version],
  ]);
  return writeSafetensors(metadata, tensors);
}
