import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { type WebSocket, WebSocketServer } from "ws";
import { EnvironmentError } from "../../base/index.ts";
import { type MessageLimits, maxPayloadOf, WebSocketLink } from "../../node/index.ts";
import { CloseCode } from "../../protocol/index.ts";
import type { DoorAdmission, HubDoor } from "../hub-door.ts";
import { type LegacyProfile, readRequest } from "./request.ts";
import { LegacySession } from "./session.ts";

/** The largest message of the client is a mock session description. */
const LIMITS: MessageLimits = { maxTextBytes: 64 << 10, maxBinaryBytes: 64 << 10 };

/**
 * Longer than the hub waits for a picture to be taken: an answer waits behind what is queued, and a client whose connection
 * just breaks never connects again.
 */
const KEEP_ALIVE_MS = 15_000;

/** How the gateway is set up. */
export type LegacyKvmOptions = {
  readonly host: string;
  /** 0 takes a free port; the client looks for 9921. */
  readonly port: number;
  /** Of the WebSocket; the client looks for "/ws". */
  readonly path: string;
  readonly profile: LegacyProfile;
  /** Lets anybody in who reaches the port, with every right. */
  readonly insecure: boolean;
  /** PEM key and certificate. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer } | undefined;
  /** What clients show as the machine's name. */
  readonly hostname: string;
  readonly door: HubDoor;
  readonly log: Logger;
};

/** A running gateway. */
export type LegacyKvmGateway = {
  readonly port: number;
  /** Ends every session and stops listening. Idempotent. */
  close(): Promise<void>;
};

/**
 * Serves clients of the legacy KVM wire (docs/legacy-kvm.md) on a port of their own; their page comes from elsewhere.
 * Throws {@link EnvironmentError} when the port cannot be had.
 */
export async function startLegacyKvm(options: LegacyKvmOptions): Promise<LegacyKvmGateway> {
  const { tls, log } = options;
  const server: Server = tls ? createTlsServer({ ...tls }, answer) : createServer(answer);
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxPayloadOf(LIMITS),
  });
  const sessions = new Set<LegacySession>();
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const admission = admit(request, options);
    if ("status" in admission) {
      log.warn({ peer: request.socket.remoteAddress }, `Refused a legacy KVM client: ${admission.reason}`);
      refuse(socket, admission);
    } else {
      sockets.handleUpgrade(request, socket, head, (webSocket) =>
        serve(webSocket, request, admission, options, sessions),
      );
    }
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  if (options.insecure) {
    log.warn(
      `Anybody who reaches port ${port} on ${options.host} sees and drives every source: --legacy-kvm-insecure.`,
    );
  }
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    for (const session of sessions) session.close(CloseCode.goingAway, "The hub is shutting down.");
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    return closed;
  };
  return {
    port,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function serve(
  webSocket: WebSocket,
  { socket, url }: IncomingMessage,
  admission: Extract<DoorAdmission, { open: unknown }>,
  { profile, hostname, log }: LegacyKvmOptions,
  sessions: Set<LegacySession>,
): void {
  const peer = `legacy KVM ${socket.remoteAddress}:${socket.remotePort}`;
  const client = new WebSocketLink(webSocket, socket, { peer, keepAliveMs: KEEP_ALIVE_MS, ...LIMITS });
  const request = readRequest(url ?? "");
  const session = new LegacySession(client, admission.open(peer), { request, profile, hostname, log });
  sessions.add(session);
  client.onClose(() => sessions.delete(session));
}

function admit(request: IncomingMessage, { path, insecure, door }: LegacyKvmOptions): DoorAdmission {
  if (readRequest(request.url ?? "").path !== path) {
    return { status: "404 Not Found", reason: "There is nothing to connect to here." };
  }
  if (insecure) return door.admitAnybody();
  const { host, origin, cookie, authorization } = request.headers;
  return door.admit({ host, origin, cookie, authorization, localAddress: request.socket.localAddress });
}

function answer(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
  response.end("This port serves the WebSocket of legacy KVM clients only.\n");
}

function refuse(socket: Duplex, { status, reason }: { status: string; reason: string }): void {
  const body = `${reason}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

async function listen(server: Server, { host, port }: LegacyKvmOptions): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    throw new EnvironmentError(
      `The legacy KVM gateway cannot listen on ${host}:${port} (${(cause as Error).message}).`,
      "Choose another port with --legacy-kvm, or end the program that uses it.",
      { cause },
    );
  }
}
