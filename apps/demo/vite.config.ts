import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

/** Writes the service worker with the list of the built files, so that the page works offline after one visit. */
function offline(): Plugin {
  return {
    name: "offline",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      // The largest models are rarely asked for; they are kept once they were.
      const isKept = (name: string) => name !== "index.html" && !/\b(teacher|mini)-/.test(name);
      const files = ["./", ...Object.keys(bundle).filter(isKept), "icon.svg"];
      const hash = createHash("sha256");
      for (const item of Object.values(bundle)) hash.update(item.type === "chunk" ? item.code : item.source);
      const script = readFileSync(new URL("./service-worker.js", import.meta.url), "utf8");
      const list = `const version = "${hash.digest("hex").slice(0, 12)}";\nconst files = ${JSON.stringify(files)};\n`;
      this.emitFile({ type: "asset", fileName: "service-worker.js", source: list + script });
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [offline()],
  // The models and the detector stay files of their own: the policy forbids fetching data: addresses.
  build: { assetsInlineLimit: 0, target: "es2022" },
  worker: { format: "es" },
});
