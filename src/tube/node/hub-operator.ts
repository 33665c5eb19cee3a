import { Backoff, type Closable, describeError, Emitter, type Event, ProtocolError } from "../../base/index.ts";
import { connectWebSocketLink, type Link } from "../../node/index.ts";
import { CloseCode, PROTOCOL_VERSION, parseHubMessage, type TubeSignal } from "../../protocol/index.ts";
import { AttemptError, type SignalExchange } from "../core/index.ts";

const RETRY_BASE_MS = 500;
const RETRY_CAP_MS = 2000;

/** Where the hub is and who asks. */
export type HubAddress = {
  /** "http(s)://host:port". */
  readonly hub: string;
  readonly token: string;
  /** PEM certificate to trust, for a hub with one of its own. */
  readonly certificateAuthority?: string | Buffer | undefined;
};

type Exchange = { readonly signals: Emitter<TubeSignal> };

/** An operator's link to the hub for signalling. It connects again by itself for as long as it is not closed. */
export class HubOperator implements Closable {
  readonly #address: HubAddress;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #connected = new Emitter<void>();
  readonly #problems = new Emitter<string>();
  readonly #backoff = new Backoff({ baseMs: RETRY_BASE_MS, capMs: RETRY_CAP_MS, random: Math.random });
  readonly #stop = new AbortController();
  #link: Link | undefined;
  #welcomed = false;
  #lastTube = 0;
  #timer: NodeJS.Timeout | undefined;

  /** The hub is there (again). */
  readonly onConnected: Event<void> = this.#connected.event;
  /** The hub cannot be reached; one sentence. It is tried again. */
  readonly onProblem: Event<string> = this.#problems.event;

  constructor(address: HubAddress) {
    this.#address = address;
  }

  get isConnected(): boolean {
    return this.#welcomed;
  }

  /** Connects, and again whenever the link breaks. */
  start(): void {
    void this.#connect();
  }

  /** Begins an attempt to open a tube to this agent. Throws {@link AttemptError} while the hub is not there. */
  beginExchange(agent: string): SignalExchange {
    const link = this.#link;
    if (link === undefined || !this.#welcomed) throw new AttemptError("signalling", "The hub is not connected.");
    this.#lastTube += 1;
    const tube = this.#lastTube;
    const signals = new Emitter<TubeSignal>();
    this.#exchanges.set(tube, { signals });
    return {
      send: (signal) => link.send(JSON.stringify({ type: "tube", tube, agent, signal })),
      onSignal: signals.event,
      close: () => {
        this.#exchanges.delete(tube);
        signals.close();
      },
    };
  }

  close(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
    this.#link?.close();
  }

  async #connect(): Promise<void> {
    const { hub, token, certificateAuthority } = this.#address;
    const url = `${hub.replace(/^http/, "ws").replace(/\/$/, "")}/api/viewer`;
    const trust = certificateAuthority === undefined ? {} : { certificateAuthority };
    try {
      const link = await connectWebSocketLink(url, { bearerToken: token, signal: this.#stop.signal, ...trust });
      if (this.#stop.signal.aborted) link.close();
      else this.#serve(link);
    } catch (error) {
      this.#retry(describeError(error));
    }
  }

  #serve(link: Link): void {
    this.#link = link;
    link.onMessage((message) => {
      if (typeof message === "string") this.#receive(link, message);
    });
    link.onClose(({ reason }) => {
      this.#link = undefined;
      this.#welcomed = false;
      const end = { kind: "end", reason: "The link to the hub broke." } as const;
      for (const { signals } of [...this.#exchanges.values()]) signals.emit(end);
      this.#retry(`The link to the hub broke: ${reason}`);
    });
    link.send(JSON.stringify({ type: "hello", protocol: PROTOCOL_VERSION, client: "sightline forward" }));
  }

  #receive(link: Link, text: string): void {
    try {
      const message = parseHubMessage(text);
      if (message.type === "tube") this.#exchanges.get(message.tube)?.signals.emit(message.signal);
      else if (message.type === "welcome") {
        this.#welcomed = true;
        this.#backoff.reset();
        this.#connected.emit();
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      link.close(CloseCode.protocolError, error.message);
    }
  }

  #retry(problem: string): void {
    if (this.#stop.signal.aborted) return;
    const delayMs = this.#backoff.nextDelayMs();
    this.#problems.emit(`${problem} Next attempt in ${(delayMs / 1000).toFixed(1)} s.`);
    this.#timer = setTimeout(() => void this.#connect(), delayMs);
  }
}
