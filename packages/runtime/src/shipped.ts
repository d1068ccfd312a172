/** Models that come with the package; loading one by name reads its file beside the library. */
export const shippedModels: Readonly<Record<string, URL>> = {
  "microexpnet-2019": new URL("../models/microexpnet-2019.safetensors", import.meta.url),
};
