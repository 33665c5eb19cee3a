import { writeTrack } from "../../track-streams.ts";

/** The whole scene as a media stream, for recorders, other windows and picture in picture. */
export class OutputStream {
  readonly stream: MediaStream;
  readonly writable: WritableStream<VideoFrame>;
  readonly #onClosed: () => void;
  readonly #track: MediaStreamTrack;
  #holders = 0;
  #closed = false;

  constructor(onClosed: () => void) {
    this.#onClosed = onClosed;
    const { track, writable } = writeTrack();
    this.#track = track;
    this.writable = writable;
    this.stream = new MediaStream([track]);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** One more user of the stream; each calls `release` when done. */
  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders <= 0) this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#track.stop();
    this.#onClosed();
  }
}
