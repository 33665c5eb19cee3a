import { ProtocolError } from "../../base/index.ts";
import { type Link, type LinkClose, monotonicUs } from "../../node/index.ts";
import {
  type Ack,
  CloseCode,
  decodeAck,
  type HubMessage,
  isInputType,
  MessageType,
  messageType,
  PROTOCOL_VERSION,
  parseViewerMessage,
  type SourceInfo,
  type ViewerMessage,
} from "../../protocol/index.ts";
import { MAX_QUEUED_BYTES, MAX_QUEUED_PICTURE_BYTES } from "../limits.ts";
import type { Access, Source, ViewerPort } from "../ports.ts";
import type { LinkSession } from "../serve-link.ts";

type Message<Type extends ViewerMessage["type"]> = Extract<ViewerMessage, { type: Type }>;

/** What happens to a viewer's messages. Each may throw `ProtocolError`, which ends the viewer's link. */
export type ViewerListener = {
  watch(viewer: ViewerSession, message: Message<"watch">): void;
  unwatch(viewer: ViewerSession, message: Message<"unwatch">): void;
  keyframe(viewer: ViewerSession, message: Message<"keyframe">): void;
  control(viewer: ViewerSession, message: Message<"control">): void;
  text(viewer: ViewerSession, message: Message<"text">): void;
  clipboard(viewer: ViewerSession, message: Message<"clipboard">): void;
  tube(viewer: ViewerSession, message: Message<"tube">): void;
  ack(viewer: ViewerSession, ack: Ack): void;
  input(viewer: ViewerSession, message: Uint8Array): void;
  /** Its queue is empty again. */
  drained(viewer: ViewerSession): void;
  /** Its link has ended. */
  ended(viewer: ViewerSession, close: LinkClose): void;
};

/** A viewer with this much queued hears of new cursor shapes only when it has drained. */
const MAX_QUEUED_CURSOR_BYTES = 512 << 10;

/** The hub's end of one viewer's link: hello, then whatever the viewer asks for. */
export class ViewerSession implements ViewerPort, LinkSession {
  readonly id: number;
  readonly access: Access;
  readonly #link: Link;
  readonly #listener: ViewerListener;
  readonly #hub: { readonly name: string; readonly version: string };
  readonly #sources: () => SourceInfo[];
  readonly #lateCursors = new Set<Source>();
  #greeted = false;
  #sentSources = "";

  /** `sources` gives the list as this viewer may see it. */
  constructor(
    link: Link,
    options: {
      id: number;
      access: Access;
      hub: { readonly name: string; readonly version: string };
      sources: () => SourceInfo[];
      listener: ViewerListener;
    },
  ) {
    this.#link = link;
    this.id = options.id;
    this.access = options.access;
    this.#hub = options.hub;
    this.#sources = options.sources;
    this.#listener = options.listener;
  }

  get greeted(): boolean {
    return this.#greeted;
  }

  get takesPictures(): boolean {
    return this.#link.bufferedBytes <= MAX_QUEUED_PICTURE_BYTES;
  }

  tell(message: HubMessage): void {
    this.#link.send(JSON.stringify(message));
    this.#checkQueue();
  }

  deliver(message: Uint8Array): void {
    this.#link.send(message);
    this.#checkQueue();
  }

  ping(answered: () => void): void {
    this.#link.ping?.(answered);
  }

  closeTooSlow(reason: string): void {
    this.#link.close(CloseCode.tooSlow, reason);
  }

  close(code: number, reason: string): void {
    this.#link.close(code, reason);
  }

  /** Sends the list of sources if it differs from what the viewer knows. */
  refreshSources(): void {
    if (!this.#greeted) return;
    const sources = this.#sources();
    const text = JSON.stringify(sources);
    if (text === this.#sentSources) return;
    this.#sentSources = text;
    this.tell({ type: "sources", sources });
  }

  /** Sends the shape of a source's cursor, now or when there is room for it. */
  showCursor(source: Source): void {
    if (source.cursor === undefined) return;
    if (this.#link.bufferedBytes > MAX_QUEUED_CURSOR_BYTES) this.#lateCursors.add(source);
    else this.deliver(source.cursor);
  }

  drained(): void {
    for (const source of this.#lateCursors) if (source.cursor !== undefined) this.deliver(source.cursor);
    this.#lateCursors.clear();
    this.#listener.drained(this);
  }

  receiveControl(text: string): void {
    const message = parseViewerMessage(text);
    if (message.type === "hello") this.#greet(message);
    else {
      this.#requireGreeted(message.type);
      this.#dispatch(message);
    }
  }

  receiveBinary(message: Uint8Array): void {
    const type = messageType(message);
    this.#requireGreeted(type);
    if (type === MessageType.ack) this.#listener.ack(this, decodeAck(message));
    else if (isInputType(type)) this.#listener.input(this, message);
    else throw new ProtocolError("unknown-type", `A viewer sent the message type ${type}.`);
  }

  ended(close: LinkClose): void {
    this.#listener.ended(this, close);
  }

  #greet(hello: Message<"hello">): void {
    if (this.#greeted) throw new ProtocolError("wrong-state", "A viewer said hello twice.");
    if (hello.protocol !== PROTOCOL_VERSION) {
      const text = `The hub speaks protocol ${PROTOCOL_VERSION}, the page ${hello.protocol}: reload the page.`;
      throw new ProtocolError("unsupported-version", text);
    }
    this.#greeted = true;
    const { name, version } = this.#hub;
    this.tell({ type: "welcome", protocol: PROTOCOL_VERSION, viewer: this.id, version, hub: name });
    this.refreshSources();
  }

  #dispatch(message: Exclude<ViewerMessage, { type: "hello" }>): void {
    switch (message.type) {
      case "watch":
        this.#listener.watch(this, message);
        break;
      case "unwatch":
        this.#listener.unwatch(this, message);
        break;
      case "keyframe":
        this.#listener.keyframe(this, message);
        break;
      case "control":
        this.#listener.control(this, message);
        break;
      case "text":
        this.#listener.text(this, message);
        break;
      case "clipboard":
        this.#listener.clipboard(this, message);
        break;
      case "tube":
        this.#listener.tube(this, message);
        break;
      case "ping":
        this.tell({ type: "pong", timeUs: message.timeUs, hubUs: monotonicUs() });
        break;
    }
  }

  #requireGreeted(type: string | number): void {
    if (!this.#greeted) throw new ProtocolError("wrong-state", `A viewer sent "${type}" before its hello.`);
  }

  #checkQueue(): void {
    if (this.#link.bufferedBytes > MAX_QUEUED_BYTES) this.closeTooSlow("The viewer does not read what it is sent.");
  }
}
