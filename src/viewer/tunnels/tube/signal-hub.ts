import { type Closable, Emitter, type Event } from "../../../base/index.ts";
import type { HubMessage, TubeSignal } from "../../../protocol/index.ts";
import { AttemptError, type SignalExchange } from "../../../tube/core/index.ts";
import { HubConnection } from "../../link/index.ts";

/** The page's own link to the hub for signalling: the one that carries pictures belongs to a worker. */
export class SignalHub implements Closable {
  readonly #connection: HubConnection;
  readonly #exchanges = new Map<number, Emitter<TubeSignal>>();
  readonly #connected = new Emitter<void>();
  #isConnected = false;
  #lastTube = 0;

  /** The hub is there (again). */
  readonly onConnected: Event<void> = this.#connected.event;

  constructor() {
    const url = new URL("/api/viewer", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const nowUs = (): number => performance.now() * 1000;
    this.#connection = new HubConnection({ url: url.href, client: "page tunnels", nowUs });
    this.#connection.onMessage((message) => this.#receive(message));
    this.#connection.onState((state) => {
      this.#isConnected = state.phase === "connected";
      if (state.phase === "connected") this.#connected.emit();
      else this.#endExchanges();
    });
    this.#connection.open();
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Begins an attempt to open a tube to this agent. Throws {@link AttemptError} while the hub is not there. */
  beginExchange(agent: string): SignalExchange {
    if (!this.#isConnected) throw new AttemptError("signalling", "The hub is not connected.");
    this.#lastTube += 1;
    const tube = this.#lastTube;
    const signals = new Emitter<TubeSignal>();
    this.#exchanges.set(tube, signals);
    return {
      send: (signal) => this.#connection.send({ type: "tube", tube, agent, signal }),
      onSignal: signals.event,
      close: () => {
        this.#exchanges.delete(tube);
        signals.close();
      },
    };
  }

  close(): void {
    this.#connection.close();
  }

  #receive(message: HubMessage): void {
    if (message.type === "tube") this.#exchanges.get(message.tube)?.emit(message.signal);
  }

  #endExchanges(): void {
    const end = { kind: "end", reason: "The link to the hub broke." } as const;
    for (const signals of [...this.#exchanges.values()]) signals.emit(end);
  }
}
