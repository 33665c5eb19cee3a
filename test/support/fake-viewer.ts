import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import {
  decodePicture,
  encodeAck,
  encodeInput,
  type HubMessage,
  isPictureType,
  type Picture,
  PROTOCOL_VERSION,
  parseHubMessage,
  type ViewerMessage,
} from "../../dist/protocol/index.js";
import { Inbox } from "./inbox.ts";

type Told<Type extends HubMessage["type"]> = Extract<HubMessage, { type: Type }>;

/** Opens a session with a token, as the page does. Returns the response. */
export function openSession(url: string, token: string, origin = url): Promise<Response> {
  return fetch(`${url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json", origin },
    body: JSON.stringify({ token }),
  });
}

const cookies = new Map<string, Promise<string>>();

/** The cookie of a session, as a browser would send it back; opened once per token, for attempts are limited. */
export function sessionCookie(url: string, token: string): Promise<string> {
  const key = `${url} ${token}`;
  const cookie =
    cookies.get(key) ??
    openSession(url, token).then((response) => response.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "");
  cookies.set(key, cookie);
  return cookie;
}

/** A viewer without a screen: it keeps what it is told and acknowledges pictures unless `acks` is off. */
export class FakeViewer {
  readonly socket: WebSocket;
  readonly told = new Inbox<HubMessage>();
  readonly pictures = new Inbox<Picture>();
  readonly cursors = new Inbox<Uint8Array>();
  readonly closed: Promise<{ code: number; reason: string }>;
  acks = true;
  #sequence = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => {
      if (isBinary) this.#receive(data as Buffer);
      else this.told.put(parseHubMessage(data.toString()));
    });
  }

  /** Opens a session and the WebSocket; says hello unless `hello` is off. */
  static async connect(url: string, token: string, { hello = true } = {}): Promise<FakeViewer> {
    const cookie = await sessionCookie(url, token);
    const socket = new WebSocket(viewerUrl(url), { perMessageDeflate: false, headers: { cookie, origin: url } });
    const viewer = new FakeViewer(socket);
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    if (hello) {
      viewer.say({ type: "hello", protocol: PROTOCOL_VERSION, client: "test" });
      await viewer.next("welcome");
    }
    return viewer;
  }

  say(message: ViewerMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The next message of a type that `accept` likes. */
  async next<Type extends HubMessage["type"]>(
    type: Type,
    accept: (message: Told<Type>) => boolean = () => true,
  ): Promise<Told<Type>> {
    return (await this.told.next((message) => message.type === type && accept(message as Told<Type>))) as Told<Type>;
  }

  /** Waits until a source is in the list in this state. Returns its number. */
  async sourceId(path: string, state = "live"): Promise<number> {
    const isIt = (source: { path: string; state: string }): boolean => source.path === path && source.state === state;
    const { sources } = await this.next("sources", (message) => message.sources.some(isIt));
    return sources.find(isIt)?.id as number;
  }

  /** Watches a source as number 1 and waits for its first picture. Returns the rung. */
  async watch(source: number): Promise<number> {
    this.say({ type: "watch", watch: 1, source, codecs: ["h264"] });
    const { rung } = await this.next("watching");
    await this.pictures.next((picture) => picture.rung === rung);
    return rung;
  }

  /** Moves the pointer. */
  point(source: number, x = 5, y = 6, viewer = 0): void {
    this.#sequence += 1;
    const pointer = { kind: "pointer" as const, relative: false, buttons: 0, x, y };
    this.socket.send(encodeInput({ ...pointer, viewer, sequence: this.#sequence, source }));
  }

  key(source: number, down: boolean): void {
    this.#sequence += 1;
    const key = { kind: "key" as const, down, repeat: false, usage: 4, codePoint: 97, modifiers: 0 };
    this.socket.send(encodeInput({ ...key, viewer: 0, sequence: this.#sequence, source }));
  }

  /** What the fake agent reports that it got: the parsed text of the next notice with this property. */
  async reported(property: "input" | "command"): Promise<Record<string, unknown>> {
    const notice = await this.next("notice", ({ text }) => property in (JSON.parse(text) as object));
    return (JSON.parse(notice.text) as Record<string, Record<string, unknown>>)[property] as Record<string, unknown>;
  }

  close(): void {
    this.socket.terminate();
  }

  #receive(message: Buffer): void {
    if (!isPictureType(message[0] as number)) {
      this.cursors.put(message);
      return;
    }
    const picture = decodePicture(message);
    this.pictures.put(picture);
    if (!this.acks) return;
    const { rung, sequence } = picture;
    this.socket.send(encodeAck({ stage: "accepted", rung, sequence, decodeUs: 0, drawUs: 0 }));
  }
}

/** Tries to open the viewer's WebSocket with these headers. Returns the status of the refusal, or 101. */
export function upgradeStatus(url: string, path: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}${path}`, { headers, rejectUnauthorized: false });
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("unexpected-response", (request, response: IncomingMessage) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on("open", () => {
      socket.terminate();
      resolve(101);
    });
  });
}

function viewerUrl(url: string): string {
  return `${url.replace(/^http/, "ws")}/api/viewer`;
}
