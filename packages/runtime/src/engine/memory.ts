import { fuseMultiplyAdds, hasRelaxedSimd } from "./relaxed-simd.js";

/** Thrown when a network is too large for the memory of a WebAssembly module. */
export class EngineError extends Error {
  override name = "EngineError";
}

/** Hands out addresses of one WebAssembly memory; everything is laid out before the memory is made. */
export class Arena {
  // The first bytes stay free so that no array has the address 0, which stands for "none".
  #end = 1024;
  #scratchBytes = 0;
  #scratch = 0;

  /** Address of `bytes` bytes, aligned to a cache line. */
  allocate(bytes: number): number {
    const address = this.#end;
    this.#end = Math.ceil((address + bytes) / 64) * 64;
    return address;
  }

  floats(count: number): number {
    return this.allocate(count * 4);
  }

  /** Asks for scratch memory, which all operations share, one at a time. */
  requireScratch(bytes: number): void {
    this.#scratchBytes = Math.max(this.#scratchBytes, bytes);
  }

  /** Address of the scratch memory, known once `finish` was called. */
  get scratch(): number {
    return this.#scratch;
  }

  /** Ends the layout; returns the memory's size in bytes. */
  finish(): number {
    this.#scratch = this.allocate(this.#scratchBytes);
    // Vector loads may read one register tile past the last array.
    return this.#end + 256;
  }
}

export interface KernelInstance<Exports> {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Exports;
  floats(address: number, count: number): Float32Array;
  bytes(address: number, count: number): Uint8Array;
}

/** Makes an instance of a compiled module with a memory of `bytes` bytes, all zero. */
export function instantiate<Exports>(module: WebAssembly.Module, bytes: number): KernelInstance<Exports> {
  const pages = Math.ceil(bytes / 65536);
  let memory: WebAssembly.Memory;
  try {
    if (pages > 65536) throw new RangeError();
    memory = new WebAssembly.Memory({ initial: pages });
  } catch {
    throw new EngineError(
      `The network needs ${Math.round(bytes / 2 ** 20)} MiB of memory for this batch, more than is to be had.`,
    );
  }
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return {
    memory,
    kernels: instance.exports as Exports,
    floats: (address, count) => new Float32Array(memory.buffer, address, count),
    bytes: (address, count) => new Uint8Array(memory.buffer, address, count),
  };
}

/** A module as `scripts/build-kernels.mjs` writes it into a file. */
export interface EmbeddedModule {
  readonly base64: string;
  /** Gaps in bytes from one instruction of a multiply-add to the next. */
  readonly multiplyAdds: readonly number[];
}

/**
 * Gives the module compiled, once in each form: with fused multiply-adds (by default where the machine has them) and
 * without. It throws an EngineError where WebAssembly with SIMD is missing or a content security policy forbids it.
 */
export function compiledOnce(embedded: EmbeddedModule): (relaxed?: boolean) => WebAssembly.Module {
  const compiled = new Map<boolean, WebAssembly.Module>();
  return (relaxed = hasRelaxedSimd()) => {
    const module = compiled.get(relaxed) ?? compileModule(embedded, relaxed);
    compiled.set(relaxed, module);
    return module;
  };
}

function compileModule({ base64, multiplyAdds }: EmbeddedModule, relaxed: boolean): WebAssembly.Module {
  try {
    const bytes = decodeBase64(base64);
    if (relaxed) fuseMultiplyAdds(bytes, multiplyAdds);
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw new EngineError(
      "WebAssembly with SIMD cannot be compiled here; under a content security policy it needs 'wasm-unsafe-eval'.",
      { cause },
    );
  }
}

/** Bytes of a base64 text, with what both browsers and Node have. */
function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
