import type { Closable } from "../../../base/index.ts";
import { FrameFeed } from "../../frame-feed.ts";
import { readTrack } from "../../track-streams.ts";
import type { MeterReport, PageToStudio } from "../messages.ts";

/** So many reports in a row without a frame, while the element shows new ones, mean that the stream is stuck. */
const SILENT_REPORTS = 2;

export type CameraFramesOptions = {
  /** Shows the track. */
  readonly video: HTMLVideoElement;
  readonly send: (message: PageToStudio) => void;
  /** The stream gave nothing any more; frames come through the page now, with another clock. */
  readonly onStuck: () => void;
};

/**
 * Brings the camera's frames to the worker: as a stream that needs nothing of the page's thread, or frame by frame off the
 * element where the browser has no such streams, and when a stream falls silent.
 */
export class CameraFrames implements Closable {
  readonly #options: CameraFramesOptions;
  /** Undefined while the frames come as a stream. */
  #feed: FrameFeed | undefined;
  #silent = 0;
  #shown = 0;

  constructor(options: CameraFramesOptions) {
    this.#options = options;
  }

  /** The track that the element shows from now on. */
  use(track: MediaStreamTrack | undefined): void {
    const { send } = this.#options;
    this.close();
    if (track === undefined) {
      send({ type: "remove-source", source: "camera" });
      return;
    }
    const readable = readTrack(track);
    if (readable === undefined) this.#startFeed();
    else send({ type: "stream", source: "camera", readable });
  }

  /** Looks whether the stream still gives what the element shows; once for each of the worker's reports. */
  check({ cameraFps }: MeterReport): void {
    const shown = this.#options.video.getVideoPlaybackQuality().totalVideoFrames;
    const isSilent = this.#feed === undefined && cameraFps === 0 && shown > this.#shown;
    this.#shown = shown;
    this.#silent = isSilent ? this.#silent + 1 : 0;
    if (this.#silent < SILENT_REPORTS) return;
    this.#startFeed();
    this.#options.onStuck();
  }

  close(): void {
    this.#feed?.close();
    this.#feed = undefined;
    this.#silent = 0;
  }

  #startFeed(): void {
    const { video, send } = this.#options;
    send({ type: "feed", source: "camera" });
    this.#feed = new FrameFeed(video, (frame) => send({ type: "frame", source: "camera", frame }));
  }
}
