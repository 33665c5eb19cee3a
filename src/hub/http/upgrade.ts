import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { type Link, type MessageLimits, maxPayloadOf, WebSocketLink } from "../../node/index.ts";
import { MAX_CONTROL_BYTES, MAX_INPUT_BYTES, MAX_MEDIA_BYTES, TUBE_SUBPROTOCOL } from "../../protocol/index.ts";
import type { HostPolicy } from "../auth/index.ts";
import type { Access } from "../ports.ts";
import { accessOf, bearerToken, type HttpContext, SESSION_COOKIE } from "./http-context.ts";

const MAX_EVENT_REQUEST_BYTES = 4096;
const VIEWER_LIMITS: MessageLimits = { maxTextBytes: MAX_CONTROL_BYTES, maxBinaryBytes: MAX_INPUT_BYTES };
const AGENT_LIMITS: MessageLimits = { maxTextBytes: MAX_CONTROL_BYTES, maxBinaryBytes: MAX_MEDIA_BYTES };

/** What happens to links that were let in. */
export type UpgradeOptions = {
  readonly context: HttpContext;
  readonly policy: HostPolicy;
  readonly parseCookie: (header: string) => Record<string, string | undefined>;
  readonly keepAliveMs: number;
  /** Whether one more viewer fits. */
  readonly hasRoom: () => boolean;
  readonly serveViewer: (link: Link, access: Access) => void;
  readonly serveAgent: (link: Link) => void;
  readonly events: { hasRoom(): boolean; serve(link: Link, access: Access): void };
  /** Pages of administrators that publish their camera as one that is there for that. */
  readonly publishing: { admits(camera: string): boolean; serve(camera: string, link: Link): void };
  /** Joins the WebSockets of tubes whose ends cannot reach each other by UDP. */
  readonly tubes: { admits(ticket: string): boolean; join(ticket: string, webSocket: WebSocket): void };
};

const EVENT_LIMITS: MessageLimits = { maxTextBytes: MAX_EVENT_REQUEST_BYTES, maxBinaryBytes: 0 };

/** A frame of the largest payload that is accepted, with its header. */
const MAX_TUBE_MESSAGE_BYTES = (128 << 10) + 64;

const PUBLISH_PATH = /^\/api\/cameras\/([a-z0-9-]+)\/publish$/;

type Refusal = { readonly status: string; readonly reason: string };

const NOTHING_HERE: Refusal = { status: "404 Not Found", reason: "There is nothing to connect to here." };

const NO_TICKET: Refusal = { status: "401 Unauthorized", reason: "The ticket is not valid (any more)." };

/** What becomes of a request to one path: why it is refused, or who takes the WebSocket. */
type Entrance = (request: IncomingMessage, name: string) => Refusal | ((request: IncomingMessage) => Entry);
type Entry = { readonly server: WebSocketServer; readonly serve: (webSocket: WebSocket) => void };

/**
 * Lets viewers in at /api/viewer, pages at /api/events, agents of other machines at /api/agent, the ends of tubes at
 * /api/tube and pages that publish their camera at /api/cameras/…/publish; refuses every other upgrade.
 */
export function addUpgrades(server: Server, options: UpgradeOptions): void {
  const entrances = entrancesOf(options);
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    const published = PUBLISH_PATH.exec(path)?.[1];
    const entrance = entrances.get(published === undefined ? path : "publish");
    const entry = entrance?.(request, published ?? "") ?? NOTHING_HERE;
    if (typeof entry !== "function") return refuseUpgrade(socket, entry);
    const { server: webSockets, serve } = entry(request);
    webSockets.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket));
  });
}

