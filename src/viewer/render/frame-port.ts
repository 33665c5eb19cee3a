import type { Closable } from "../../base/index.ts";

/**
 * Gives copies of a canvas, as `VideoFrame`s, to whoever holds the other end of a port: the newest picture, and the next
 * one only after the receiver has answered with a message of any kind. Worker to worker, past the page's main thread.
 */
export class FramePort implements Closable {
  readonly #port: MessagePort;
  readonly #canvas: () => OffscreenCanvas | undefined;
  #isFree = true;
  #isOld = true;

  constructor(port: MessagePort, canvas: () => OffscreenCanvas | undefined) {
    this.#port = port;
    this.#canvas = canvas;
    port.onmessage = () => {
      this.#isFree = true;
      this.#send();
    };
    this.#send();
  }

  /** The canvas shows something else now. */
  changed(): void {
    this.#isOld = true;
    this.#send();
  }

  close(): void {
    this.#port.close();
  }

  #send(): void {
    const canvas = this.#canvas();
    if (!this.#isFree || !this.#isOld || canvas === undefined) return;
    const frame = new VideoFrame(canvas, { timestamp: Math.round(performance.now() * 1000) });
    this.#isFree = false;
    this.#isOld = false;
    this.#port.postMessage(frame, [frame]);
  }
}
