import { Emitter, type Event } from "../base/index.ts";
import { CloseCode } from "../protocol/index.ts";
import { fitCloseReason } from "./close-reason.ts";
import type { Link, LinkClose } from "./link.ts";

/**
 * Both ends of a link inside one process. Messages arrive in order and never before `send` has returned; what is sent
 * before the other end listens waits. What an end has received and not passed on yet counts as queued at the other one:
 * see {@link MemoryLink.reportBacklog}.
 */
export function memoryLinks(peers: { near: string; far: string }): [near: MemoryLink, far: MemoryLink] {
  const near = new MemoryLink(peers.near);
  const far = new MemoryLink(peers.far);
  join(near, far);
  return [near, far];
}

let join: (near: MemoryLink, far: MemoryLink) => void;

/** One end of {@link memoryLinks}. */
export class MemoryLink implements Link {
  readonly kind = "memory";
  readonly peer: string;
  readonly #messages = new Emitter<string | Uint8Array>();
  readonly #drained = new Emitter<void>();
  readonly #closed = new Emitter<LinkClose>();
  readonly onDrain: Event<void> = this.#drained.event;
  readonly onClose: Event<LinkClose> = this.#closed.event;
  #other: MemoryLink | undefined;
  #inbox: Array<string | Uint8Array> = [];
  #inboxBytes = 0;
  #backlogBytes = 0;
  #scheduled = false;
  #end: LinkClose | undefined;

  static {
    join = (near, far) => {
      near.#other = far;
      far.#other = near;
    };
  }

  /** @param peer names who is at the other end */
  constructor(peer: string) {
    this.peer = peer;
  }

  get bufferedBytes(): number {
    const other = this.#other;
    return other === undefined ? 0 : other.#inboxBytes + other.#backlogBytes;
  }

  /** This end passes on what it receives and holds so many bytes now; at 0 the other end has drained. */
  reportBacklog(bytes: number): void {
    const hadBacklog = this.#backlogBytes > 0;
    this.#backlogBytes = bytes;
    const other = this.#other;
    if (bytes === 0 && hadBacklog && other !== undefined) other.#tellDrained();
  }

  readonly onMessage: Event<string | Uint8Array> = (listener) => {
    const unsubscribe = this.#messages.event(listener);
    this.#schedule();
    return unsubscribe;
  };

  send(message: string | Uint8Array): void {
    const other = this.#other;
    if (this.#end !== undefined || other === undefined) return;
    other.#inbox.push(message);
    other.#inboxBytes += typeof message === "string" ? message.length : message.byteLength;
    other.#schedule();
  }

  close(code: number = CloseCode.normal, reason = ""): void {
    if (this.#end !== undefined) return;
    const text = fitCloseReason(reason);
    this.#end = { code, reason: text, remote: false };
    const other = this.#other;
    if (other !== undefined && other.#end === undefined) {
      other.#end = { code, reason: text, remote: true };
      other.#schedule();
    }
    this.#inbox = [];
    this.#inboxBytes = 0;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    if (this.#messages.listenerCount > 0) {
      const messages = this.#inbox;
      this.#inbox = [];
      this.#inboxBytes = 0;
      for (const message of messages) if (this.#end?.remote !== false) this.#messages.emit(message);
      const other = this.#other;
      if (messages.length > 0 && this.#backlogBytes === 0 && other !== undefined) other.#tellDrained();
    }
    if (this.#end === undefined) return;
    this.#messages.close();
    this.#drained.close();
    this.#closed.emit(this.#end);
    this.#closed.close();
  }

  #tellDrained(): void {
    if (this.#end === undefined) this.#drained.emit();
  }
}
