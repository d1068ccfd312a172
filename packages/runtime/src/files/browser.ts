/** Fetches a URL, absolute or relative to the page or to the worker's script. */
export async function readSource(source: string | URL): Promise<Uint8Array> {
  const response = await fetch(source);
  if (!response.ok) throw new Error(`${source} answered with status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
