import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import type { Lifetime } from "./lifetime.ts";
import { listenLocally } from "./local-server.ts";
import { monotonicMs } from "./monotonic.ts";

const PAGE = new URL("../../page/", import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
/** The old path's own limit: two pictures wait, further ones are left out. */
const MAX_WAITING_PICTURES = 2;
const PICTURE_MS = 1000 / 30;

/**
 * Serves the studio's built pages, one scene, and the old path: whole pictures as R G B A over a WebSocket, thirty a second,
 * each with the time it was sent in its first eight bytes.
 */
export async function serveStudio(lifetime: Lifetime, scene: () => unknown): Promise<{ port: number }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const headers = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
    if (path.startsWith("/api/studio/scenes/") && !path.endsWith("/events")) {
      response
        .writeHead(200, { ...headers, "content-type": "application/json" })
        .end(JSON.stringify({ scene: scene() }));
      return;
    }
    if (path === "/old") {
      response.writeHead(200, { ...headers, "content-type": "text/html" }).end("<!doctype html><canvas></canvas>");
      return;
    }
    const name = path.startsWith("/studio/output/") ? "studio/output.html" : path.slice(1);
    readFile(fileURLToPath(new URL(name, PAGE))).then(
      (body) => {
        const type = TYPES[extname(name)] ?? "application/octet-stream";
        response.writeHead(200, { ...headers, "content-type": type }).end(body);
      },
      () => response.writeHead(404, headers).end(),
    );
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket, request) => {
    const [width = 0, height = 0] = (new URL(request.url ?? "/", "http://localhost").searchParams.get("size") ?? "")
      .split("x")
      .map(Number);
    const picture = Buffer.alloc(width * height * 4, 200);
    const timer = setInterval(() => {
      if (socket.bufferedAmount >= picture.byteLength * MAX_WAITING_PICTURES) return;
      const copy = Buffer.from(picture);
      copy.writeDoubleLE(monotonicMs(), 0);
      socket.send(copy);
    }, PICTURE_MS);
    socket.on("close", () => clearInterval(timer));
    socket.on("error", () => socket.terminate());
  });
  lifetime.defer(() => sockets.close());
  return { port: await listenLocally(lifetime, server) };
}
