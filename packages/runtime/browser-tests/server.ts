import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";

const mediaTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

export interface Server {
  /** For example "http://127.0.0.1:40123". */
  readonly origin: string;
  /** What the policy kept the page and its worker from, as the browser reported it: an address or a kind. */
  readonly refused: readonly string[];
  close(): void;
}

const reportPath = "/policy-report";

/** Serves a folder's files on this machine alone, each with a Content-Security-Policy. */
export async function serve(folder: string, policy: string): Promise<Server> {
  const refused: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const path = pathname === "/" ? "/index.html" : pathname;
    response.setHeader("Content-Security-Policy", `${policy}; report-uri ${reportPath}`);
    if (path === reportPath) {
      refused.push(JSON.parse(await text(request))["csp-report"]["blocked-uri"]);
      return response.writeHead(204).end();
    }
    // Browsers ask for an icon of their own accord.
    if (path === "/favicon.ico") return response.writeHead(204).end();
    try {
      const bytes = await readFile(join(folder, path));
      const type = mediaTypes[extname(path)] ?? "application/octet-stream";
      response.writeHead(200, { "Content-Type": type }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    refused,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
