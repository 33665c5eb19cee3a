import { ProtocolError } from "../../base/index.ts";
import type { Link } from "../../node/index.ts";
import { CloseCode, type HubEvent, parseEventRequest, type SourceInfo } from "../../protocol/index.ts";
import type { Access, Source } from "../ports.ts";
import type { LinkSession } from "../serve-link.ts";

/** A page with this much unread is closed; it comes back by itself and is told everything anew. */
const MAX_UNREAD_BYTES = 2 << 20;

/** A page with this much unread is not told what the next message repeats. */
const MAX_LOOSE_BYTES = 64 << 10;

/** What the board does for a page. `show` throws {@link ProtocolError}. */
export type EventPageListener = {
  show(source: number): void;
  hide(source: number): void;
  left(): void;
};

/** The hub's end of one page's link for events. */
export class EventPage implements LinkSession {
  readonly access: Access;
  /** Sources whose motion detector it looks at. */
  readonly shown = new Set<Source>();
  readonly #link: Link;
  readonly #listener: EventPageListener;
  #toldSources = "";

  constructor(link: Link, access: Access, listener: EventPageListener) {
    this.#link = link;
    this.access = access;
    this.#listener = listener;
  }

  tell(event: HubEvent): void {
    this.#send(JSON.stringify(event));
  }

  /** Leaves the message out where the page is behind; the next one makes it up. */
  tellLoosely(event: HubEvent): void {
    if (this.#link.bufferedBytes <= MAX_LOOSE_BYTES) this.tell(event);
  }

  /** Tells the sources if they differ from what the page knows, unless it is behind. */
  tellSources(hubUs: number, sources: SourceInfo[]): void {
    if (this.#link.bufferedBytes > MAX_LOOSE_BYTES) return;
    const text = JSON.stringify(sources);
    if (text === this.#toldSources) return;
    this.#toldSources = text;
    this.tell({ type: "sources", hubUs, sources });
  }

  receiveControl(text: string): void {
    const { source, on } = parseEventRequest(text);
    if (on) this.#listener.show(source);
    else this.#listener.hide(source);
  }

  receiveBinary(): void {
    throw new ProtocolError("unknown-type", "A page of events sends text only.");
  }

  drained(): void {}

  ended(): void {
    this.#listener.left();
  }

  #send(text: string): void {
    this.#link.send(text);
    if (this.#link.bufferedBytes > MAX_UNREAD_BYTES) {
      this.#link.close(CloseCode.tooSlow, "The page does not read what it is sent.");
    }
  }
}
