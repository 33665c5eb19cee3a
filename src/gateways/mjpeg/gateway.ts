import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Counter, Gauge } from "prom-client";
import type { Closable } from "../../base/index.ts";
import type { SourceInfo } from "../../protocol/index.ts";
import type { DoorEntry, HubDoor } from "../hub-door.ts";
import type { Feed } from "./feed.ts";
import { FeedTable } from "./feed-table.ts";
import { limitUnsent } from "./limit-unsent.ts";
import { STREAM_TYPE } from "./multipart.ts";
import { readSnapshotQuery, readStreamQuery, type StreamQuery } from "./query.ts";
import { sendSnapshot } from "./snapshot.ts";
import { StreamClient, type StreamCounters } from "./stream-client.ts";

/** The gateway's bounds. */
export type MjpegLimits = {
  /** Streams at once, of all sources and of one. */
  readonly maxClients: number;
  readonly maxClientsPerSource: number;
  /** A client that takes nothing for so long is gone. */
  readonly stalledMs: number;
  /** How long a source may take to deliver its first picture before the answer is that it does not. */
  readonly firstPictureMs: number;
  /** How long a kind of pictures is made on after its last client. */
  readonly lingerMs: number;
};

const DEFAULT_MJPEG_LIMITS: MjpegLimits = {
  maxClients: 256,
  maxClientsPerSource: 128,
  stalledMs: 15_000,
  firstPictureMs: 10_000,
  lingerMs: 5000,
};

/** What the system may take of a stream beyond what is under way; less would leave fast connections idle. */
const MAX_UNSENT_BYTES = 128 << 10;
const KEEP_ALIVE_MS = 10_000;
const RETRY_AFTER_SECONDS = 5;
const MAX_RETRY_AFTER_SECONDS = 60;
const MAX_REQUESTS_PER_MINUTE = 3000;

type Member = {
  readonly client: StreamClient;
  readonly feed: Feed;
  readonly path: string;
  readonly end: () => void;
};
type Found = { readonly entry: DoorEntry; readonly source: SourceInfo };

/**
 * Pictures of sources over plain HTTP: streams that an `<img>` shows, and single ones. It is a viewer of the hub with the
 * rights of who asks.
 */
export class MjpegGateway implements Closable {
  readonly #door: HubDoor;
  readonly #limits: MjpegLimits;
  readonly #feeds: FeedTable;
  readonly #members = new Set<Member>();
  readonly #counters: StreamCounters & { reaped(): void };

  constructor(door: HubDoor, limits: Partial<MjpegLimits> = {}) {
    this.#door = door;
    this.#limits = { ...DEFAULT_MJPEG_LIMITS, ...limits };
    this.#feeds = new FeedTable(this.#limits);
    this.#counters = countersIn(door, () => this.#members.size);
  }

