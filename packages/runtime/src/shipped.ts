/** The model that is used where none is named. */
export const defaultModel = "micro";

/** Models that come with the package; loading one by name reads its file beside the library. */
export const shippedModels: Readonly<Record<string, URL>> = {
  nano: new URL("../models/nano.safetensors", import.meta.url),
  micro: new URL("../models/micro.safetensors", import.meta.url),
  mini: new URL("../models/mini.safetensors", import.meta.url),
  "microexpnet-2019": new URL("../models/microexpnet-2019.safetensors", import.meta.url),
};
