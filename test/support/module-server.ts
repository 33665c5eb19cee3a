import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".html": "text/html" };

/**
 * Serves the built modules as they are, under an empty page, whose `importModule` lets a browser test import one of them: the
 * test runner rewrites an `import` of the test's own.
 */
export type ModuleServer = { readonly url: string; close(): Promise<void> };

export async function startModuleServer(): Promise<ModuleServer> {
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const headers = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
    if (path === "/") {
      response.writeHead(200, { ...headers, "content-type": "text/html" });
      response.end(
        "<!doctype html><title>Modules</title><script>window.importModule = (path) => import(path)</script>",
      );
      return;
    }
    readFile(new URL(`.${path}`, `file://${DIST}`)).then(
      (body) => {
        response.writeHead(200, { ...headers, "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
        response.end(body);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
