import type { Closable } from "../../base/index.ts";
import { FrameFeed } from "../frame-feed.ts";
import { readTrack } from "../track-streams.ts";
import type { PageToPublishWorker, PublishState, PublishWorkerToPage } from "./messages.ts";

export type { PublishState } from "./messages.ts";

/**
 * Publishes a track of this device as a camera of the hub, until it is closed. Encoding and network are in a worker, so that
 * a busy page does not stop the pictures. The track stays the caller's.
 */
export class Publisher implements Closable {
  readonly #worker: Worker;
  readonly #video = document.createElement("video");
  #feed: FrameFeed | undefined;

  /** `camera` is the id of a camera of the kind "browser". */
  constructor(camera: string, track: MediaStreamTrack, onState: (state: PublishState) => void) {
    this.#worker = new Worker(new URL("./worker/publish-worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<PublishWorkerToPage>) => onState(data.state);
    this.#worker.onerror = (event) => onState({ kind: "connecting", reason: event.message });
    const path = `/api/cameras/${encodeURIComponent(camera)}/publish`;
    this.#send({ type: "open", url: location.origin.replace(/^http/, "ws") + path, camera });
    const readable = readTrack(track);
    if (readable === undefined) this.#readByElement(track);
    else this.#send({ type: "frames", readable }, [readable]);
  }

  close(): void {
    this.#worker.terminate();
    this.#feed?.close();
    this.#video.srcObject = null;
  }

  #readByElement(track: MediaStreamTrack): void {
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#video.srcObject = new MediaStream([track]);
    this.#feed = new FrameFeed(this.#video, (frame) => this.#send({ type: "frame", frame }, [frame]));
    void this.#video.play();
  }

  #send(message: PageToPublishWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}
