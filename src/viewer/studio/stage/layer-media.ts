import { type Closable, describeError } from "../../../base/index.ts";
import { FrameFeed } from "../../frame-feed.ts";
import { SightlineView } from "../../ui/index.ts";
import type { Layer } from "../scene/scene.ts";
import { loadImageFrame } from "./image-frame.ts";

export type LayerMediaOptions = {
  /** A frame for the worker; the receiver owns it. */
  readonly onFrame: (frame: VideoFrame) => void;
  /** Frames will come through this port; the receiver owns it. */
  readonly onPort: (port: MessagePort) => void;
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
  /** Whether a video is meant to go on. Browsers stop one that leaves the page, as it does when a canvas draws it. */
  #plays = false;

  constructor(layer: Layer, options: LayerMediaOptions) {
    this.#layer = layer;
    this.#options = options;
    const { source } = layer;
    if (source.kind === "video") this.element = this.#openVideo(source.url, source.play);
    else if (source.kind === "image") this.element = this.#openImage(source.url);
    else this.element = openScreen(source.kind === "sightline" ? source.path : "", options.onSize);
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
    this.#plays = true;
    if (video.currentTime !== 0) video.currentTime = 0;
    video.play().catch(() => {
      // Without a click before, browsers play silent videos only.
      video.muted = true;
      video.play().catch((error: unknown) => this.#options.onProblem(describeError(error)));
    });
  }

  /** Goes back to the first picture, so that the next start shows it at once and never the last one. */
  stop(): void {
    if (!(this.element instanceof HTMLVideoElement)) return;
    this.#plays = false;
    this.element.pause();
    this.element.currentTime = 0;
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
    this.#plays = false;
    document.removeEventListener("visibilitychange", this.#resume);
    if (this.element instanceof HTMLVideoElement) {
      this.element.pause();
      this.element.removeAttribute("src");
      this.element.load();
    }
    this.element.remove();
  }

  #openFeed(): Closable {
    const { onFrame, onPort, onProblem } = this.#options;
    if (this.element instanceof HTMLVideoElement) return new FrameFeed(this.element, onFrame);
    if (this.element instanceof HTMLImageElement) {
      let closed = false;
      loadImageFrame(this.element.src).then(
        (frame) => (closed ? frame.close() : onFrame(frame)),
        (error: unknown) => onProblem(describeError(error)),
      );
      return { close: () => (closed = true) };
    }
    return this.element instanceof SightlineView ? openScreenFeed(this.element, onPort) : { close: () => undefined };
  }

  #openVideo(url: string, play: "always" | "once" | "loop"): HTMLVideoElement {
    const video = document.createElement("video");
    video.playsInline = true;
    video.preload = "auto";
    video.loop = play !== "once";
    video.muted = play === "always";
    video.addEventListener("loadedmetadata", this.#options.onSize);
    video.addEventListener("ended", this.#options.onEnded);
    video.addEventListener("error", () =>
      this.#options.onProblem(`“${this.#layer.name}” cannot be played: ${video.error?.message || "unknown format"}.`),
    );
    video.addEventListener("pause", this.#resume);
    document.addEventListener("visibilitychange", this.#resume);
    video.src = url;
    if (play === "always") {
      this.#plays = true;
      video.play().catch(() => undefined);
    }
    return video;
  }

  readonly #resume = (): void => {
    const video = this.element;
    if (!(video instanceof HTMLVideoElement) || !this.#plays || !video.paused || video.ended) return;
    // A browser that stops it because nobody looks would stop it again.
    if (document.visibilityState === "visible") video.play().catch(() => undefined);
  };

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
function openScreen(path: string, onSize: () => void): HTMLElement {
  const view = document.createElement("sightline-view");
  Object.assign(view, { src: "/api/viewer", source: path, viewOnly: true });
  view.addEventListener("sightline-change", onSize);
  return view;
}

/** Frames of a remote screen, from its worker to the studio's. */
function openScreenFeed(view: SightlineView, onPort: (port: MessagePort) => void): Closable {
  const { port1, port2 } = new MessageChannel();
  view.sendFrames(port1);
  onPort(port2);
  return { close: () => view.sendFrames(undefined) };
}
