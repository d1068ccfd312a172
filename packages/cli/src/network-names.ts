import { parseShorthand } from "@microexpnet/training";
import { createNetwork, type Network, NetworkError, networkNames } from "microexpnet/internal";
import { UsageError } from "./console.js";

/**
 * A network by name or in shorthand, such as "48:16p-32p-48p-64", for a number of classes.
 *
 * @throws UsageError that lists the names where this one is unknown, or says what is wrong with the shorthand
 */
export function networkByName(name: string, classes?: number): Network {
  if (networkNames.includes(name)) return createNetwork(name, classes);
  if (!name.includes(":")) {
    throw new UsageError(
      `There is no network "${name}"; there are ${networkNames.join(", ")}, and shorthands such as 48:16p-32p-64.`,
    );
  }
  try {
    return parseShorthand(name, classes);
  } catch (error) {
    if (error instanceof NetworkError) throw new UsageError(error.message);
    throw error;
  }
}
