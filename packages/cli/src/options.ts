import { type Command, InvalidArgumentError } from "commander";

/** What every verb takes. */
export interface CommonOptions {
  /** Print one JSON document instead of text. */
  json?: boolean;
  seed: number;
}

/** Adds --json and --seed to a verb. */
export function addCommonOptions(command: Command): Command {
  return command
    .option("--json", "print one JSON document on standard output")
    .option("--seed <number>", "seed of everything random", parseInteger(0, 2 ** 32 - 1), 1);
}

/** A parser of an option's whole number from `low` to `high`, both included. */
export function parseInteger(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
  };
}

/** A parser of an option's number from `low` to `high`, both included. */
export function parseNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const isDecimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
    const value = isDecimal ? Number(text) : Number.NaN;
    if (value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It must be a number from ${low} to ${high}.`);
  };
}
