import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type WebSocket, WebSocketServer } from "ws";
import {
  type Ack,
  type CameraHealth,
  decodeAck,
  type EventRequest,
  encodePicture,
  type HubEvent,
  type MotionEvent,
  type PictureHeader,
  parseEventRequest,
  parseViewerMessage,
  type SourceInfo,
  type ViewerMessage,
} from "../../dist/protocol/index.js";
import type { ScriptedStream } from "./scripted-stream.ts";

const BUILT_PAGE = fileURLToPath(new URL("../../dist/page/", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
/** The policy that the real hub sends; the page must work under it. */
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'";

type Watch = Extract<ViewerMessage, { type: "watch" }>;

/** One subscription of the page. Its pictures begin with the stream's first, and go round. */
type Playing = {
  readonly watch: Watch;
  readonly rung: number;
  readonly socket: WebSocket;
  sequence: number;
  index: number;
};

/**
 * A hub for a wall that does what a test tells it: many sources, each with a stream that plays as long as it is watched, their
 * health on /api/events, and the API of cameras in memory.
 */
export class ScriptedWall {
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #viewerSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #eventSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #playing = new Map<number, Playing>();
  readonly #timer: NodeJS.Timeout;
  readonly #streams = new Map<number, ScriptedStream>();
  #nextRung = 1;
  sources: SourceInfo[] = [];
  /** Everything that pages asked for, in order. */
  readonly asked: ViewerMessage[] = [];
  readonly eventRequests: EventRequest[] = [];
  /** Connections to /api/viewer since the start. */
  connections = 0;
  /** Pictures of each source that reached a canvas. */
  readonly presented = new Map<number, number>();
  /** Sources whose pictures do not come. */
  readonly silent = new Set<number>();
  /** Sources whose pictures are garbage. */
  readonly damaged = new Set<number>();
  /** Bodies of cameras by their id, with credentials as they were sent. */
  readonly cameras = new Map<string, Record<string, unknown>>();
  readonly events: MotionEvent[] = [];
  /** What a test of a camera answers. */
  testAnswer: Record<string, unknown> = { error: "The camera does not answer." };

  private constructor(fps: number) {
    this.#timer = setInterval(() => this.#playAll(), 1000 / fps);
    this.#server.on("upgrade", (request, socket, head) => {
      const path = new URL(request.url ?? "/", "http://localhost").pathname;
      if (path !== "/api/viewer" && path !== "/api/events") return socket.destroy();
      const sockets = path === "/api/viewer" ? this.#viewerSockets : this.#eventSockets;
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        if (path === "/api/viewer") this.#acceptViewer(webSocket);
        else this.#acceptEvents(webSocket);
      });
    });
  }

  static async start(fps = 10): Promise<ScriptedWall> {
    const wall = new ScriptedWall(fps);
    await new Promise<void>((resolve) => wall.#server.listen(0, "127.0.0.1", resolve));
    return wall;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Subscriptions that play now. */
  get watches(): readonly Watch[] {
    return [...this.#playing.values()].map(({ watch }) => watch);
  }

  /** Adds a camera that delivers `stream`, or a screen. */
  addSource(stream: ScriptedStream, change: Partial<SourceInfo> = {}): SourceInfo {
    const id = this.sources.length + 1;
    const name = change.name ?? `Camera ${id}`;
    const agent = change.agent ?? `camera-${id}`;
    const source: SourceInfo = {
      id,
      path: `${agent}/camera`,
      name,
      agent,
      kind: "camera",
      groups: [],
      width: stream.width,
      height: stream.height,
      primary: true,
      state: "live",
      stateSinceUs: 0,
      detail: "",
      backend: "libav",
      backendReason: "",
      health: healthOf("healthy"),
      grants: ["view"],
      ...change,
    };
    this.sources.push(source);
    this.#streams.set(id, stream);
    this.cameras.set(agent, { id: agent, name, groups: source.groups, source: { kind: "test" } });
    return source;
  }

  /** Changes what is known of a source, and tells it to everybody. */
  change(id: number, change: Partial<SourceInfo>): void {
    this.sources = this.sources.map((source) => (source.id === id ? { ...source, ...change } : source));
    this.tellSources();
  }

  tellSources(): void {
    for (const socket of this.#viewerSockets.clients) send(socket, { type: "sources", sources: this.sources });
    this.tell({ type: "sources", hubUs: clockUs(), sources: this.sources });
  }

  tell(event: HubEvent): void {
    for (const socket of this.#eventSockets.clients) send(socket, event);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const sockets of [this.#viewerSockets, this.#eventSockets]) {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    }
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #acceptViewer(socket: WebSocket): void {
    this.connections += 1;
    socket.on("message", (data: Buffer, binary) => {
      if (!binary) this.#asked(socket, parseViewerMessage(data.toString()));
      else this.#acknowledged(decodeAck(new Uint8Array(data)));
    });
    socket.on("close", () => {
      for (const [rung, playing] of this.#playing) if (playing.socket === socket) this.#playing.delete(rung);
    });
  }

  #asked(socket: WebSocket, message: ViewerMessage): void {
    if (message.type === "ping") {
      send(socket, { type: "pong", timeUs: message.timeUs, hubUs: clockUs() });
      return;
    }
    this.asked.push(message);
    if (message.type === "hello") {
      send(socket, { type: "welcome", protocol: 1, viewer: this.connections, version: "0.1.0", hub: "scripted" });
      send(socket, { type: "sources", sources: this.sources });
    } else if (message.type === "watch") this.#watch(socket, message);
    else if (message.type === "unwatch") {
      for (const [rung, { watch }] of this.#playing) if (watch.watch === message.watch) this.#playing.delete(rung);
    } else if (message.type === "keyframe") {
      const playing = this.#playing.get(message.rung);
      if (playing !== undefined) playing.index = 0;
    }
  }

  #acknowledged({ stage, rung }: Ack): void {
    const source = this.#playing.get(rung)?.watch.source;
    if (stage === "presented" && source !== undefined) {
      this.presented.set(source, (this.presented.get(source) ?? 0) + 1);
    }
  }

  #watch(socket: WebSocket, watch: Watch): void {
    const stream = this.#streams.get(watch.source) as ScriptedStream;
    const rung = this.#nextRung;
    this.#nextRung += 1;
    const { codec, codecString, width, height } = stream;
    const ids = { watch: watch.watch, source: watch.source, rung };
    const encoder = { encoder: "libx264", encoderReason: "", agentClockOffsetUs: 0 };
    send(socket, { type: "watching", ...ids, codec, codecString, width, height, ...encoder });
    const playing = { watch, rung, socket, sequence: 0, index: 0 };
    this.#playing.set(rung, playing);
    this.#play(playing);
  }

  #playAll(): void {
    for (const playing of this.#playing.values()) this.#play(playing);
  }

  #play(playing: Playing): void {
    const { watch, rung, socket } = playing;
    if (this.silent.has(watch.source) || socket.bufferedAmount > 4 << 20) return;
    const stream = this.#streams.get(watch.source) as ScriptedStream;
    const payload = stream.payloads[playing.index] as Uint8Array;
    const keyframe = stream.codec === "jpeg" || playing.index === 0;
    playing.index = (playing.index + 1) % stream.payloads.length;
    playing.sequence += 1;
    const nowUs = clockUs();
    const times = { waitUs: 0, grabUs: 0, convertUs: 0, encodeUs: 0, sendUs: 0, hubUs: nowUs, changeUs: nowUs - 5000 };
    const header: PictureHeader = {
      kind: stream.codec === "jpeg" ? "jpeg" : "video",
      keyframe,
      intra: keyframe,
      rung,
      sequence: playing.sequence,
      width: stream.width,
      height: stream.height,
      inputViewer: 0,
      inputSequence: 0,
      inputToChangeUs: undefined,
      rects: [{ x: 0, y: 0, width: stream.width, height: stream.height }],
      ...times,
    };
    const bytes = this.damaged.has(watch.source) ? garbage(payload.byteLength) : payload;
    socket.send(encodePicture(header, bytes));
  }

  #acceptEvents(socket: WebSocket): void {
    socket.on("message", (data: Buffer) => void this.eventRequests.push(parseEventRequest(data.toString())));
    send(socket, { type: "sources", hubUs: clockUs(), sources: this.sources });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    response.setHeader("content-security-policy", POLICY);
    if (path.startsWith("/api/")) return this.#serveApi(path, request, response);
    try {
      const file = join(BUILT_PAGE, path.endsWith("/") ? `${path}index.html` : path);
      response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
      response.end(await readFile(file));
    } catch {
      response.writeHead(404).end();
    }
  }

  async #serveApi(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
    const [, , area, id] = path.split("/");
    response.setHeader("content-type", "application/json");
    if (area === "sources") response.end(JSON.stringify({ sources: this.sources }));
    else if (area === "session") response.writeHead(200).end(JSON.stringify({ administrator: true, grants: ["view"] }));
    else if (area === "events") response.end(JSON.stringify({ events: this.events }));
    else if (area === "cameras")
      response.end(JSON.stringify(this.#cameraCall(request.method ?? "GET", id ?? "", body)));
    else response.writeHead(404).end("{}");
  }

  #cameraCall(method: string, id: string, body: Record<string, unknown>): unknown {
    if (id === "test") return this.testAnswer;
    if (id === "export") return { cameras: [...this.cameras.values()].map(({ credentials: _, ...camera }) => camera) };
    if (id === "import") {
      const added = (body.cameras as Array<{ id: string }>).filter((camera) => !this.cameras.has(camera.id));
      for (const camera of added) this.cameras.set(camera.id, camera);
      return { added: added.length };
    }
    if (method === "DELETE") return { removed: this.cameras.delete(id) };
    if (method === "POST" || method === "PUT") {
      const kept = this.cameras.get(String(body.id))?.credentials;
      const credentials = body.credentials === undefined ? kept : body.credentials;
      this.cameras.set(String(body.id), { ...body, credentials });
      return {};
    }
    const tell = ({ credentials, ...camera }: Record<string, unknown>): unknown => ({
      ...camera,
      hasCredentials: credentials !== undefined && credentials !== null,
      origin: "store",
    });
    return { cameras: [...this.cameras.values()].map(tell) };
  }
}

/** Health with nothing special about it. */
export function healthOf(state: CameraHealth["state"], change: Partial<CameraHealth> = {}): CameraHealth {
  return { state, sinceUs: 0, detail: "", attempt: 0, retryAtUs: 0, lastPictureUs: clockUs(), restarts: 0, ...change };
}

/** The scripted hub's clock, which is its agents', too. */
export function clockUs(): number {
  return performance.now() * 1000;
}

function garbage(bytes: number): Uint8Array {
  return Uint8Array.from({ length: Math.max(64, bytes) }, (_, index) => (index * 151 + 13) % 256);
}

function send(socket: WebSocket, message: object): void {
  socket.send(JSON.stringify(message));
}
