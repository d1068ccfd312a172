import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, createLogger } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
const runtime = join(here, "..");

/** Files by their path in a folder. */
export type Files = Readonly<Record<string, Uint8Array>>;

async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
}

/**
 * Builds the fixture with Vite in a temporary folder as a user's project, in which the package is installed
 * with what it publishes: the compiled files, not the sources.
 *
 * @param inPackage files put into the installed package, its shipped models
 * @param served files that are served beside the page
 * @returns the project's folder, for the caller to remove, the built site in it, and what Vite warned of
 */
export async function buildProject(
  inPackage: Files,
  served: Files,
): Promise<{ folder: string; site: string; warnings: readonly string[] }> {
  if (!existsSync(join(runtime, "dist"))) throw new Error("The package is not built: run `npm run build`.");
  const folder = await mkdtemp(join(tmpdir(), "microexpnet-browser-"));
  const installed = join(folder, "node_modules/microexpnet");
  await cp(join(here, "fixture"), folder, { recursive: true });
  await cp(join(runtime, "dist"), join(installed, "dist"), { recursive: true });
  await writeFiles(installed, {
    "package.json": await readFile(join(runtime, "package.json")),
    ...inPackage,
  });
  await writeFiles(join(folder, "public"), served);

  const warnings: string[] = [];
  const customLogger = createLogger("warn");
  customLogger.warn = (message) => warnings.push(message);
  customLogger.warnOnce = customLogger.warn;
  // A busy machine makes the bundler warn that it was slow.
  const rolldownOptions = { checks: { bundlerTimings: false } };
  await build({
    root: folder,
    configFile: false,
    customLogger,
    build: { rolldownOptions },
    worker: { format: "es", rolldownOptions },
  });
  return { folder, site: join(folder, "dist"), warnings };
}
