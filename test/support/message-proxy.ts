import type { AddressInfo } from "node:net";
import { type RawData, WebSocket, WebSocketServer } from "ws";

/** What happens to one binary message of the hub: how often it is passed on, and whether the next one overtakes it. */
export type Fate = { readonly copies: number; readonly overtaken: boolean };

/** A message that no other one follows within this time is passed on. */
const LAST_OF_ALL_MS = 300;

/** A WebSocket proxy in front of a hub that loses, repeats and swaps whole binary messages on their way to viewers. */
export class MessageProxy {
  readonly url: string;
  readonly #server: WebSocketServer;
  /** Decides for each binary message. */
  fate: (message: Buffer) => Fate = () => ({ copies: 1, overtaken: false });

  private constructor(server: WebSocketServer, hubUrl: string) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (client, { headers }) => {
      const address = `${hubUrl.replace(/^http/, "ws")}/api/viewer`;
      const hub = new WebSocket(address, { headers: { cookie: headers.cookie ?? "", origin: hubUrl } });
      const early: Array<[RawData, boolean]> = [];
      const toHub = (data: RawData, binary: boolean): void => hub.send(data, { binary });
      client.on("message", (data, binary) => {
        if (hub.readyState === hub.OPEN) toHub(data, binary);
        else early.push([data, binary]);
      });
      hub.on("open", () => {
        for (const [data, binary] of early) toHub(data, binary);
      });
      this.#passOn(hub, client);
      hub.on("close", () => client.terminate());
      client.on("close", () => hub.terminate());
      for (const socket of [hub, client]) socket.on("error", () => {});
    });
  }

  /** Listens on a free port of loopback. */
  static async open(hubUrl: string): Promise<MessageProxy> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
    await new Promise<void>((resolve) => server.once("listening", resolve));
    return new MessageProxy(server, hubUrl);
  }

  async close(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A message waits for the next one before it is lost or overtaken: the last one of all is neither, as on any link. */
  #passOn(hub: WebSocket, client: WebSocket): void {
    let held: { readonly message: Buffer; readonly fate: Fate; readonly timer: NodeJS.Timeout } | undefined;
    const release = (lastOfAll: boolean): void => {
      if (held === undefined) return;
      clearTimeout(held.timer);
      if (lastOfAll || held.fate.overtaken) client.send(held.message);
      held = undefined;
    };
    hub.on("close", () => clearTimeout(held?.timer));
    hub.on("message", (data, binary) => {
      if (!binary) {
        client.send(data, { binary });
        return;
      }
      const message = data as Buffer;
      const fate = this.fate(message);
      if (held === undefined && (fate.overtaken || fate.copies === 0)) {
        held = { message, fate, timer: setTimeout(() => release(true), LAST_OF_ALL_MS) };
        return;
      }
      for (let copy = 0; copy < Math.max(1, fate.copies); copy += 1) client.send(message);
      release(false);
    });
  }
}
