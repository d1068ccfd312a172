import { type Network, NetworkError } from "../network.js";
import { microExpNet, type PoolingVariant, type SizeVariant } from "./microexpnet.js";
import { micro, mini, nano } from "./students.js";
import { teacher } from "./teacher.js";

const pooling: readonly PoolingVariant[] = ["v", "p1", "p2", "p12"];
const sizes: readonly SizeVariant[] = ["M", "S", "XS", "XXS"];

/** The paper's 16 candidates by name, "v-M" to "p12-XXS". */
export const candidateNames: readonly string[] = pooling.flatMap((p) => sizes.map((size) => `${p}-${size}`));

const makers: ReadonlyMap<string, (classes: number) => Network> = new Map([
  ["microexpnet-2019", (classes: number) => microExpNet("p12", "XXS", classes, "microexpnet-2019")],
  ["microexpnet-2017", (classes: number) => microExpNet("v", "XXS", classes, "microexpnet-2017")],
  ...pooling.flatMap((p) =>
    sizes.map((size) => [`${p}-${size}`, (classes: number) => microExpNet(p, size, classes)] as const),
  ),
  ["nano", nano],
  ["micro", micro],
  ["mini", mini],
  ["teacher-small", (classes: number) => teacher("small", classes)],
  ["teacher", (classes: number) => teacher("medium", classes)],
  ["teacher-large", (classes: number) => teacher("large", classes)],
]);

/** Names that `createNetwork` knows. */
export const networkNames: readonly string[] = [...makers.keys()];

/**
 * A network by name, for a number of classes.
 *
 * @throws NetworkError that lists the names where this one is unknown
 */
export function createNetwork(name: string, classes = 8): Network {
  const make = makers.get(name);
  if (!make) throw new NetworkError(`There is no network "${name}"; there are ${networkNames.join(", ")}.`);
  return make(classes);
}
