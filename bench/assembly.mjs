import asc from "../node_modules/assemblyscript/dist/asc.js";

/** Whether this machine runs relaxed SIMD, that is Node 22 and later. */
export { hasRelaxedSimd } from "../packages/runtime/dist/internal.js";

/**
 * Compiles AssemblyScript with the workspace's compiler.
 *
 * @param file the file, or a name for `source`
 * @returns the module's exports
 */
export async function compileAssembly(file, { source, relaxed = false } = {}) {
  let wasm;
  const features = relaxed ? ["--enable", "relaxed-simd"] : [];
  const { error, stderr } = await asc.main(
    [
      file,
      "--outFile",
      "out.wasm",
      "-O3",
      "--noAssert",
      "--runtime",
      "stub",
      "--enable",
      "simd",
      ...features,
    ],
    {
      ...(source ? { readFile: (path) => (path === file ? source : null) } : {}),
      writeFile: (path, contents) => {
        if (path === "out.wasm") wasm = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(stderr.toString());
  return (await WebAssembly.instantiate(wasm)).instance.exports;
}
