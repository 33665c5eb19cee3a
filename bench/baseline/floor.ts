import { createServer } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import type { Lifetime } from "../support/lifetime.ts";
import { listenLocally } from "../support/local-server.ts";
import { monotonicMs, pause } from "../support/monotonic.ts";
import type { PictureSource } from "../support/picture-source.ts";
import { type Mode, picturesPerSecond } from "../support/scene.ts";
import type { Contestant } from "./contestant.ts";
import { floorPage, floorWorker, floorWorkerPage } from "./floor-page.ts";

/**
 * The cost of the method: no screen, no capture, no codec. A click goes over a bare WebSocket, the answer makes the
 * page paint the block; pictures are only numbers that the page paints as cells. Nothing can be faster by this method.
 */
export function floor(delayMs: number): Contestant {
  return {
    name: delayMs ? `floor+${delayMs}ms` : "floor",
    description: "bare WebSocket in the page; the page paints",
    start: (lifetime) => startFloor(lifetime, floorPage, delayMs),
  };
}

/** The floor of a viewer that is built as Sightline's is: a worker owns the socket and the canvas. */
export const floorInWorker: Contestant = {
  name: "floor-worker",
  description: "bare WebSocket in a worker; the worker paints",
  start: (lifetime) => startFloor(lifetime, floorWorkerPage, 0),
};

async function startFloor(lifetime: Lifetime, page: string, delayMs: number) {
  const source = new FloorSource(delayMs);
  const server = createServer((request, response) => {
    const isWorker = request.url === "/worker.js";
    response.setHeader("content-type", isWorker ? "text/javascript" : "text/html; charset=utf-8");
    response.end(isWorker ? floorWorker : page);
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket) => source.serve(socket));
  lifetime.defer(() => {
    source.close();
    for (const client of sockets.clients) client.terminate();
  });
  const port = await listenLocally(lifetime, server);
  // The server lives in the bench's own process, whose CPU is mostly the bench: it isn't counted.
  return { url: `http://127.0.0.1:${port}/`, port, serverPids: [], source };
}

class FloorSource implements PictureSource {
  readonly paintedAtMs = new Map<number, number>();
  readonly #delayMs: number;
  #socket: WebSocket | undefined;
  #mode: Mode = "still";
  #color = 0;
  #number = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  serve(socket: WebSocket): void {
    this.#socket = socket;
    socket.on("message", () => {
      if (this.#mode === "block") void this.flip();
    });
  }

  async show(mode: Mode): Promise<void> {
    this.#mode = mode;
    clearTimeout(this.#timer);
    this.#send({ color: this.#color });
    if (mode === "video" || mode === "scroll") this.#paintFrom(monotonicMs());
  }

  async flip(): Promise<number> {
    this.#color = 1 - this.#color;
    const atMs = monotonicMs();
    if (this.#delayMs) await pause(this.#delayMs);
    this.#send({ color: this.#color });
    return atMs;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #paintFrom(startMs: number, index = 0): void {
    this.#number++;
    this.paintedAtMs.set(this.#number, monotonicMs());
    this.#send({ number: this.#number, mode: this.#mode });
    const nextMs = startMs + ((index + 1) * 1000) / picturesPerSecond;
    this.#timer = setTimeout(() => this.#paintFrom(startMs, index + 1), nextMs - monotonicMs());
  }

  #send(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }
}
