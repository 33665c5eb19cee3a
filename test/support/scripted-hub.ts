import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type WebSocket, WebSocketServer } from "ws";
import { type Emitter, Emitter as EmitterClass, type Rect } from "../../dist/base/index.js";
import {
  type Ack,
  type Cursor,
  decodeAck,
  decodeInput,
  encodeCursor,
  encodePicture,
  type HubMessage,
  type Input,
  MessageType,
  messageType,
  type PictureHeader,
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

export const TOKEN = "scripted-token";

/** The policy that the real hub sends; the page must work under it. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'";

export type Received =
  | { readonly kind: "control"; readonly message: ViewerMessage }
  | { readonly kind: "input"; readonly input: Input }
  | { readonly kind: "ack"; readonly ack: Ack };

/**
 * A hub that does what a test tells it: serves the built page, speaks the viewer protocol and sends prepared pictures.
 * By itself it answers hello, ping, watch (`watching` and the stream's first picture), and gives control to who asks for
 * it or sends the first input.
 */
export class ScriptedHub {
  readonly server: Server;
  readonly onConnection: Emitter<ScriptedViewer> = new EmitterClass<ScriptedViewer>();
  readonly onReceived: Emitter<Received> = new EmitterClass<Received>();
  readonly received: Received[] = [];
  readonly viewers: ScriptedViewer[] = [];
  readonly streams = new Map<number, ScriptedStream>();
  sources: SourceInfo[] = [];
  /** Whether `watch` is answered at all. */
  answerWatch = true;
  signedIn = false;
  readonly pageDirectory: string;
  readonly #sockets: WebSocketServer;

  constructor(server: Server, pageDirectory: string) {
    this.server = server;
    this.pageDirectory = pageDirectory;
    this.#sockets = new WebSocketServer({ server, path: "/api/viewer", perMessageDeflate: false });
    this.#sockets.on("connection", (socket) => this.#accept(socket));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The newest connection. */
  get viewer(): ScriptedViewer {
    const viewer = this.viewers.at(-1);
    if (viewer === undefined) throw new Error("No viewer is connected.");
    return viewer;
  }

  /** Adds a source that shows `stream`, and returns it. */
  addSource(stream: ScriptedStream, change: Partial<SourceInfo> = {}): SourceInfo {
    const id = this.sources.length + 1;
    const source: SourceInfo = {
      id,
      path: `desk/screen-${id}`,
      name: `Screen ${id}`,
      agent: "desk",
      kind: "screen",
      groups: [],
      width: stream.width,
      height: stream.height,
      primary: id === 1,
      state: "live",
      stateSinceUs: 0,
      detail: "",
      backend: "x11-shm",
      backendReason: "Shared memory and change reports are available.",
      grants: ["view", "pointer", "keyboard", "clipboard-in", "clipboard-out"],
      ...change,
    };
    this.sources.push(source);
    this.streams.set(source.id, stream);
    return source;
  }

  /** Everything of one kind that came so far. */
  inputs(): Input[] {
    return this.received.flatMap((entry) => (entry.kind === "input" ? [entry.input] : []));
  }

  acks(stage: Ack["stage"]): Ack[] {
    return this.received.flatMap((entry) => (entry.kind === "ack" && entry.ack.stage === stage ? [entry.ack] : []));
  }

  messages<Type extends ViewerMessage["type"]>(type: Type): Array<Extract<ViewerMessage, { type: Type }>> {
    return this.received.flatMap((entry) => {
      return entry.kind === "control" && entry.message.type === type
        ? [entry.message as Extract<ViewerMessage, { type: Type }>]
        : [];
    });
  }

  /** Resolves with the first value that `find` returns, now or after a later message. */
  async until<T>(
    find: () => T | undefined | false | Promise<T | undefined | false>,
    what: string,
    timeoutMs = 15_000,
  ): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = await find();
      if (found !== undefined && found !== false) return found;
      if (Date.now() > deadline) throw new Error(`It never happened: ${what}.`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Sends the list of sources to everybody. */
  announce(): void {
    for (const viewer of this.viewers) viewer.send({ type: "sources", sources: this.sources });
  }

  /** Cuts every connection, as a network failure would. */
  cut(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  async close(): Promise<void> {
    this.cut();
    this.#sockets.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #accept(socket: WebSocket): void {
    const viewer = new ScriptedViewer(this, socket, this.viewers.length + 1);
    this.viewers.push(viewer);
    socket.on("message", (data: Buffer, binary) => {
      const entry = binary
        ? readBinary(data)
        : ({ kind: "control", message: parseViewerMessage(data.toString()) } as const);
      this.received.push(entry);
      if (entry.kind === "control") viewer.answer(entry.message);
      if (entry.kind === "input" && viewer.holder === "nobody") viewer.setControl("you");
      this.onReceived.emit(entry);
    });
    this.onConnection.emit(viewer);
  }
}

/** One connection of the page. Rungs are numbered through the hub's life, sequences through the rung's. */
export class ScriptedViewer {
  static #nextRung = 1;
  readonly socket: WebSocket;
  readonly number: number;
  readonly #hub: ScriptedHub;
  #watch = 0;
  #source = 0;
  rung = 0;
  sequence = 0;
  holder: "you" | "other" | "nobody" = "nobody";

  constructor(hub: ScriptedHub, socket: WebSocket, number: number) {
    this.#hub = hub;
    this.socket = socket;
    this.number = number;
  }

  send(message: HubMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  answer(message: ViewerMessage): void {
    if (message.type === "hello") {
      this.send({ type: "welcome", protocol: 1, viewer: this.number, version: "0.1.0", hub: "scripted" });
      this.send({ type: "sources", sources: this.#hub.sources });
    } else if (message.type === "ping") {
      this.send({ type: "pong", timeUs: message.timeUs, hubUs: hubClockUs() });
    } else if (message.type === "control") {
      this.setControl(message.take ? "you" : "nobody");
    } else if (message.type === "watch") {
      this.#watch = message.watch;
      this.#source = message.source;
      const stream = this.#hub.streams.get(message.source);
      this.setControl("nobody");
      if (!this.#hub.answerWatch || stream === undefined) return;
      this.startStream(stream);
      this.sendPicture(stream, 0);
    }
  }

  /** Says who drives the source that this viewer watches. */
  setControl(holder: "you" | "other" | "nobody"): void {
    this.holder = holder;
    this.send({ type: "control", source: this.#source, holder, reason: "" });
  }

  /** Announces a new rung of the stream for the current subscription. */
  startStream(stream: ScriptedStream): void {
    this.rung = ScriptedViewer.#nextRung;
    ScriptedViewer.#nextRung += 1;
    this.sequence = 0;
    const { codec, codecString, width, height } = stream;
    const encoder = codec === "h264" ? "libx264" : "mjpeg";
    const encoderReason = "There is no hardware encoder here.";
    const ids = { watch: this.#watch, source: this.#source, rung: this.rung };
    this.send({
      type: "watching",
      ...ids,
      codec,
      codecString,
      width,
      height,
      encoder,
      encoderReason,
      agentClockOffsetUs: 0,
    });
  }

  interrupt(reason: string): void {
    this.send({ type: "interrupted", watch: this.#watch, reason });
  }

  /** Sends a picture of the stream; rectangles are the whole picture unless given. Returns its sequence. */
  sendPicture(
    stream: ScriptedStream,
    index: number,
    rects: readonly Rect[] = [{ x: 0, y: 0, width: stream.width, height: stream.height }],
    change: Partial<PictureHeader> = {},
  ): number {
    const payload = stream.payloads[index];
    if (payload === undefined) throw new RangeError(`The stream has no picture ${index}.`);
    const keyframe = stream.codec === "jpeg" || index === 0;
    return this.sendEncoded(
      {
        kind: stream.codec === "jpeg" ? "jpeg" : "video",
        keyframe,
        intra: keyframe,
        rects,
        width: stream.width,
        height: stream.height,
        ...change,
      },
      payload,
    );
  }

  sendEncoded(
    header: Pick<PictureHeader, "kind" | "keyframe" | "intra" | "rects" | "width" | "height"> & Partial<PictureHeader>,
    payload: Uint8Array,
  ): number {
    this.sequence += 1;
    const nowUs = hubClockUs();
    const message = encodePicture(
      {
        rung: this.rung,
        sequence: this.sequence,
        inputViewer: 0,
        inputSequence: 0,
        changeUs: nowUs - 9000,
        inputToChangeUs: undefined,
        waitUs: 800,
        grabUs: 600,
        convertUs: 2100,
        encodeUs: 4300,
        sendUs: 300,
        hubUs: nowUs,
        ...header,
      },
      payload,
    );
    this.socket.send(message);
    return header.sequence ?? this.sequence;
  }

  sendCursor(cursor: Omit<Cursor, "source">): void {
    this.socket.send(encodeCursor({ source: this.#source, ...cursor }));
  }
}

/** Serves a page (the built one unless told), the session and the sources; the caller closes it. */
export async function startScriptedHub(pageDirectory = BUILT_PAGE): Promise<ScriptedHub> {
  const server = createServer();
  const hub = new ScriptedHub(server, pageDirectory);
  server.on("request", (request, response) => void serve(hub, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return hub;
}

/** The scripted hub's clock, which is also its agents'. */
export function hubClockUs(): number {
  return performance.now() * 1000;
}

function readBinary(data: Buffer): Received {
  const bytes = new Uint8Array(data);
  if (messageType(bytes) === MessageType.ack) return { kind: "ack", ack: decodeAck(bytes) };
  return { kind: "input", input: decodeInput(bytes) };
}

async function serve(hub: ScriptedHub, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  response.setHeader("content-security-policy", CONTENT_SECURITY_POLICY);
  if (path.startsWith("/api/")) {
    await serveApi(hub, path, request, response);
    return;
  }
  try {
    const file = join(hub.pageDirectory, path === "/" ? "index.html" : path);
    const body = await readFile(file);
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream").end(body);
  } catch {
    response.writeHead(404).end();
  }
}

async function serveApi(
  hub: ScriptedHub,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  response.setHeader("content-type", "application/json");
  if (path === "/api/session") {
    hub.signedIn = (JSON.parse(body) as { token: string }).token === TOKEN;
    response.writeHead(hub.signedIn ? 204 : 401).end();
  } else if (path === "/api/sources") response.writeHead(hub.signedIn ? 200 : 401).end(JSON.stringify(hub.sources));
  else if (path === "/api/links") response.end(JSON.stringify({ token: "view-only-token" }));
  else response.writeHead(404).end();
}
