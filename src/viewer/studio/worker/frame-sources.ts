import { type Closable, describeError } from "../../../base/index.ts";

/** The newest frame of a source. */
export type NewestFrame = { readonly frame: VideoFrame; readonly version: number; readonly arrivedMs: number };

export type FrameSourcesOptions = {
  readonly onFrame: (source: string) => void;
  /** The source's stream has ended, by itself or by an error. */
  readonly onEnded: (source: string, reason: string) => void;
};

/** Keeps the newest frame of each source and closes all others: a queue of depth one. */
export class FrameSources implements Closable {
  readonly #options: FrameSourcesOptions;
  readonly #newest = new Map<string, NewestFrame>();
  readonly #readers = new Map<string, ReadableStreamDefaultReader<VideoFrame>>();
  readonly #ports = new Map<string, MessagePort>();
  #version = 0;

  constructor(options: FrameSourcesOptions) {
    this.#options = options;
  }

  newest(source: string): NewestFrame | undefined {
    return this.#newest.get(source);
  }

  /** Takes the frame; the one before is closed. */
  push(source: string, frame: VideoFrame): void {
    this.#newest.get(source)?.frame.close();
    this.#version += 1;
    this.#newest.set(source, { frame, version: this.#version, arrivedMs: performance.now() });
    this.#options.onFrame(source);
  }

  /** Reads a stream of frames until it ends; another stream of the same source takes its place. */
  read(source: string, readable: ReadableStream<VideoFrame>): void {
    this.stop(source);
    const reader = readable.getReader();
    this.#readers.set(source, reader);
    void this.#pump(source, reader);
  }

  /** Takes frames from a port, and answers each, so that the sender makes no more than can be taken. */
  listen(source: string, port: MessagePort): void {
    this.stop(source);
    this.#ports.set(source, port);
    port.onmessage = ({ data }: MessageEvent<VideoFrame>) => {
      if (this.#ports.get(source) !== port) {
        data.close();
        return;
      }
      this.push(source, data);
      port.postMessage("next");
    };
  }

  /** Ends the source's stream and keeps its newest frame. */
  stop(source: string): void {
    this.#ports.get(source)?.close();
    this.#ports.delete(source);
    const reader = this.#readers.get(source);
    this.#readers.delete(source);
    reader?.cancel().catch(() => undefined);
  }

  /** Ends the source's stream and forgets its frame. */
  remove(source: string): void {
    this.stop(source);
    this.#newest.get(source)?.frame.close();
    this.#newest.delete(source);
  }

  close(): void {
    const sources = [...this.#readers.keys(), ...this.#ports.keys(), ...this.#newest.keys()];
    for (const source of sources) this.remove(source);
  }

  async #pump(source: string, reader: ReadableStreamDefaultReader<VideoFrame>): Promise<void> {
    let reason = "The stream has ended.";
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        if (this.#readers.get(source) === reader) this.push(source, uncounted(next.value));
        else next.value.close();
      }
    } catch (error) {
      reason = describeError(error);
    }
    if (this.#readers.get(source) !== reader) return;
    this.#readers.delete(source);
    this.#options.onEnded(source, reason);
  }
}

/**
 * The same picture as a frame that may be kept. Chromium gives a track's readers no more frames while they have as many of its
 * camera's unclosed as half of its buffers, which are two on Linux. One kept here and one that stayed behind when the
 * stream was handed to this thread would end it without a word. A frame made of another is not counted, and copies nothing.
 */
function uncounted(frame: VideoFrame): VideoFrame {
  const own = new VideoFrame(frame, { timestamp: frame.timestamp });
  frame.close();
  return own;
}
