import { analyze, type Network, type NetworkAnalysis, NetworkError, type ParameterSpec } from "./network.js";
import {
  ModelFileError,
  type NamedTensor,
  readSafetensors,
  type StoredTensor,
  tensorValues,
  writeSafetensors,
} from "./safetensors.js";
import { canonicalJson, isRecord, parseUntrustedJson, quoted } from "./untrusted-json.js";

export { ModelFileError } from "./safetensors.js";

/** How a face becomes the network's input; the same for training, the command line and the browser. */
export interface CropGeometry {
  /** What training showed the network: whole images scaled to the input, or squares placed by the eyes. */
  readonly source: "whole-image" | "eyes";
  /**
   * Where a face found in a picture is to have the eye seen on the left: [x, y] of its centre as fractions of the
   * crop's side. With whole images it is the mean over the training images, as the detector sees them; where
   * neither eye is stated, faces are placed as in FER+ (`ferPlusCrop`).
   */
  readonly leftEye?: readonly [number, number];
  /** The same for the eye seen on the right. */
  readonly rightEye?: readonly [number, number];
  /** The same for the mouth's centre; where it is stated, faces are placed by three points instead of the eyes alone. */
  readonly mouth?: readonly [number, number];
}

/** How the scores become probabilities that can be relied on. */
export interface Calibration {
  /** Probabilities are softmax(logits / temperature) (Guo et al. 2017); above 0. */
  readonly temperature: number;
  /** How often the model expects each class: its mean probability over the training images; all above 0, together 1. */
  readonly prior?: readonly number[];
  /**
   * What training images would be called without some of the classes: `runnersUp[i][k]` is the mean probability that
   * an image is of class i and, if i could not be answered, of class k; `prior[i]` together.
   */
  readonly runnersUp?: readonly (readonly number[])[];
  /** Answers at least this probable, 0..1, are right nine times in ten on the validation images. */
  readonly threshold?: number;
}

/** A network with its weights and all that is needed to use it. */
export interface Model {
  readonly network: Network;
  /** Class names in the order of the network's outputs. */
  readonly labels: readonly string[];
  /** Values by parameter name, in the shapes of `analyze(network).parameters`. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly crop: CropGeometry;
  readonly calibration: Calibration;
  /** Where the model came from: data, commands, seeds; any JSON. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

const format = "microexpnet";
const version = "1";

/** Values in one feature map; far above any network here, and what a small machine can still hold. */
const largestMap = 2 ** 26;

/** Analyses a network from a file; every fault becomes one short sentence. */
export function analyzeNetwork(network: unknown): NetworkAnalysis {
  if (!isRecord(network)) throw new ModelFileError("The model's network is not a JSON object.");
  if (typeof network["name"] !== "string" || network["name"] === "") {
    throw new ModelFileError("The model's network has no name.");
  }
  let analysis: NetworkAnalysis;
  try {
    analysis = analyze(network as unknown as Network);
  } catch (error) {
    // Anything but a NetworkError comes from a member of a type no network has.
    const reason = error instanceof NetworkError ? error.message.slice(0, 300) : "A layer is malformed.";
    throw new ModelFileError(`The model's network is not valid: ${reason}`, { cause: error });
  }
  for (const { layer, inputShape, outputShape } of analysis.layers) {
    const largest = Math.max(...[inputShape, outputShape].map((shape) => shape.reduce((a, b) => a * b, 1)));
    if (largest > largestMap) {
      throw new ModelFileError(
        `The model's layer ${quoted(layer.name)} has a feature map of ${largest} values, more than the ${largestMap} allowed.`,
      );
    }
  }
  return analysis;
}

function checkLabels(labels: unknown, analysis: NetworkAnalysis): readonly string[] {
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string" && label !== "")) {
    throw new ModelFileError("The model's labels are not a list of names.");
  }
  const classes = analysis.outputShape.reduce((a, b) => a * b, 1);
  if (labels.length !== classes) {
    throw new ModelFileError(
      `The model has ${labels.length} labels, but its network has ${classes} outputs.`,
    );
  }
  const seen = new Set<string>();
  for (const label of labels) {
    if (seen.has(label)) throw new ModelFileError(`The model has the label ${quoted(label)} twice.`);
    seen.add(label);
  }
  // Probabilities are handed out in objects by label, where this name cannot stand.
  if (labels.includes("__proto__")) throw new ModelFileError('The model has the reserved label "__proto__".');
  return labels;
}

