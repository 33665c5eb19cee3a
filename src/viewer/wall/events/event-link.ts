import { Backoff, type Closable, Emitter } from "../../../base/index.ts";
import { type EventRequest, type HubEvent, parseHubEvent } from "../../../protocol/index.ts";

const FIRST_RETRY_MS = 500;
const CAP_RETRY_MS = 15_000;
const GOOD_MS = 5000;

/** The page's WebSocket of events: health, movements and tuner views, apart from the pictures. It connects again by itself. */
export class EventLink implements Closable {
  readonly #url: string;
  readonly #events = new Emitter<HubEvent>();
  readonly #backoff = new Backoff({
    firstMs: FIRST_RETRY_MS,
    baseMs: FIRST_RETRY_MS * 2,
    capMs: CAP_RETRY_MS,
    random: Math.random,
  });
  /** Sources whose detector somebody looks at; asked for again after a reconnection. */
  readonly #tuned = new Set<number>();
  #socket: WebSocket | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #openedMs = 0;
  /** Milliseconds since 1970 minus the hub's clock in milliseconds. */
  #hubOffsetMs: number | undefined;
  #closed = false;

  readonly onEvent = this.#events.event;

  constructor(url: string) {
    this.#url = url;
  }

  get connected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** A time of the hub's clock in microseconds as milliseconds since 1970; undefined before the hub told its time. */
  hubToEpochMs(hubUs: number): number | undefined {
    return this.#hubOffsetMs === undefined ? undefined : hubUs / 1000 + this.#hubOffsetMs;
  }

  open(): void {
    if (this.#closed || this.#socket !== undefined) return;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#openedMs = performance.now();
      for (const source of this.#tuned) this.#send({ type: "motion-view", source, on: true });
    };
    socket.onmessage = ({ data }: MessageEvent<string>) => this.#receive(socket, data);
    socket.onclose = () => this.#ended(socket);
  }

  /** Begins or ends to show what a source's detector sees. */
  showDetector(source: number, on: boolean): void {
    if (on) this.#tuned.add(source);
    else this.#tuned.delete(source);
    this.#send({ type: "motion-view", source, on });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    this.#socket?.close();
    this.#socket = undefined;
  }

  #send(request: EventRequest): void {
    if (this.connected) this.#socket?.send(JSON.stringify(request));
  }

  #receive(socket: WebSocket, data: string): void {
    if (socket !== this.#socket) return;
    let event: HubEvent;
    try {
      event = parseHubEvent(data);
    } catch {
      // A hub of another version; the next message may be understood.
      return;
    }
    if (event.type === "sources") this.#hubOffsetMs = Date.now() - event.hubUs / 1000;
    this.#events.emit(event);
  }

  #ended(socket: WebSocket): void {
    if (socket !== this.#socket || this.#closed) return;
    if (this.#openedMs > 0 && performance.now() - this.#openedMs > GOOD_MS) this.#backoff.reset();
    this.#openedMs = 0;
    this.#socket = undefined;
    this.#retryTimer = setTimeout(() => this.open(), this.#backoff.nextDelayMs());
  }
}
