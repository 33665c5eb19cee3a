import { WebSocket } from "ws";
import { type EventRequest, type HubEvent, parseHubEvent, type SourceInfo } from "../../dist/protocol/index.js";
import { sessionCookie } from "./fake-viewer.ts";
import { Inbox } from "./inbox.ts";

type Told<Type extends HubEvent["type"]> = Extract<HubEvent, { type: Type }>;

/** A page that follows the hub's events. */
export class EventReader {
  readonly socket: WebSocket;
  readonly told = new Inbox<HubEvent>();
  readonly closed: Promise<number>;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => void socket.on("close", resolve));
    socket.on("error", () => {});
    socket.on("message", (data) => this.told.put(parseHubEvent(data.toString())));
  }

  static async connect(url: string, token: string): Promise<EventReader> {
    const cookie = await sessionCookie(url, token);
    const address = `${url.replace(/^http/, "ws")}/api/events`;
    const socket = new WebSocket(address, { perMessageDeflate: false, headers: { cookie, origin: url } });
    const reader = new EventReader(socket);
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return reader;
  }

  say(request: EventRequest): void {
    this.socket.send(JSON.stringify(request));
  }

  async next<Type extends HubEvent["type"]>(type: Type): Promise<Told<Type>> {
    return (await this.told.next((event) => event.type === type)) as Told<Type>;
  }

  /** Waits until a source is listed as `accept` likes it. */
  async source(path: string, accept: (source: SourceInfo) => boolean = () => true): Promise<SourceInfo> {
    for (;;) {
      const { sources } = await this.next("sources");
      const found = sources.find((source) => source.path === path);
      if (found !== undefined && accept(found)) return found;
    }
  }

  close(): void {
    this.socket.terminate();
  }
}
