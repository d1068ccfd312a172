import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Reads a path, or a file: URL; other URLs are fetched. */
export async function readSource(source: string | URL): Promise<Uint8Array> {
  const text = String(source);
  if (/^(https?|data|blob):/.test(text)) return fetchSource(text);
  return readFile(text.startsWith("file:") ? fileURLToPath(text) : text);
}

async function fetchSource(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered with status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
