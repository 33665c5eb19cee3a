import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { makeJpeg, makePart } from "./made-jpeg.ts";

export type HttpCameraOptions = {
  readonly username?: string;
  readonly password?: string;
  /** How it demands them; `digest-sha256` is Digest with SHA-256, `digest` with MD5, `query` as ?usr= and &pwd=. */
  readonly authentication?: "none" | "basic" | "digest" | "digest-sha256" | "query";
  /** How `/video` is written. */
  readonly stream?: "multipart" | "multipart-without-lengths" | "bare";
  readonly contentType?: string;
  /** What it shows, round and round, instead of pictures that can be told apart and not decoded. */
  readonly pictures?: readonly Uint8Array[];
  readonly intervalMs?: number;
  /** Speaks HTTPS with these, in PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Requests of a nonce before it is stale; unlimited by default. */
  readonly nonceUses?: number;
};

/**
 * An HTTP camera on loopback: `/video` is an endless answer, `/snapshot` one picture with an ETag, `/redirect?to=` and `/list` lead
 * elsewhere. Its pictures are numbered by their width. It can stall, blink, and be switched off and on.
 */
export class HttpCamera {
  readonly #options: HttpCameraOptions;
  readonly #server: Server | SecureServer;
  readonly #sockets = new Set<Socket>();
  #picture = 0;
  #port = 0;
  #nonce = 0;
  #nonceUses = 0;
  #inFlight = 0;
  /** Connections ever accepted. */
  connections = 0;
  /** Requests that got past the demand for credentials. */
  requests = 0;
  /** Requests that were refused with 401. */
  refused = 0;
  /** The most snapshot requests that were open at once. */
  mostInFlight = 0;
  /** Sends headers, and no pictures. */
  stalled = false;
  /** Snapshots do not change, and are told so. */
  frozen = false;
  /** Before a snapshot is answered. */
  delayMs = 0;
  /** What was asked for, refused requests left out. */
  readonly paths: string[] = [];
  /** Authorization headers as they came. */
  readonly authorizations: string[] = [];

  constructor(options: HttpCameraOptions = {}) {
    this.#options = options;
    const answer = (request: IncomingMessage, response: ServerResponse): void => this.#answer(request, response);
    this.#server = options.tls === undefined ? createServer(answer) : createSecureServer(options.tls, answer);
    this.#server.on("connection", (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined);
    });
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  url(path: string): string {
    return `${this.#options.tls === undefined ? "http" : "https"}://127.0.0.1:${this.#port}${path}`;
  }

  /** Switches it on, at the same port as before. */
  async listen(): Promise<this> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Cuts all connections; it still accepts new ones. */
  blink(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Switches it off. Idempotent. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.blink();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", this.url("/"));
    if (request.headers.authorization !== undefined) this.authorizations.push(request.headers.authorization);
    if (!this.#isAllowed(request)) {
      this.refused += 1;
      response.writeHead(401, { "WWW-Authenticate": this.#demand() }).end("no");
      return;
    }
    this.requests += 1;
    this.paths.push(url.pathname);
    if (url.pathname === "/video") this.#stream(response);
    else if (url.pathname === "/snapshot") this.#snapshot(request, response);
    else if (url.pathname === "/redirect")
      response.writeHead(302, { Location: url.searchParams.get("to") ?? "" }).end();
    else if (url.pathname === "/list")
      response
        .writeHead(200)
        .end(`#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${this.url("/segment.ts")}\n#EXT-X-ENDLIST\n`);
    else if (url.pathname === "/page") response.writeHead(200, { "Content-Type": "text/html" }).end("<html>");
    else response.writeHead(404).end();
  }

  #stream(response: ServerResponse): void {
    const { stream = "multipart", intervalMs = 20 } = this.#options;
    const { contentType = stream === "bare" ? "image/jpeg" : "multipart/x-mixed-replace; boundary=--frame" } =
      this.#options;
    response.writeHead(200, { "Content-Type": contentType });
    response.flushHeaders();
    const timer = setInterval(() => {
      if (this.stalled) return;
      const jpeg = this.#nextJpeg();
      const contentLength = stream === "multipart";
      response.write(stream === "bare" ? jpeg : makePart(jpeg, { boundary: "frame", contentLength }));
    }, intervalMs);
    response.on("close", () => clearInterval(timer));
  }

  #snapshot(request: IncomingMessage, response: ServerResponse): void {
    this.#inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight);
    response.on("close", () => {
      this.#inFlight -= 1;
    });
    if (this.stalled) return;
    setTimeout(() => {
      if (this.frozen && request.headers["if-none-match"] === `"${this.#picture}"`) {
        response.writeHead(304).end();
        return;
      }
      const jpeg = this.#nextJpeg();
      const headers = { "Content-Type": "image/jpeg", "Content-Length": jpeg.length, ETag: `"${this.#picture}"` };
      response.writeHead(200, headers).end(jpeg);
    }, this.delayMs);
  }

  #nextJpeg(): Uint8Array {
    this.#picture += 1;
    const { pictures = [] } = this.#options;
    if (pictures.length > 0) return pictures[this.#picture % pictures.length] as Uint8Array;
    const scan = new Uint8Array(3000).fill(this.#picture);
    return makeJpeg({ width: 640, height: 480, scan, restartEvery: 100 });
  }

  #demand(): string[] {
    const { authentication } = this.#options;
    if (authentication === "basic") return ['Basic realm="camera"'];
    this.#nonce += 1;
    this.#nonceUses = 0;
    const algorithm = authentication === "digest-sha256" ? "algorithm=SHA-256, " : "";
    const digest = `Digest realm="camera", ${algorithm}qop="auth,auth-int", nonce="${this.#nonce}", opaque="x"`;
    return ['Basic realm="camera"', digest];
  }

  #isAllowed(request: IncomingMessage): boolean {
    const {
      authentication = "none",
      username = "",
      password = "",
      nonceUses = Number.POSITIVE_INFINITY,
    } = this.#options;
    if (authentication === "none") return true;
    if (authentication === "query") {
      const { searchParams } = new URL(request.url ?? "/", this.url("/"));
      return searchParams.get("usr") === username && searchParams.get("pwd") === password;
    }
    const given = request.headers.authorization ?? "";
    if (authentication === "basic") {
      return given === `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    }
    const field = (name: string): string => new RegExp(`\\b${name}="?([^",]*)"?`).exec(given)?.[1] ?? "";
    const hash = (text: string): string => {
      return createHash(authentication === "digest" ? "md5" : "sha256")
        .update(text)
        .digest("hex");
    };
    this.#nonceUses += 1;
    const fresh = field("nonce") === String(this.#nonce) && this.#nonceUses <= nonceUses;
    const secret = hash(`${username}:camera:${password}`);
    const target = hash(`GET:${request.url}`);
    const expected = hash(`${secret}:${field("nonce")}:${field("nc")}:${field("cnonce")}:auth:${target}`);
    return fresh && field("opaque") === "x" && field("uri") === request.url && field("response") === expected;
  }
}
