import type { Closable } from "../../base/index.ts";
import type { KeyProposal, Rgb } from "../../codecs/key/index.ts";
import type { EngineName } from "./engine/engine.ts";
import type { PageToStudio, RememberedEngine, StudioToPage } from "./messages.ts";

/** The page's end of the studio's worker: typed messages, and requests that have an answer. */
export class StudioClient implements Closable {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (value: unknown) => void>();
  #nextRequest = 1;
  #closed = false;

  /** Starts the worker. `onMessage` gets everything but the answers to requests. */
  constructor(
    options: { readonly forced: EngineName | undefined; readonly remembered: RememberedEngine | undefined },
    onMessage: (message: StudioToPage) => void,
  ) {
    this.#worker = new Worker(new URL("./worker/studio-worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<StudioToPage>) => {
      if (data.type === "color") this.#answer(data.request, data.color);
      else if (data.type === "proposal") this.#answer(data.request, data.proposal);
      else onMessage(data);
    };
    this.#worker.onerror = ({ message }) => {
      onMessage({ type: "notice", level: "error", text: `The studio's worker failed: ${message}` });
    };
    this.send({ type: "open", ...options });
  }

  /** Sends a message; what it hands over is transferred, or closed when the studio is closed already. */
  send(message: PageToStudio): void {
    if (!this.#closed) this.#worker.postMessage(message, transferOf(message));
    else if (message.type === "frame") message.frame.close();
  }

  /** Mean colour around a place of a source's picture, in shares of its size; undefined without a picture. */
  pickColor(source: string, x: number, y: number): Promise<Rgb | undefined> {
    return this.#ask((request) => ({ type: "pick-color", request, source, x, y }));
  }

  /** Key colours and tolerances by the border of a source's picture; undefined when it shows no screen. */
  proposeKey(source: string): Promise<KeyProposal | undefined> {
    return this.#ask((request) => ({ type: "propose-key", request, source }));
  }

  close(): void {
    if (this.#closed) return;
    this.send({ type: "close" });
    this.#closed = true;
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }

  #ask<T>(message: (request: number) => PageToStudio): Promise<T | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const request = this.#nextRequest;
    this.#nextRequest += 1;
    return new Promise((resolve) => {
      this.#waiting.set(request, resolve as (value: unknown) => void);
      this.send(message(request));
    });
  }

  #answer(request: number, value: unknown): void {
    this.#waiting.get(request)?.(value);
    this.#waiting.delete(request);
  }
}

function transferOf(message: PageToStudio): Transferable[] {
  if (message.type === "canvas") return [message.canvas];
  if (message.type === "stream") return [message.readable];
  if (message.type === "port") return [message.port];
  if (message.type === "frame") return [message.frame];
  return message.type === "output" && message.writable !== undefined ? [message.writable] : [];
}