function entrancesOf(options: UpgradeOptions): ReadonlyMap<string, Entrance> {
  const linked =
    (limits: MessageLimits, serve: (link: Link) => void) =>
    (server: WebSocketServer) =>
    (request: IncomingMessage): Entry => ({
      server,
      serve: (webSocket) => serve(linkOf(webSocket, request.socket, limits, options.keepAliveMs)),
    });
  const viewers = webSocketServer(VIEWER_LIMITS);
  const agents = webSocketServer(AGENT_LIMITS);
  const events = webSocketServer(EVENT_LIMITS);
  const tubes = webSocketServer({ maxTextBytes: 0, maxBinaryBytes: MAX_TUBE_MESSAGE_BYTES });
  return new Map<string, Entrance>([
    [
      "/api/viewer",
      (request) => {
        const access = admitViewer(request, options, options.hasRoom);
        if ("status" in access) return access;
        return linked(VIEWER_LIMITS, (link) => options.serveViewer(link, access))(viewers);
      },
    ],
    [
      "/api/events",
      (request) => {
        const access = admitViewer(request, options, options.events.hasRoom);
        if ("status" in access) return access;
        return linked(EVENT_LIMITS, (link) => options.events.serve(link, access))(events);
      },
    ],
    ["/api/agent", (request) => refuseAgent(request, options) ?? linked(AGENT_LIMITS, options.serveAgent)(agents)],
    [
      "publish",
      (request, camera) =>
        refusePublisher(request, camera, options) ??
        linked(AGENT_LIMITS, (link) => options.publishing.serve(camera, link))(agents),
    ],
    [
      "/api/tube",
      (request) => {
        const refusal = refuseProgram(request, options.policy);
        if (refusal !== undefined) return refusal;
        const ticket = ticketOf(request);
        if (!options.tubes.admits(ticket)) return NO_TICKET;
        return () => ({ server: tubes, serve: (webSocket) => options.tubes.join(ticket, webSocket) });
      },
    ],
  ]);
}

function webSocketServer(limits: MessageLimits): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    handleProtocols: (names) => names.has(TUBE_SUBPROTOCOL) && TUBE_SUBPROTOCOL,
    maxPayload: maxPayloadOf(limits),
  });
}

function linkOf(webSocket: WebSocket, socket: Socket, limits: MessageLimits, keepAliveMs: number): Link {
  const peer = `${socket.remoteAddress}:${socket.remotePort}`;
  return new WebSocketLink(webSocket, socket, { peer, keepAliveMs, ...limits });
}

function refusePublisher(request: IncomingMessage, camera: string, options: UpgradeOptions): Refusal | undefined {
  const access = admitViewer(request, options, () => true);
  if ("status" in access) return access;
  if (!access.administrator) return { status: "403 Forbidden", reason: "Only the administrator may publish a camera." };
  if (options.publishing.admits(camera)) return undefined;
  return { status: "404 Not Found", reason: "There is no camera of this name that a page may publish." };
}

function admitViewer(request: IncomingMessage, options: UpgradeOptions, hasRoom: () => boolean): Access | Refusal {
  // A browser always sends an Origin with a WebSocket; a program has a bearer token instead.
  const isProgram = request.headers.origin === undefined && bearerToken(request.headers.authorization) !== undefined;
  const place = placeOf(request);
  const refusal = isProgram ? options.policy.refuseHost(place) : options.policy.refuseOrigin(place);
  if (refusal !== undefined) return { status: "403 Forbidden", reason: refusal };
  const session = options.parseCookie(request.headers.cookie ?? "")[SESSION_COOKIE];
  const access = accessOf(options.context, { authorization: request.headers.authorization, session });
  if (access === undefined) return { status: "401 Unauthorized", reason: "Open a session with a token first." };
  return hasRoom() ? access : { status: "503 Service Unavailable", reason: "There are too many viewers." };
}

/** Programs send no Origin; a page that found out a secret still has to be the hub's own. */
function refuseProgram(request: IncomingMessage, policy: HostPolicy): Refusal | undefined {
  const place = placeOf(request);
  const refusal = place.origin === undefined ? policy.refuseHost(place) : policy.refuseOrigin(place);
  return refusal === undefined ? undefined : { status: "403 Forbidden", reason: refusal };
}

/** The ticket travels as a second subprotocol, since a browser can send no other header of its own. */
function ticketOf(request: IncomingMessage): string {
  const [name, ticket] = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((part) => part.trim());
  return name === TUBE_SUBPROTOCOL ? (ticket ?? "") : "";
}

function refuseAgent(request: IncomingMessage, { policy, context }: UpgradeOptions): Refusal | undefined {
  const refusal = refuseProgram(request, policy);
  if (refusal !== undefined) return refusal;
  const token = bearerToken(request.headers.authorization);
  if (token !== undefined && context.gatekeeper.isAgentToken(token)) return undefined;
  return { status: "401 Unauthorized", reason: "The agent token is missing or wrong." };
}

function placeOf(request: IncomingMessage): {
  host: string | undefined;
  origin: string | undefined;
  localAddress: string | undefined;
} {
  return { host: request.headers.host, origin: request.headers.origin, localAddress: request.socket.localAddress };
}

function refuseUpgrade(socket: Duplex, { status, reason }: Refusal): void {
  const body = `${reason}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
