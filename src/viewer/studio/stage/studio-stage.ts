import { Emitter, Scope } from "../../../base/index.ts";
import type { KeyProposal, KeyView, Rgb } from "../../../codecs/key/index.ts";
import { Camera, type CameraRequest } from "../camera/camera.ts";
import { readCaptureTimes } from "../camera/capture-clock.ts";
import { type EngineName, isEngineName, type Size } from "../engine/engine.ts";
import { recallEngine, rememberEngine } from "../engine-memory.ts";
import type { EngineReport, MeterReport, PageToStudio, StudioToPage } from "../messages.ts";
import { type Split, sourceOf, splitScene } from "../scene/picture.ts";
import { isEffect, type Layer, newScene, type Scene } from "../scene/scene.ts";
import { StudioClient } from "../studio-client.ts";
import { CameraFrames } from "./camera-frames.ts";
import { LayerElement, mediaSize } from "./layer-element.ts";
import { LayerMedia } from "./layer-media.ts";
import { OutputStream } from "./output-stream.ts";
import { STAGE_STYLES } from "./stage-styles.ts";

export type StageNotice = { readonly level: "info" | "warning" | "error"; readonly text: string };

/** Two reports of the meter, of which the second surely knows the capture times. */
const CLOCK_CHECK_MS = 2000;
const STUCK_CAMERA =
  "The browser stopped handing over the camera's pictures. They take another way now, which is slower when this page is busy.";

/**
 * Shows a scene: the camera and other plain layers by elements of the page, the rest by a canvas above that a worker draws.
 * Everything starts when the element is connected and ends when it is removed.
 */
