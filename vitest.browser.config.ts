import { defineConfig } from "vitest/config";

/** Tests that open a browser; they need Debian's chromium and the packages built. */
export default defineConfig({
  // The figures to compare with come from the sources; what runs in the browser is built from dist.
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
  test: {
    include: ["{packages,apps}/*/browser-tests/**/*.browser.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 600_000,
    pool: "forks",
    maxWorkers: 1,
  },
});
