import { randomBytes } from "node:crypto";
import type { Hub } from "../../dist/hub/index.js";
import { type TubeConnection, TubeDialler } from "../../dist/tube/core/index.js";
import { HubOperator, operatorPorts } from "../../dist/tube/node/index.js";
import { TOKEN } from "./test-hub.ts";

/** The other end of a {@link TunnelAgent}'s tubes, as a page is, by WebSocket. */
export class TunnelOperator {
  readonly #operator: HubOperator;
  readonly #dialler: TubeDialler;

  private constructor(operator: HubOperator, dialler: TubeDialler) {
    this.#operator = operator;
    this.#dialler = dialler;
  }

  static async connect(hub: Hub, agent = "desk"): Promise<TunnelOperator> {
    const address = { hub: hub.url, token: TOKEN };
    const operator = new HubOperator(address);
    const connected = new Promise<void>((resolve) => void operator.onConnected(resolve));
    operator.start();
    await connected;
    const dialler = new TubeDialler({
      ports: operatorPorts(operator, agent, address),
      transport: "websocket",
      newSession: () => randomBytes(16),
      random: Math.random,
      listener: { open: (connection) => connection.close() },
    });
    dialler.start();
    return new TunnelOperator(operator, dialler);
  }

  /** Asks the agent for a service. */
  service(service: string, parameters: Record<string, unknown> = {}): ServiceStream {
    return new ServiceStream(this.#dialler.channel.open({ kind: "service", service, parameters }));
  }

  close(): void {
    this.#dialler.close();
    this.#operator.close();
  }
}

type Close = { readonly reason: string; readonly text: string };

/** What came out of a connection, kept until a test asks for it. */
export class ServiceStream {
  readonly connection: TubeConnection;
  readonly closed: Promise<Close>;
  /** Called with each chunk, before it counts as received. */
  onChunk: (bytes: Uint8Array) => void = () => undefined;
  #bytes = Buffer.alloc(0);
  #close: Close | undefined;
  #ended = false;
  #changed: () => void = () => undefined;

  constructor(connection: TubeConnection) {
    this.connection = connection;
    this.closed = new Promise((resolve) => {
      connection.receiveInto({
        data: (bytes) => {
          this.#bytes = Buffer.concat([this.#bytes, bytes]);
          connection.consumed(bytes.length);
          this.onChunk(bytes);
          this.#changed();
        },
        end: () => {
          this.#ended = true;
          this.#changed();
        },
        writable: () => undefined,
        closed: (close) => {
          this.#close = close;
          resolve(close);
          this.#changed();
        },
      });
    });
  }

  get text(): string {
    return this.#bytes.toString("utf8");
  }

  write(text: string | Uint8Array): void {
    this.connection.write(typeof text === "string" ? Buffer.from(text) : text);
  }

  /** Waits until the condition holds; rejects when the connection closes before. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#close !== undefined) {
        throw new Error(`The connection closed: ${this.#close.reason} ${this.#close.text}. It sent:\n${this.text}`);
      }
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** Everything up to the end of the stream. */
  async all(): Promise<string> {
    await this.until(() => this.#ended);
    return this.text;
  }
}