function checkCrop(crop: unknown): CropGeometry {
  if (!isRecord(crop) || (crop["source"] !== "whole-image" && crop["source"] !== "eyes")) {
    throw new ModelFileError('The model\'s crop has a source that is neither "whole-image" nor "eyes".');
  }
  const pointOf = (name: string) => {
    const point = crop[name];
    if (point === undefined) return undefined;
    const isFraction = (value: unknown) => typeof value === "number" && value >= 0 && value <= 1;
    if (!Array.isArray(point) || point.length !== 2 || !point.every(isFraction)) {
      throw new ModelFileError(`The model's crop has a ${name} that is not two fractions from 0 to 1.`);
    }
    return [point[0], point[1]] as const;
  };
  const leftEye = pointOf("leftEye");
  const rightEye = pointOf("rightEye");
  const mouth = pointOf("mouth");
  if (leftEye && rightEye && leftEye[0] === rightEye[0] && leftEye[1] === rightEye[1]) {
    throw new ModelFileError("The model's crop has both eyes in one place.");
  }
  return {
    source: crop["source"],
    ...(leftEye && { leftEye }),
    ...(rightEye && { rightEye }),
    ...(mouth && { mouth }),
  };
}

function checkCalibration(calibration: unknown, classes: number): Calibration {
  const { temperature, prior, runnersUp, threshold } = isRecord(calibration) ? calibration : {};
  if (typeof temperature !== "number" || !(temperature > 0) || !Number.isFinite(temperature)) {
    throw new ModelFileError(
      `The model's calibration temperature must be a positive number, not ${quoted(temperature)}.`,
    );
  }
  const isShare = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= 1;
  if (threshold !== undefined && !isShare(threshold)) {
    throw new ModelFileError("The model's calibration threshold is not a probability.");
  }
  const isShares = (values: unknown): values is number[] =>
    Array.isArray(values) && values.length === classes && values.every(isShare);
  if (
    prior !== undefined &&
    !(isShares(prior) && !prior.includes(0) && Math.abs(prior.reduce((sum, share) => sum + share) - 1) < 1e-3)
  ) {
    throw new ModelFileError(
      "The model's calibration prior is not one share above 0 for each label, together 1.",
    );
  }
  if (
    runnersUp !== undefined &&
    !(Array.isArray(runnersUp) && runnersUp.length === classes && runnersUp.every(isShares))
  ) {
    throw new ModelFileError("The model's calibration runnersUp is not one share for each pair of labels.");
  }
  return {
    temperature,
    ...(prior !== undefined && { prior }),
    ...(runnersUp !== undefined && { runnersUp }),
    ...(threshold !== undefined && { threshold }),
  };
}

function checkProvenance(provenance: unknown): Record<string, unknown> {
  if (!isRecord(provenance)) throw new ModelFileError("The model's provenance is not a JSON object.");
  return provenance;
}

/** Text of a part of the model that a reader will accept. */
export function metadataText(part: string, value: unknown): string {
  try {
    const text = canonicalJson(value);
    parseUntrustedJson(text);
    return text;
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : "cannot be written as JSON";
    throw new ModelFileError(`The model's ${part} ${reason}.`, { cause: error });
  }
}

/** Every value finite, every variance at least 0. */
function checkValues(name: string, role: string, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new ModelFileError(
        `The model's tensor ${quoted(name)} has the value ${values[i]} at index ${i}.`,
      );
    }
    if (role === "variance" && values[i] < 0) {
      throw new ModelFileError(
        `The model's tensor ${quoted(name)} has the negative variance ${values[i]} at index ${i}.`,
      );
    }
  }
}

