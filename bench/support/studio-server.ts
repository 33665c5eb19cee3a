import { readFile } from "node:fs/promises";
import { createServer, type OutgoingHttpHeaders, type ServerResponse } from "node:http";
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
export const CLIP_URL = "/clip.webm";
/** The old path's own limit: two pictures wait, further ones are left out. */
const MAX_WAITING_PICTURES = 2;
const PICTURE_MS = 1000 / 30;

/**
 * Serves the studio's built pages, one scene, a video at `CLIP_URL`, and the old path: whole pictures as R G B A over a WebSocket, thirty a second,
 * each with the time it was sent in its first eight bytes.
 */
export async function serveStudio(
  lifetime: Lifetime,
  scene: () => unknown,
  clip?: Buffer,
): Promise<{ readonly port: number }> {
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
    if (path === CLIP_URL && clip !== undefined) {
      sendRange(response, clip, request.headers.range, { ...headers, "content-type": "video/webm" });
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

/** Sends the part of a file that is asked for; a video element asks again for the beginning when it loops. */
function sendRange(
  response: ServerResponse,
  file: Buffer,
  range: string | undefined,
  headers: OutgoingHttpHeaders,
): void {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  if (first === undefined) {
    response.writeHead(200, { ...headers, "accept-ranges": "bytes", "content-length": file.length }).end(file);
    return;
  }
  const end = Math.min(file.length, last ? Number(last) + 1 : file.length);
  const part = file.subarray(Number(first), end);
  const place = `bytes ${first}-${end - 1}/${file.length}`;
  response.writeHead(206, { ...headers, "content-range": place, "content-length": part.length }).end(part);
}
