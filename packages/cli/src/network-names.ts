import { networkNames } from "microexpnet/internal";
import { UsageError } from "./console.js";

/** @throws UsageError that lists the names where this one is unknown */
export function requireNetwork(name: string): void {
  if (!networkNames.includes(name)) {
    throw new UsageError(`There is no network "${name}"; there are ${networkNames.join(", ")}.`);
  }
}