  /** Adds the routes to the hub's own; everything ends with the server. */
  addRoutes(app: FastifyInstance): void {
    const limited = { config: { rateLimit: { max: MAX_REQUESTS_PER_MINUTE, timeWindow: "1 minute" } } };
    app.get("/api/sources/:id/mjpeg", { ...limited, exposeHeadRoute: false }, (request, reply) =>
      this.#stream(request, reply),
    );
    app.get("/api/sources/:id/snapshot.jpg", limited, (request, reply) => this.#snapshot(request, reply));
    app.get("/api/mjpeg", limited, (request, reply) => this.#report(request, reply));
    app.addHook("preClose", (done) => {
      this.close();
      done();
    });
  }

  /** Ends every stream. Idempotent. */
  close(): void {
    for (const { end } of this.#members) end();
    this.#feeds.close();
  }

  async #stream(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const found = this.#find(request, reply);
    if ("error" in found) return found;
    const query = readStreamQuery(request.query);
    if ("error" in query) return refuse(reply, 400, query.error);
    const { path } = found.source;
    const crowd = this.#crowdReason(path);
    if (crowd !== undefined) return refuse(reply, 503, crowd);
    const { feed, release } = this.#feeds.lease(found.entry, found.source, query.pictures);
    const picture = await feed.picture(this.#limits.firstPictureMs);
    if (picture === undefined) {
      release();
      return refuseAbsent(reply, feed);
    }
    // While it waited, others came, and this one may have left.
    const refusal = this.#crowdReason(path);
    const { socket } = reply.raw;
    if (refusal !== undefined || socket === null || socket.destroyed) {
      release();
      return refuse(reply, 503, refusal ?? "A stream cannot be sent behind another answer.");
    }
    this.#begin(request, reply, { feed, release, query, path });
    return reply;
  }

  #begin(
    request: FastifyRequest,
    reply: FastifyReply,
    { feed, release, query, path }: { feed: Feed; release: () => void; query: StreamQuery; path: string },
  ): void {
    const response = reply.hijack().raw;
    const { socket } = request.raw;
    // The body is a stream of its own parts and ends with the connection.
    response.shouldKeepAlive = false;
    response.removeHeader("transfer-encoding");
    response.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      "content-type": STREAM_TYPE,
      "cache-control": "no-store, no-transform",
      // Tells nginx not to collect the pictures.
      "x-accel-buffering": "no",
    });
    response.flushHeaders();
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    limitUnsent(socket, MAX_UNSENT_BYTES);
    const client = new StreamClient(socket, {
      // The hub keeps to a rate of its own; only a client that wants fewer is paced here.
      intervalMs: query.fps < query.pictures.fps ? 1000 / query.fps : 0,
      dual: query.dual ?? isWebKit(request.headers["user-agent"]),
      counters: this.#counters,
      freed: () => feed.settle(),
    });
    const end = (): void => void socket.destroy();
    const member = { client, feed, path, end };
    this.#members.add(member);
    response.setTimeout(this.#limits.stalledMs, () => {
      this.#counters.reaped();
      end();
    });
    socket.once("close", () => {
      this.#members.delete(member);
      client.close();
      feed.leave(client);
      release();
    });
    feed.join(client);
  }

  async #snapshot(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const found = this.#find(request, reply);
    if ("error" in found) return found;
    const query = readSnapshotQuery(request.query);
    if ("error" in query) return refuse(reply, 400, query.error);
    const { source, entry } = found;
    if (source.state === "lost") {
      const last = query.stale ? this.#feeds.lastPicture(source.path) : undefined;
      return last === undefined ? refuse(reply, 503, source.detail) : sendSnapshot(request, reply, last, source.detail);
    }
    const { feed, release } = this.#feeds.leaseAny(entry, source, query.pictures);
    try {
      const picture = await feed.picture(this.#limits.firstPictureMs);
      if (picture !== undefined) return sendSnapshot(request, reply, picture);
      const last = query.stale ? this.#feeds.lastPicture(source.path) : undefined;
      return last === undefined ? refuseAbsent(reply, feed) : sendSnapshot(request, reply, last, absenceOf(feed));
    } finally {
      release();
    }
  }

  /** What is streamed now, of the sources that the asker may see. */
  #report(request: FastifyRequest, reply: FastifyReply): unknown {
    const entry = this.#admit(request, reply);
    if ("error" in entry) return entry;
    const visible = new Set(entry.sources().map(({ path }) => path));
    const feeds = this.#feeds.feeds().filter(({ source }) => visible.has(source.path));
    return {
      feeds: feeds.map((feed) => ({
        source: feed.source.path,
        ...{ asked: feed.pictures, now: feed.step, received: feed.received, lost: feed.lostReason ?? null },
        clients: [...this.#members]
          .filter((member) => member.feed === feed)
          .map(({ client: { sent, dropped, queuedBytes } }) => ({ sent, dropped, queuedBytes })),
      })),
    };
  }

  #admit(request: FastifyRequest, reply: FastifyReply): DoorEntry | { error: string } {
    const { host, origin, cookie, authorization } = request.headers;
    const { localAddress } = request.socket;
    const admission = this.#door.admit({ host, origin, cookie, authorization, localAddress });
    return "open" in admission ? admission : refuse(reply, Number.parseInt(admission.status, 10), admission.reason);
  }

  #find(request: FastifyRequest, reply: FastifyReply): Found | { error: string } {
    const entry = this.#admit(request, reply);
    if ("error" in entry) return entry;
    const { id } = request.params as { id: string };
    const source = entry.sources().find(({ id: number, path }) => path === id || String(number) === id);
    const isVisible = source?.grants.includes("view") ?? false;
    return source !== undefined && isVisible ? { entry, source } : refuse(reply, 404, "There is no such source.");
  }

  #crowdReason(path: string): string | undefined {
    const { maxClients, maxClientsPerSource } = this.#limits;
    if (this.#members.size >= maxClients) return `There are ${maxClients} streams already.`;
    const same = [...this.#members].filter((member) => member.path === path).length;
    return same >= maxClientsPerSource ? `There are ${same} streams of this source already.` : undefined;
  }
}

function refuse(reply: FastifyReply, status: number, error: string): { error: string } {
  void reply.code(status);
  if (status === 503) void reply.header("retry-after", RETRY_AFTER_SECONDS);
  return { error: error === "" ? "The source delivers nothing now." : error };
}

/** Says why there is no picture, and not to ask again before the source's own next attempt. */
function refuseAbsent(reply: FastifyReply, feed: Feed): { error: string } {
  const seconds = Math.ceil(feed.retryInMs / 1000);
  const answer = refuse(reply, 503, absenceOf(feed));
  if (seconds > RETRY_AFTER_SECONDS) void reply.header("retry-after", Math.min(MAX_RETRY_AFTER_SECONDS, seconds));
  return answer;
}

function absenceOf(feed: Feed): string {
  const { health } = feed.source;
  return feed.lostReason ?? (health?.detail || "The source delivered no picture in time.");
}

/** Safari shows a part when the next one begins, whatever was sent after it; so do all browsers of iOS. */
function isWebKit(userAgent: string | undefined): boolean {
  return userAgent !== undefined && /AppleWebKit\//.test(userAgent) && !/Chrome\/|Chromium\//.test(userAgent);
}

function countersIn({ registry }: HubDoor, clients: () => number): StreamCounters & { reaped(): void } {
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers: [registry] });
  const sent = counter("sightline_mjpeg_pictures_sent_total", "Pictures sent to MJPEG clients, repeats left out.");
  const bytes = counter("sightline_mjpeg_bytes_sent_total", "Bytes of those pictures.");
  const repeated = counter("sightline_mjpeg_repeats_sent_total", "Pictures sent again to MJPEG clients.");
  const dropped = counter("sightline_mjpeg_pictures_dropped_total", "Pictures that slow MJPEG clients missed.");
  const reaped = counter("sightline_mjpeg_clients_reaped_total", "MJPEG clients ended for taking nothing.");
  new Gauge({
    name: "sightline_mjpeg_clients",
    help: "MJPEG clients now.",
    registers: [registry],
    collect() {
      this.set(clients());
    },
  });
  return {
    sent: (size) => {
      sent.inc();
      bytes.inc(size);
    },
    repeated: () => repeated.inc(),
    dropped: () => dropped.inc(),
    reaped: () => reaped.inc(),
  };
}
