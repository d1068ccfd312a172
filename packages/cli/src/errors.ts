import { CommanderError } from "commander";

/** The command was called wrongly; exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The work could not be done, or only in part; exit code 1. */
export class CommandError extends Error {
  override name = "CommandError";
}

/** The user asked the command to stop; exit code 130. */
export class InterruptedError extends Error {
  override name = "InterruptedError";
}

/** The exit code that tells an error's kind: 2 wrong usage, 130 stopped by the user, 1 anything else. */
export function exitCodeOf(error: unknown): number {
  // Commander ends --help and --version by an error of exit code 0, too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) return 2;
  return error instanceof InterruptedError ? 130 : 1;
}

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  EACCES: "there is no permission",
  EPERM: "there is no permission",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is not a folder",
  EEXIST: "it exists already",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its links lead in a circle",
};

/** Why a file operation failed, such as "the disk is full"; undefined where the error is no such failure. */
export function fileProblem(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (typeof code !== "string") return undefined;
  if (Object.hasOwn(fileProblems, code)) return fileProblems[code];
  return (error as NodeJS.ErrnoException).syscall === undefined ? undefined : code;
}

/** An error as one sentence on one line, whatever it is. */
export function sentenceOf(error: unknown): string {
  if (error instanceof CommanderError) return usageSentence(error.message);
  const message = oneLine(error instanceof Error ? error.message : String(error));
  const problem = fileProblem(error);
  const { path, syscall } = error as NodeJS.ErrnoException;
  if (problem && syscall) return `${path ?? "A file"} cannot be used, because ${problem}.`;
  // Errors of this project are whole sentences; all others come from beneath and need one around them.
  if (/[.!?]$/.test(message)) return message;
  return `The command failed unexpectedly (${message || (error as Error)?.name || "no reason given"}); set MICROEXPNET_DEBUG=1 to see where.`;
}

const oneLine = (text: string): string =>
  text
    .replace(/\s*\n\s*/g, " ")
    .replace(/\p{Cc}+/gu, " ")
    .trim();

/** Puts commander's messages into the form of ours. */
function usageSentence(message: string): string {
  const text = oneLine(message.replace(/^error: /, ""));
  for (const [pattern, sentence] of usageSentences) {
    if (pattern.test(text)) return text.replace(pattern, sentence);
  }
  const [what, suggestion] = text.split(/ \(Did you mean (?:one of )?(.*?)\?\)$/);
  const clause = what
    .replace(/\.$/, "")
    .replaceAll("'", '"')
    .replace(/\. (.)/g, (_, first: string) => `: ${first.toLowerCase()}`);
  return `${clause[0].toUpperCase()}${clause.slice(1)}${suggestion ? `; did you mean ${suggestion}?` : "."}`;
}

type Sentence = (found: string, ...parts: string[]) => string;

const usageSentences: readonly (readonly [RegExp, Sentence])[] = [
  [
    /^option '(.+?)[ ,<[].*?' argument '(.*)' is invalid\. (.*?)\.?$/,
    (_, option, value, why) => `The option ${option} cannot be "${value}": ${lowerFirst(why)}.`,
  ],
  [
    /^command-argument value '(.*)' is invalid for argument '(.*)'\. (.*?)\.?$/,
    (_, value, argument, why) => `The argument "${argument}" cannot be "${value}": ${lowerFirst(why)}.`,
  ],
  [/^option '(.*)' argument missing$/, (_, option) => `The option ${option} lacks its value.`],
  [/^required option '(.*)' not specified$/, (_, option) => `The option ${option} is missing.`],
  [/^missing required argument '(.*)'$/, (_, argument) => `The argument "${argument}" is missing.`],
];

const lowerFirst = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1);