export class StudioStage extends HTMLElement {
  readonly camera = new Camera();
  readonly #changed = new Emitter<void>();
  readonly #noticed = new Emitter<StageNotice>();
  /** Anything that the page shows about the stage has changed: engine, meter, effects that play. */
  readonly onChange = this.#changed.event;
  readonly onNotice = this.#noticed.event;
  engineReport: EngineReport | undefined;
  meterReport: MeterReport | undefined;
  readonly #fit = document.createElement("div");
  readonly #elements = document.createElement("div");
  readonly #video = document.createElement("video");
  readonly #media = new Map<string, LayerMedia>();
  readonly #boxes = new Map<string, LayerElement>();
  readonly #canvases = new Map<number, HTMLCanvasElement>();
  readonly #playing = new Set<string>();
  readonly #resize = new ResizeObserver(() => {
    this.#scale();
    this.#changed.emit();
  });
  readonly #scope = new Scope();
  #clock = new AbortController();
  readonly #cameraFrames = new CameraFrames({
    video: this.#video,
    send: (message) => this.#send(message),
    onStuck: () => {
      this.#noticed.emit({ level: "warning", text: STUCK_CAMERA });
      this.#findClock();
    },
  });
  #client: StudioClient | undefined;
  #scene: Scene = newScene();
  #split: Split | undefined;
  #unseen: readonly Layer[] = [];
  #view: { readonly layer: string; readonly view: KeyView } | undefined;
  #selfMirror = false;
  #nextCanvas = 1;
  #output: OutputStream | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const styles = new CSSStyleSheet();
    styles.replaceSync(STAGE_STYLES);
    root.adoptedStyleSheets = [styles];
    this.#fit.className = "scene";
    this.#elements.className = "elements";
    this.#fit.append(this.#elements);
    root.append(this.#fit);
    this.#video.muted = true;
    this.#video.autoplay = true;
    this.#video.playsInline = true;
    this.#video.addEventListener("resize", () => this.#arrange());
  }

  get scene(): Scene {
    return this.#scene;
  }

  set scene(scene: Scene) {
    this.#scene = scene;
    this.#update();
  }

  get playing(): ReadonlySet<string> {
    return this.#playing;
  }

  /** Shows the person as in a mirror; recordings and other windows stay as they are. */
  get selfMirror(): boolean {
    return this.#selfMirror;
  }

  set selfMirror(mirrored: boolean) {
    this.#selfMirror = mirrored;
    this.#scale();
  }

  /** Shows a layer's matte or its source instead of the result, here and in every output. */
  set view(view: { readonly layer: string; readonly view: KeyView } | undefined) {
    this.#view = view;
    this.#update();
  }

  connectedCallback(): void {
    const forced = new URLSearchParams(location.search).get("engine");
    this.#client = new StudioClient(
      { forced: isEngineName(forced) ? forced : undefined, remembered: recallEngine() },
      (message) => this.#receive(message),
    );
    this.#scope.defer(this.camera.onTrack((track) => this.#useTrack(track)));
    this.#resize.observe(this);
    this.#update();
  }

  disconnectedCallback(): void {
    this.#resize.disconnect();
    this.#clock.abort();
    this.#cameraFrames.close();
    this.#output?.close();
    this.#scope.close();
    this.camera.close();
    for (const media of this.#media.values()) media.close();
    this.#client?.close();
  }

  openCamera(request: CameraRequest): void {
    this.camera.open(request);
  }

  /** Plays an effect from its beginning. */
  play(id: string): void {
    const layer = this.#scene.layers.find((other) => other.id === id);
    if (layer === undefined || !isEffect(layer)) return;
    this.#playing.add(id);
    this.#update();
    this.#media.get(id)?.play();
    this.#changed.emit();
  }

  /** Takes an effect away. */
  stop(id: string): void {
    if (!this.#playing.delete(id)) return;
    this.#media.get(id)?.stop();
    this.#update();
    this.#client?.send({ type: "remove-source", source: id });
    this.#changed.emit();
  }

  /** Uses one engine whatever the trial said; undefined goes back to the fastest. */
  forceEngine(engine: EngineName | undefined): void {
    this.#client?.send({ type: "engine", forced: engine });
  }

  pickColor(layer: Layer, x: number, y: number): Promise<Rgb | undefined> {
    return this.#client?.pickColor(sourceOf(layer), x, y) ?? Promise.resolve(undefined);
  }

  proposeKey(layer: Layer): Promise<KeyProposal | undefined> {
    return this.#client?.proposeKey(sourceOf(layer)) ?? Promise.resolve(undefined);
  }

  /** The whole scene as one stream, drawn for as long as somebody holds it. */
  openOutput(): OutputStream {
    if (this.#output === undefined || this.#output.closed) {
      this.#output = new OutputStream(() => {
        this.#client?.send({ type: "output", writable: undefined });
        this.#update();
      });
      this.#client?.send({ type: "output", writable: this.#output.writable });
      this.#update();
    }
    this.#output.hold();
    return this.#output;
  }

  /** A place on the page as a place in the scene, in its pixels. */
  toScene(clientX: number, clientY: number): { readonly x: number; readonly y: number } {
    const box = this.#fit.getBoundingClientRect();
    const x = ((clientX - box.left) / box.width) * this.#scene.width;
    return {
      x: this.#selfMirror ? this.#scene.width - x : x,
      y: ((clientY - box.top) / box.height) * this.#scene.height,
    };
  }

  /** Where the scene lies on the page. */
  get sceneBox(): DOMRect {
    return this.#fit.getBoundingClientRect();
  }

  /** Size of a layer's own picture, undefined before the first. */
  sourceSize(layer: Layer): Size | undefined {
    const element = layer.source.kind === "camera" ? this.#video : this.#media.get(layer.id)?.element;
    return element === undefined ? undefined : mediaSize(element, this.#scene);
  }

  #receive(message: StudioToPage): void {
    switch (message.type) {
      case "canvas-needed":
        this.#addCanvas();
        return;
      case "canvas-ready":
        this.#showCanvas(message.id);
        return;
      case "engine":
        this.engineReport = message.report;
        rememberEngine(message.report);
        break;
      case "meter":
        this.meterReport = message.report;
        this.#cameraFrames.check(message.report);
        break;
      case "notice":
        this.#noticed.emit(message);
        return;
      default:
        return;
    }
    this.#changed.emit();
  }

  #addCanvas(): void {
    const canvas = document.createElement("canvas");
    const id = this.#nextCanvas;
    this.#nextCanvas += 1;
    this.#canvases.set(id, canvas);
    canvas.hidden = true;
    this.#fit.append(canvas);
    this.#client?.send({ type: "canvas", canvas: canvas.transferControlToOffscreen(), id });
  }

  /** The new canvas holds a picture already, so nobody sees an empty one. */
  #showCanvas(id: number): void {
    for (const [other, canvas] of this.#canvases) {
      canvas.hidden = other !== id;
      if (other >= id) continue;
      canvas.remove();
      this.#canvases.delete(other);
    }
  }

  #useTrack(track: MediaStreamTrack | undefined): void {
    this.#clock.abort();
    this.#video.srcObject = track === undefined ? null : new MediaStream([track]);
    this.#cameraFrames.use(track);
    if (track !== undefined) this.#findClock();
  }

  #findClock(): void {
    this.#clock.abort();
    this.#clock = new AbortController();
    void this.#tellCaptureTimes(this.#clock.signal);
  }

  async #tellCaptureTimes(signal: AbortSignal): Promise<void> {
    // The first frames of a camera that starts may come in bursts, which tell nothing.
    for (let found = false; !found; found = this.meterReport?.fromCapture === true) {
      const epochsMs = await readCaptureTimes(this.#video, signal);
      if (epochsMs === undefined || signal.aborted) return;
      this.#client?.send({ type: "capture-times", epochsMs });
      await new Promise((resolve) => setTimeout(resolve, CLOCK_CHECK_MS));
    }
  }

  /** Brings elements, media and the worker's picture in line with the scene. */
  #update(): void {
    if (this.#client === undefined) return;
    this.#split = splitScene(this.#scene, {
      playing: this.#playing,
      view: this.#view,
      compose: this.#output !== undefined && !this.#output.closed,
    });
    const { elements, picture } = this.#split;
    this.#updateMedia();
    const drawn = new Set(picture.layers.map(({ source }) => source));
    for (const [id, media] of this.#media) media.feed(drawn.has(id));
    // A remote screen ends when its element leaves the page, so one that the canvas draws stays, unseen.
    this.#unseen = this.#scene.layers.filter(({ id, source }) => source.kind === "sightline" && drawn.has(id));
    this.#updateBoxes([...elements, ...this.#unseen]);
    this.#client.send({ type: "picture", picture });
    const { background } = this.#scene;
    this.#fit.style.background = background === null ? "" : `rgb(${background.join(" ")})`;
    this.#fit.classList.toggle("checked", background === null && !this.hasAttribute("bare"));
    this.#arrange();
    this.#scale();
  }

  #updateMedia(): void {
    const layers = new Map(this.#scene.layers.map((layer) => [layer.id, layer]));
    for (const [id, media] of this.#media) {
      const layer = layers.get(id);
      if (layer !== undefined && media.fits(layer)) continue;
      media.close();
      this.#media.delete(id);
      this.#boxes.get(id)?.close();
      this.#boxes.delete(id);
      this.#client?.send({ type: "remove-source", source: id });
    }
    for (const [id, layer] of layers) {
      if (layer.source.kind === "camera" || this.#media.has(id)) continue;
      this.#media.set(id, this.#openMedia(layer));
    }
  }

  #openMedia(layer: Layer): LayerMedia {
    const { id } = layer;
    return new LayerMedia(layer, {
      onFrame: (frame) => this.#send({ type: "frame", source: id, frame }),
      onPort: (port) => this.#client?.send({ type: "port", source: id, port }),
      onEnded: () => this.stop(id),
      onSize: () => this.#arrange(),
      onProblem: (text) => this.#noticed.emit({ level: "warning", text }),
    });
  }

  #send(message: PageToStudio): void {
    if (this.#client !== undefined) this.#client.send(message);
    else if (message.type === "frame") message.frame.close();
  }

  /** Elements keep their place in the document where they can, because moving a video stops it for a moment. */
  #updateBoxes(layers: readonly Layer[]): void {
    const shown = new Set(layers.map(({ id }) => id));
    for (const [id, box] of this.#boxes) {
      if (shown.has(id)) continue;
      box.close();
      this.#boxes.delete(id);
    }
    layers.forEach((layer, index) => {
      let box = this.#boxes.get(layer.id);
      if (box === undefined) {
        const element = layer.source.kind === "camera" ? this.#video : this.#media.get(layer.id)?.element;
        if (element === undefined) return;
        box = new LayerElement(element);
        this.#boxes.set(layer.id, box);
        this.#elements.append(box.box);
        if (element === this.#video) void this.#video.play().catch(() => undefined);
      }
      box.box.style.zIndex = String(index);
    });
    // A video outside of the document stands still; the camera's clock is told by it.
    if (!this.#video.isConnected) {
      this.#fit.append(this.#video);
      void this.#video.play().catch(() => undefined);
    }
  }

  #arrange(): void {
    for (const layer of this.#split?.elements ?? []) this.#boxes.get(layer.id)?.arrange(layer, this.#scene);
    for (const layer of this.#unseen) this.#boxes.get(layer.id)?.arrange({ ...layer, opacity: 0 }, this.#scene);
  }

  #scale(): void {
    const { width, height } = this.#scene;
    const scale = Math.min(this.clientWidth / width, this.clientHeight / height);
    const left = (this.clientWidth - width * scale) / 2;
    const top = (this.clientHeight - height * scale) / 2;
    const mirror = this.#selfMirror ? ` translateX(${width}px) scaleX(-1)` : "";
    Object.assign(this.#fit.style, { width: `${width}px`, height: `${height}px` });
    this.#fit.style.transform = `translate(${left}px, ${top}px) scale(${scale})${mirror}`;
  }
}

customElements.define("studio-stage", StudioStage);
