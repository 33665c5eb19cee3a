import { type Closable, describeError } from "../../../base/index.ts";
import type { Layer } from "../scene/scene.ts";
import { FrameFeed, loadImageFrame } from "./frame-feed.ts";

export type LayerMediaOptions = {
  /** A frame for the worker; the receiver owns it. */
  readonly onFrame: (frame: VideoFrame) => void;
  /** An effect that is played once has ended. */
  readonly onEnded: () => void;
  /** The size of the picture is known (again). */
  readonly onSize: () => void;
  readonly onProblem: (text: string) => void;
};

/** One layer's own picture: an element that shows it, and its frames while a canvas needs them. */
export class LayerMedia implements Closable {
  readonly element: HTMLElement;
  readonly #layer: Layer;
  readonly #options: LayerMediaOptions;
  #feed: Closable | undefined;

  constructor(layer: Layer, options: LayerMediaOptions) {
    this.#layer = layer;
    this.#options = options;
    const { source } = layer;
    if (source.kind === "video") this.element = this.#openVideo(source.url, source.play);
    else if (source.kind === "image") this.element = this.#openImage(source.url);
    else this.element = openScreen(source.kind === "sightline" ? source.path : "");
  }

  /** Whether this still is what the layer shows; otherwise another one has to be made. */
  fits({ source }: Layer): boolean {
    const own = this.#layer.source;
    if (own.kind === "video" && source.kind === "video") return own.url === source.url && own.play === source.play;
    return JSON.stringify(own) === JSON.stringify(source);
  }

  /** Starts a video from its beginning. */
  play(): void {
    if (!(this.element instanceof HTMLVideoElement)) return;
    const video = this.element;
    video.currentTime = 0;
    video.play().catch(() => {
      // Without a click before, browsers play silent videos only.
      video.muted = true;
      video.play().catch((error: unknown) => this.#options.onProblem(describeError(error)));
    });
  }

  stop(): void {
    if (this.element instanceof HTMLVideoElement) this.element.pause();
  }

  /** Says whether a canvas needs the frames. */
  feed(needed: boolean): void {
    if (!needed) {
      this.#feed?.close();
      this.#feed = undefined;
    } else if (this.#feed === undefined) this.#feed = this.#openFeed();
  }

  close(): void {
    this.feed(false);
    if (this.element instanceof HTMLVideoElement) {
      this.element.pause();
      this.element.removeAttribute("src");
      this.element.load();
    }
    this.element.remove();
  }

  #openFeed(): Closable {
    const { onFrame, onProblem } = this.#options;
    if (this.element instanceof HTMLVideoElement) return new FrameFeed(this.element, onFrame);
    if (this.element instanceof HTMLImageElement) {
      let closed = false;
      loadImageFrame(this.element.src).then(
        (frame) => (closed ? frame.close() : onFrame(frame)),
        (error: unknown) => onProblem(describeError(error)),
      );
      return { close: () => (closed = true) };
    }
    return new ScreenFeed(this.element, onFrame);
  }

  #openVideo(url: string, play: "always" | "once" | "loop"): HTMLVideoElement {
    const video = document.createElement("video");
    video.playsInline = true;
    video.preload = "auto";
    video.loop = play !== "once";
    video.muted = play === "always";
    video.autoplay = play === "always";
    video.addEventListener("loadedmetadata", this.#options.onSize);
    video.addEventListener("ended", this.#options.onEnded);
    video.addEventListener("error", () =>
      this.#options.onProblem(`“${this.#layer.name}” cannot be played: ${video.error?.message || "unknown format"}.`),
    );
    video.src = url;
    return video;
  }

  #openImage(url: string): HTMLImageElement {
    const image = document.createElement("img");
    image.alt = "";
    image.addEventListener("load", this.#options.onSize);
    image.addEventListener("error", () => this.#options.onProblem(`“${this.#layer.name}” is no image.`));
    image.src = url;
    return image;
  }
}

/** A remote screen, watched only. */
function openScreen(path: string): HTMLElement {
  const view = document.createElement("sightline-view");
  Object.assign(view, { source: path, viewOnly: true });
  view.setAttribute("src", "/api/viewer");
  return view;
}

/** Frames of a remote screen: those of the canvas that it is drawn on, which may be replaced by another. */
class ScreenFeed implements Closable {
  readonly #view: HTMLElement;
  readonly #onFrame: (frame: VideoFrame) => void;
  #canvas: HTMLCanvasElement | undefined;
  #video: HTMLVideoElement | undefined;
  #feed: FrameFeed | undefined;

  constructor(view: HTMLElement, onFrame: (frame: VideoFrame) => void) {
    this.#view = view;
    this.#onFrame = onFrame;
    view.addEventListener("sightline-change", this.#changed);
    this.#changed();
  }

  close(): void {
    this.#view.removeEventListener("sightline-change", this.#changed);
    this.#feed?.close();
    this.#end();
  }

  readonly #changed = (): void => {
    const canvas = this.#view.shadowRoot?.querySelector("canvas") ?? undefined;
    if (canvas === undefined || canvas === this.#canvas) return;
    this.#end();
    this.#canvas = canvas;
    // A stream begins with the next change, and a screen may stand still for long.
    try {
      this.#onFrame(new VideoFrame(canvas, { timestamp: 0 }));
    } catch {
      // It holds no picture yet; the first one is a change.
    }
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = canvas.captureStream();
    void video.play().catch(() => undefined);
    this.#video = video;
    this.#feed = new FrameFeed(video, this.#onFrame);
  };

  #end(): void {
    this.#feed?.close();
    const stream = this.#video?.srcObject;
    if (stream instanceof MediaStream) for (const track of stream.getTracks()) track.stop();
    this.#video = undefined;
  }
}