/** The network's parameters and the tensors at hand must name one another, all of them. */
function checkNames(analysis: NetworkAnalysis, names: Iterable<string>): void {
  const present = new Set(names);
  for (const { name } of analysis.parameters) {
    if (!present.delete(name)) throw new ModelFileError(`The model lacks the tensor ${quoted(name)}.`);
  }
  for (const name of present) {
    throw new ModelFileError(`The model has the tensor ${quoted(name)}, which its network does not use.`);
  }
}

/** Checks format and version; returns a reader of the other entries of the metadata. */
export function openMetadata(
  metadata: ReadonlyMap<string, string>,
  format: string,
  version: string,
): (key: string) => unknown {
  const entry = (key: string): string => {
    const text = metadata.get(key);
    if (text === undefined) throw new ModelFileError(`The model file's metadata lacks the entry "${key}".`);
    return text;
  };
  if (entry("format") !== format) {
    throw new ModelFileError(`The model file's format is ${quoted(entry("format"))}, not "${format}".`);
  }
  if (entry("version") !== version) {
    throw new ModelFileError(
      `The model file has the version ${quoted(entry("version"))}, but only version "${version}" can be read.`,
    );
  }
  return (key) => {
    const text = entry(key);
    try {
      return parseUntrustedJson(text);
    } catch (error) {
      throw new ModelFileError(`The model file's metadata entry "${key}" ${(error as Error).message}.`);
    }
  };
}

/** The tensor that holds, by filter, the real value of 1 of weights stored as whole numbers. */
const unitName = (weights: string): string => `${weights}.unit`;

/** The real value of 1, by filter, where the largest magnitude of each filter becomes 127. */
export function byteUnits(values: Float32Array, filters: number): Float32Array {
  const units = new Float32Array(filters);
  for (const [i, value] of values.entries()) {
    units[i % filters] = Math.max(units[i % filters], Math.abs(value) / 127);
  }
  return units;
}

/** Weights as whole numbers from -127 to 127 of their filter's unit. */
function toBytes(values: Float32Array, units: Float32Array): Float32Array {
  const filters = units.length;
  // A unit of 0, of weights that are all zero or nearly, would divide by zero.
  const integers = values.map((value, i) =>
    units[i % filters] > 0 ? Math.round(value / units[i % filters]) : 0,
  );
  return integers.map((value) => Math.max(-127, Math.min(127, value)));
}

/** The real values of a parameter's tensor, whose type may need a second tensor. */
function parameterValues(
  { name, shape, role }: ParameterSpec,
  tensors: ReadonlyMap<string, StoredTensor>,
): Float32Array {
  const tensor = tensors.get(name)!;
  const values = tensorValues(tensor);
  if (tensor.elementType !== "I8") return values;
  if (role !== "weight") {
    throw new ModelFileError(
      `The model's tensor ${quoted(name)} is of the type I8, which only weights can be.`,
    );
  }
  const filters = shape[shape.length - 1];
  const unit = tensors.get(unitName(name));
  if (unit?.elementType !== "F32" || unit.shape.join("x") !== String(filters)) {
    throw new ModelFileError(
      `The model's tensor ${quoted(name)} is of the type I8, but no tensor ${quoted(unitName(name))} has its ${filters} units.`,
    );
  }
  const units = tensorValues(unit);
  return values.map((value, i) => value * units[i % filters]);
}

/** The values of all of a network's parameters, checked. */
export function readWeights(
  analysis: NetworkAnalysis,
  tensors: ReadonlyMap<string, StoredTensor>,
): Map<string, Float32Array> {
  const unitNames = new Set(
    analysis.parameters
      .filter(({ name }) => tensors.get(name)?.elementType === "I8")
      .map(({ name }) => unitName(name)),
  );
  checkNames(
    analysis,
    [...tensors.keys()].filter((name) => !unitNames.has(name)),
  );
  const weights = new Map<string, Float32Array>();
  for (const parameter of analysis.parameters) {
    const { name, shape, role } = parameter;
    const tensor = tensors.get(name)!;
    if (tensor.shape.join("x") !== shape.join("x")) {
      throw new ModelFileError(
        `The model's tensor ${quoted(name)} has the shape ${tensor.shape.join("x") || "of one number"}, but its network needs ${shape.join("x")}.`,
      );
    }
    const values = parameterValues(parameter, tensors);
    checkValues(name, role, values);
    weights.set(name, values);
  }
  return weights;
}

