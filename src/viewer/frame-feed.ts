import type { Closable } from "../base/index.ts";

/** Sends the frames that a video element shows, as long as it shows any. Costs nothing while the video stands still. */
export class FrameFeed implements Closable {
  readonly #video: HTMLVideoElement;
  readonly #onFrame: (frame: VideoFrame) => void;
  #request: number | undefined;

  constructor(video: HTMLVideoElement, onFrame: (frame: VideoFrame) => void) {
    this.#video = video;
    this.#onFrame = onFrame;
    // What is shown already; later frames announce themselves.
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) this.#take();
    this.#wait();
  }

  close(): void {
    if (this.#request !== undefined) this.#video.cancelVideoFrameCallback(this.#request);
    this.#request = undefined;
  }

  #wait(): void {
    this.#request = this.#video.requestVideoFrameCallback(() => {
      this.#take();
      this.#wait();
    });
  }

  #take(): void {
    try {
      this.#onFrame(new VideoFrame(this.#video));
    } catch {
      // Between two files there may be no frame.
    }
  }
}
