import type { WebSocket } from "ws";
import { newSecret } from "../auth/index.ts";

/** Pairs of WebSockets at once; one more is refused. */
const MAX_RELAYS = 256;

/** A ticket is good for one WebSocket, and for this long. */
const TICKET_MS = 30_000;

/** A sender is paused while the other side has this much queued, and goes on when that has fallen to a quarter. */
const MAX_RELAYED_BYTES = 1 << 20;

/** Both ends ping much more often than this; one that sends nothing is gone. */
const SILENT_MS = 30_000;

type Pair = {
  readonly sockets: [WebSocket | undefined, WebSocket | undefined];
  readonly tickets: readonly [string, string];
  timer: NodeJS.Timeout;
};

/** Joins two WebSockets, each admitted by a ticket, and passes messages between them as they are. */
export class TubeRelay {
  readonly #tickets = new Map<string, { readonly pair: Pair; readonly side: 0 | 1 }>();
  readonly #pairs = new Set<Pair>();

  /** Pairs that wait or run. */
  get size(): number {
    return this.#pairs.size;
  }

  /** Makes the two tickets of a pair; undefined when there are too many. */
  issue(): readonly [string, string] | undefined {
    if (this.#pairs.size >= MAX_RELAYS) return undefined;
    const tickets = [newSecret(), newSecret()] as const;
    const timer = setTimeout(() => this.#end(pair, "The other end did not come."), TICKET_MS);
    const pair: Pair = { sockets: [undefined, undefined], tickets, timer };
    this.#pairs.add(pair);
    this.#tickets.set(tickets[0], { pair, side: 0 });
    this.#tickets.set(tickets[1], { pair, side: 1 });
    return tickets;
  }

  admits(ticket: string): boolean {
    return this.#tickets.has(ticket);
  }

  /** Takes a WebSocket that came with this ticket. */
  join(ticket: string, webSocket: WebSocket): void {
    const place = this.#tickets.get(ticket);
    if (place === undefined) {
      webSocket.close(4001, "The ticket is not valid any more.");
      return;
    }
    const { pair, side } = place;
    this.#tickets.delete(ticket);
    pair.sockets[side] = webSocket;
    webSocket.pause();
    webSocket.on("error", () => webSocket.terminate());
    webSocket.on("close", () => this.#end(pair, "The other end has left."));
    const other = pair.sockets[side === 0 ? 1 : 0];
    if (other === undefined) return;
    clearTimeout(pair.timer);
    pair.timer = setTimeout(() => this.#end(pair, "Nothing was heard for too long."), SILENT_MS);
    relay(pair, webSocket, other);
    relay(pair, other, webSocket);
  }

  /** Ends every pair. Idempotent. */
  close(): void {
    for (const pair of this.#pairs) this.#end(pair, "The hub is shutting down.");
  }

  #end(pair: Pair, reason: string): void {
    if (!this.#pairs.delete(pair)) return;
    clearTimeout(pair.timer);
    for (const ticket of pair.tickets) this.#tickets.delete(ticket);
    for (const webSocket of pair.sockets) {
      webSocket?.resume();
      webSocket?.close(1000, reason);
    }
  }
}

function relay(pair: Pair, from: WebSocket, to: WebSocket): void {
  const written = (): void => {
    if (from.isPaused && to.bufferedAmount <= MAX_RELAYED_BYTES / 4) from.resume();
  };
  from.on("message", (data: Buffer, isBinary) => {
    pair.timer.refresh();
    if (to.readyState !== to.OPEN) return;
    to.send(data, { binary: isBinary }, written);
    if (to.bufferedAmount > MAX_RELAYED_BYTES) from.pause();
  });
  from.resume();
}