/** A network's parameters as tensors of a file, checked. */
export function storedWeights(
  analysis: NetworkAnalysis,
  weights: ReadonlyMap<string, Float32Array>,
  precision: "float32" | "float16" | "int8" = "float32",
  givenUnits?: ReadonlyMap<string, Float32Array>,
): NamedTensor[] {
  const elementType = precision === "float16" ? "F16" : "F32";
  checkNames(analysis, weights.keys());
  const tensors = analysis.parameters.flatMap(({ name, shape, length, role }): NamedTensor[] => {
    const values = weights.get(name)!;
    if (values.length !== length) {
      throw new ModelFileError(
        `The model's tensor ${quoted(name)} has ${values.length} values, but its network needs ${length}.`,
      );
    }
    checkValues(name, role, values);
    if (elementType === "F16" && values.some((value) => Math.abs(value) >= 65520)) {
      throw new ModelFileError(`The model's tensor ${quoted(name)} has values too large for float16.`);
    }
    if (precision !== "int8" || role !== "weight") return [{ name, shape, values, elementType }];
    const filters = shape[shape.length - 1];
    const units = givenUnits?.get(name) ?? byteUnits(values, filters);
    return [
      { name: unitName(name), shape: [filters], values: units, elementType },
      { name, shape, values: toBytes(values, units), elementType: "I8" },
    ];
  });
  // The single bytes last, so that everything before them begins at a multiple of its size.
  const isLast = ({ elementType }: NamedTensor) => Number(elementType === "I8");
  return tensors.sort((a, b) => isLast(a) - isLast(b));
}

/**
 * Reads a model from the bytes of a safetensors file. Weights stored as float16 or as 8-bit integers with a
 * unit per filter are widened to float32.
 *
 * @throws ModelFileError with one sentence, whatever the bytes are.
 */
export function readModelFile(bytes: Uint8Array): Model {
  const { metadata, tensors } = readSafetensors(bytes);
  const json = openMetadata(metadata, format, version);
  const analysis = analyzeNetwork(json("network"));
  const labels = checkLabels(json("labels"), analysis);
  const crop = checkCrop(json("crop"));
  const calibration = checkCalibration(json("calibration"), labels.length);
  const provenance = checkProvenance(json("provenance"));
  const weights = readWeights(analysis, tensors);
  return { network: analysis.network, labels, weights, crop, calibration, provenance };
}

/**
 * Writes a model as a safetensors file. Equal models give equal bytes: metadata with sorted keys, tensors in
 * the network's order.
 *
 * @param options.precision type of the stored weights, "float32" by default; "float16" rounds to the nearest
 * half and halves the file; "int8" stores weights as whole numbers with a unit per filter in a quarter of it.
 * @param options.units with "int8": the units of parameters by name, one a filter, for weights that are multiples of them
 * from -127 to 127 already; by default a filter's largest magnitude is 127 units.
 * @throws ModelFileError when the model could not be read back, with one sentence.
 */
export function writeModelFile(
  model: Model,
  options: {
    readonly precision?: "float32" | "float16" | "int8";
    readonly units?: ReadonlyMap<string, Float32Array>;
  } = {},
): Uint8Array<ArrayBuffer> {
  const analysis = analyzeNetwork(model.network);
  const tensors = storedWeights(analysis, model.weights, options.precision, options.units);
  const metadata = new Map([
    ["calibration", metadataText("calibration", checkCalibration(model.calibration, model.labels.length))],
    ["crop", metadataText("crop", checkCrop(model.crop))],
    ["format", format],
    ["labels", metadataText("labels", checkLabels(model.labels, analysis))],
    ["network", metadataText("network", model.network)],
    ["provenance", metadataText("provenance", checkProvenance(model.provenance))],
    ["version", version],
  ]);
  return writeSafetensors(metadata, tensors);
}
