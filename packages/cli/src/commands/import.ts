import { basename } from "node:path";
import { CheckpointError, importAuthorsNetwork, readCheckpoint } from "@microexpnet/training";
import { type Command, Option } from "commander";
import { analyze, candidateNames, createNetwork, type Network, writeModelFile } from "microexpnet/internal";
import { openCheckpoint } from "../checkpoint-files.js";
import {
  addCommonOptions,
  CommandError,
  type CommonOptions,
  message,
  printResult,
  runAction,
} from "../console.js";
import { writeFileAtomically } from "../models.js";

interface ImportOptions extends CommonOptions {
  network?: string;
  out: string;
}

const authorsNetworks = ["microexpnet-2017", "microexpnet-2019", ...candidateNames];

export function registerImport(program: Command): void {
  const command = program
    .command("import")
    .description("make a model file of a TensorFlow checkpoint of the paper's authors")
    .argument("<checkpoint>", "its path without .index, one of its files, or its folder")
    .addOption(
      new Option("--network <name>", "the network; by default its shapes tell").choices(authorsNetworks),
    )
    .requiredOption("--out <file>", "the model file to write");
  addCommonOptions(command).action((checkpoint: string, options: ImportOptions) =>
    runAction(options, () => importCheckpoint(checkpoint, options)),
  );
}

async function importCheckpoint(path: string, options: ImportOptions): Promise<void> {
  const { prefix, index, shard } = await openCheckpoint(path);
  const model = naming(prefix, () => importAuthorsNetwork(readCheckpoint(index, shard), options.network));
  const bytes = writeModelFile(model);
  await writeFileAtomically(options.out, bytes);
  const { network } = model;
  const twins = options.network === undefined ? networksOfEqualShapes(network) : [];
  if (twins.length > 0) {
    message(
      `The checkpoint's shapes fit ${twins.join(", ")} as well as ${network.name}; --network tells them apart.`,
    );
  }
  const { parameterCount } = analyze(network);
  const result = {
    network: network.name,
    parameters: parameterCount,
    bytes: bytes.length,
    labels: model.labels,
    checksums: "verified",
    out: options.out,
  };
  printResult(options, result, () =>
    [
      `Network     ${network.name}`,
      `Parameters  ${parameterCount.toLocaleString("en-US")}`,
      `Size        ${(bytes.length / 1000).toFixed(1)} KB`,
      `Classes     ${model.labels.join(", ")}`,
      "Checksums   verified",
      `Written to  ${options.out}`,
    ].join("\n"),
  );
}

/** Says which checkpoint an error is about. */
function naming<T>(prefix: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new CommandError(`${basename(prefix)}: ${error.message}`, { cause: error });
  }
}

/** The paper's networks that a checkpoint of this one could be of, too, but which compute something else. */
function networksOfEqualShapes(network: Network): string[] {
  const shapes = (other: Network) =>
    analyze(other)
      .parameters.map(({ shape }) => shape.join("x"))
      .join();
  const layers = (other: Network) => JSON.stringify(other.layers);
  return candidateNames.filter((name) => {
    const other = createNetwork(name);
    return shapes(other) === shapes(network) && layers(other) !== layers(network);
  });
}
