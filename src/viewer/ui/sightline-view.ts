import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { type Rect, Scope } from "../../base/index.ts";
import {
  clampPan,
  combinationDrafts,
  type FitMode,
  type Hotkey,
  InputController,
  type Placement,
  panUnderPointer,
  placePicture,
  toSource,
  type View,
} from "../input/index.ts";
import type { CursorImage, InputDraft, WorkerToPage } from "../messages.ts";
import { isPainterName } from "../render/index.ts";
import type { TimingReport } from "../timing/index.ts";
import { ageInWords } from "./age.ts";
import { recallPainter, rememberPainter } from "./painter-memory.ts";
import { INITIAL_STATE, reduceState, type ViewState } from "./view-state.ts";
import { viewStyles } from "./view-styles.ts";
import { WorkerClient } from "./worker-client.ts";

export type { ViewState } from "./view-state.ts";

/** Events of `<sightline-view>`, by name, with their `detail`. */
export type ViewEvents = {
  "sightline-change": ViewState;
  /** Text was copied on the remote machine; `written` tells whether it is in this computer's clipboard already. */
  "sightline-clipboard": { readonly text: string; readonly written: boolean };
  "sightline-notice": { readonly level: "info" | "warning" | "error"; readonly text: string };
  "sightline-hotkey": Hotkey;
};

const MAX_ZOOM = 8;
/** An old canvas stays beneath the new one until the new one's first picture has surely reached the screen. */
const CANVAS_OVERLAP_MS = 500;

/**
 * `<sightline-view src="/api/viewer" source="desk/DP-1" fit="fit" view-only painter="copy">`: one remote screen. It
 * connects when it is added to a document and closes when removed. Socket, decoder and canvas live in a worker, so the
 * picture goes on while the page is busy.
 */
export class SightlineView extends LitElement {
  static override readonly styles = viewStyles;
  static override readonly properties = {
    src: { type: String },
    source: { type: String },
    fit: { type: String, reflect: true },
    viewOnly: { type: Boolean, attribute: "view-only" },
    painter: { type: String },
  };

  /** Address of the hub's viewer endpoint; relative to the page. Nothing happens without it. */
  declare src: string | null;
  /** Path of the source to show ("desk/DP-1"); the hub's primary one without it. */
  declare source: string | null;
  declare fit: FitMode;
  /** Never sends input, whatever this viewer may do. */
  declare viewOnly: boolean;
  /** Forces a way of painting ("copy", "draw", "webgl") instead of the fastest. Read at connection. */
  declare painter: string | null;

  #state: ViewState = INITIAL_STATE;
  #client: WorkerClient | undefined;
  #input: InputController | undefined;
  #scope: Scope | undefined;
  #zoom = 1;
  #pan = { panX: 0, panY: 0 };
  #placement: Placement | undefined;
  #nextCanvas = 1;
  /** Waits for the connection. */
  #framePort: MessagePort | undefined;
  #ageTimer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.src = null;
    this.source = null;
    this.fit = "fit";
    this.viewOnly = false;
    this.painter = null;
  }

  get state(): ViewState {
    return this.#state;
  }

  /** Whether keys go to the remote machine now. */
  get capturing(): boolean {
    return this.#input?.focused ?? false;
  }

  /** Where the picture lies in this element, in CSS pixels; undefined before the first. */
  get placement(): Placement | undefined {
    return this.#placement;
  }

  /** Sends keys to the remote machine. `softKeyboard` also shows a phone's keyboard. */
  captureKeyboard(softKeyboard = true): void {
    this.#input?.focus(softKeyboard);
  }

  /** Gives keyboard and pointer back to this computer. */
  releaseInput(): void {
    this.#input?.release();
  }

  /** Locks the pointer to the picture for endless relative motion. Needs a click; rejects when the browser refuses. */
  async lockPointer(): Promise<void> {
    await this.#input?.lockPointer();
  }

  /** Asks for control of the source, or gives it up. */
  takeControl(take = true): void {
    this.#client?.send({ type: "control", take });
  }

  /** Presses keys together, by DOM code (["ControlLeft", "AltLeft", "Delete"]). Throws `RangeError` for unknown ones. */
  pressKeys(codes: readonly string[]): void {
    for (const draft of combinationDrafts(codes)) this.#send(draft, nowEpochMs());
  }

  /** Types text as Unicode, whatever keyboard layout either side has. */
  typeText(text: string): void {
    if (text !== "") this.#send({ kind: "text", text }, nowEpochMs());
  }

  /** Puts text into the remote machine's clipboard. */
  sendClipboard(text: string): void {
    this.#client?.send({ type: "clipboard", text });
  }

  /** Reconnects at once instead of waiting for the next attempt. */
  retry(): void {
    this.#client?.send({ type: "retry" });
  }

  /** Back to the whole picture after zooming. */
  resetZoom(): void {
    this.#zoom = 1;
    this.#pan = { panX: 0, panY: 0 };
    this.#layout();
  }

  /**
   * The shown picture's pixels inside `rect` (in pixels of the picture): R G B A, rows from top to bottom. For tests and
   * measurements. Rejects with `RangeError` where the rectangle leaves the picture.
   */
  readPixels(rect: Rect): Promise<Uint8ClampedArray> {
    return this.#client?.readPixels(rect) ?? Promise.reject(new RangeError("The view is not connected."));
  }

  /** Sends a copy of each picture that is painted to a port, from worker to worker; undefined ends that. */
  sendFrames(port: MessagePort | undefined): void {
    this.#framePort = port;
    if (port === undefined) this.#client?.send({ type: "frames", port });
    else this.#giveFramePort();
  }

  /** Everything the latency panel knows, as plain data for JSON. Rejects when the view is not connected. */
  async exportTimings(): Promise<ExportedTimings> {
    if (this.#client === undefined) throw new RangeError("The view is not connected.");
    const timings = await this.#client.reportTimings();
    const { source, stream, performance: measured, painter, decoding } = this.#state;
    return {
      takenAt: new Date().toISOString(),
      browser: navigator.userAgent,
      source: source?.path,
      timings,
      stream,
      performance: measured,
      painter,
      decoding,
    };
  }

  /** Starts all measurements anew. */
  clearTimings(): void {
    this.#client?.send({ type: "clear-timings" });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#disconnect();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("src")) this.#disconnect();
    this.#connect();
    if (changed.has("source")) this.#chooseSource();
    if (changed.has("viewOnly")) this.#client?.send({ type: "view-only", viewOnly: this.viewOnly });
    if (changed.has("fit")) this.resetZoom();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    const { picture } = this.#state;
    return html`
      <div class="surface ${picture.kind}" part="surface"></div>
      <textarea
        aria-label="Keyboard of the remote machine"
        autocapitalize="off"
        autocomplete="off"
        autocorrect="off"
        spellcheck="false"
        tabindex="0"
      ></textarea>
      <div class="focus-ring"></div>
      ${picture.kind === "live" ? nothing : this.#renderStatus()}
    `;
  }

  #renderStatus(): TemplateResult {
    const { picture, link } = this.#state;
    if (picture.kind === "live") return html``;
    const stale = picture.kind === "stale";
    const busy = link.phase === "connecting" || (link.phase === "connected" && !stale);
    return html`
      <div class="status" role="status" aria-live="polite">
        <div class="card">
          ${busy && !stale ? html`<div class="spinner" aria-hidden="true"></div>` : nothing}
          ${stale ? html`<span class="age">This picture is ${ageInWords(Date.now() - picture.sinceEpochMs)} old</span>` : nothing}
          <h2>${picture.reason}</h2>
          <p>${linkInWords(link)}</p>
        </div>
      </div>
    `;
  }

  #connect(): void {
    if (this.#scope !== undefined || this.src === null || !this.isConnected) return;
    const surface = this.#element<HTMLElement>(".surface");
    const scope = new Scope();
    this.#scope = scope;
    const url = new URL(this.src, location.href);
    url.protocol = url.protocol === "https:" || url.protocol === "wss:" ? "wss:" : "ws:";
    this.#client = scope.add(
      new WorkerClient(
        {
          url: url.href,
          client: "page",
          forcedPainter: isPainterName(this.painter) ? this.painter : undefined,
          remembered: recallPainter(),
        },
        (message) => this.#receive(message),
      ),
    );
    this.#addCanvas();
    this.#giveFramePort();
    this.#client.send({ type: "watch", path: this.source ?? undefined });
    this.#client.send({ type: "view-only", viewOnly: this.viewOnly });
    this.#input = scope.add(
      new InputController(surface, this.#element("textarea"), {
        send: (draft, epochMs) => this.#send(draft, epochMs),
        toSource: (x, y) => this.#toSource(x, y),
        onZoom: ({ factor, x, y, dx, dy }) => this.#zoomBy(factor, x, y, dx, dy),
        onHover: (x, y) => this.#hover(x, y),
        onPaste: (text) => this.sendClipboard(text),
        onHotkey: (hotkey) => this.#hotkey(hotkey),
      }),
    );
    const observer = new ResizeObserver(() => this.#layout());
    observer.observe(surface);
    scope.defer(() => observer.disconnect());
    let inSight = true;
    const visibility = (): void =>
      this.#client?.send({ type: "visible", visible: inSight && document.visibilityState === "visible" });
    // A view that is hidden by its page, or scrolled away, needs no pictures.
    const sight = new IntersectionObserver(([entry]) => {
      inSight = entry?.isIntersecting ?? true;
      visibility();
    });
    sight.observe(this);
    scope.defer(() => sight.disconnect());
    document.addEventListener("visibilitychange", visibility);
    scope.defer(() => document.removeEventListener("visibilitychange", visibility));
  }

  #disconnect(): void {
    this.#scope?.close();
    this.#scope = undefined;
    this.#client = undefined;
    this.#input = undefined;
    this.#placement = undefined;
    clearInterval(this.#ageTimer);
    for (const canvas of this.renderRoot.querySelectorAll("canvas")) canvas.remove();
    this.#state = INITIAL_STATE;
  }

  #receive(message: WorkerToPage): void {
    switch (message.type) {
      case "canvas-needed":
        this.#addCanvas();
        return;
      case "canvas-ready":
        this.#removeCanvasesExcept(message.id);
        return;
      case "cursor":
        this.#setCursor(message.cursor);
        return;
      case "clipboard":
        void this.#receiveClipboard(message.text);
        return;
      case "notice":
        this.#emit("sightline-notice", { level: message.level, text: message.text });
        return;
    }
    const before = this.#state;
    this.#state = reduceState(before, message);
    if (message.type === "painter") rememberPainter(message.report);
    if (message.type === "control" && message.holder === "you") this.#input?.resetRelative();
    if (message.type === "control" && before.control === "you" && message.holder !== "you") this.#input?.releaseAll();
    if (message.type === "picture") {
      this.#watchAge();
      this.#layout();
      this.requestUpdate();
    }
    if (message.type === "link") this.requestUpdate();
    this.#emit("sightline-change", this.#state);
  }

  #giveFramePort(): void {
    const port = this.#framePort;
    if (port === undefined || this.#client === undefined) return;
    this.#framePort = undefined;
    this.#client.send({ type: "frames", port }, [port]);
  }

  #chooseSource(): void {
    this.#input?.releaseAll();
    this.#client?.send({ type: "watch", path: this.source ?? undefined });
  }

  #send(draft: InputDraft, epochMs: number): void {
    if (!this.viewOnly) this.#client?.send({ type: "input", draft, epochMs });
  }

  #hotkey(hotkey: Hotkey): void {
    if (hotkey.action === "release") this.releaseInput();
    this.#emit("sightline-hotkey", hotkey);
  }

  async #receiveClipboard(text: string): Promise<void> {
    let written = false;
    try {
      await navigator.clipboard.writeText(text);
      written = true;
    } catch {
      // Not allowed without focus or on plain HTTP: the page offers a button instead.
    }
    this.#emit("sightline-clipboard", { text, written });
  }

  #addCanvas(): void {
    const canvas = document.createElement("canvas");
    const id = this.#nextCanvas;
    this.#nextCanvas += 1;
    canvas.setAttribute("data-id", String(id));
    this.#element<HTMLElement>(".surface").append(canvas);
    this.#layout();
    const offscreen = canvas.transferControlToOffscreen();
    this.#client?.send({ type: "canvas", canvas: offscreen, id }, [offscreen]);
  }

  #removeCanvasesExcept(id: number): void {
    setTimeout(() => {
      for (const canvas of this.renderRoot.querySelectorAll("canvas")) {
        if (Number(canvas.getAttribute("data-id")) < id) canvas.remove();
      }
    }, CANVAS_OVERLAP_MS);
  }

  #setCursor({ url, hotspotX, hotspotY }: CursorImage): void {
    const cursor = url === undefined ? "none" : `url(${url}) ${hotspotX} ${hotspotY}, default`;
    this.#element<HTMLElement>(".surface").style.cursor = cursor;
  }

  #toSource(x: number, y: number): { x: number; y: number } | undefined {
    const { source, picture } = this.#state;
    if (this.#placement === undefined || picture.kind !== "live") return undefined;
    return toSource(this.#placement, source ?? picture, x, y);
  }

  #view(): View | undefined {
    const { picture } = this.#state;
    const surface = this.#element<HTMLElement>(".surface");
    if (picture.kind === "none" || surface.clientWidth === 0) return undefined;
    return {
      viewWidth: surface.clientWidth,
      viewHeight: surface.clientHeight,
      pictureWidth: picture.width,
      pictureHeight: picture.height,
      fit: this.fit,
      zoom: this.#zoom,
      ...this.#pan,
      pixelRatio: devicePixelRatio,
    };
  }

  #layout(): void {
    const view = this.hasUpdated ? this.#view() : undefined;
    if (view === undefined) return;
    this.#placement = placePicture(view);
    const { left, top, width, height } = this.#placement;
    for (const { style } of this.renderRoot.querySelectorAll("canvas")) {
      style.left = `${left}px`;
      style.top = `${top}px`;
      style.width = `${width}px`;
      style.height = `${height}px`;
    }
  }

  #zoomBy(factor: number, x: number, y: number, dx: number, dy: number): void {
    const view = this.#view();
    if (view === undefined) return;
    const zoom = Math.min(MAX_ZOOM, Math.max(1, this.#zoom * factor));
    const applied = zoom / this.#zoom;
    const keep = (pan: number, point: number, extent: number, delta: number): number =>
      (pan - (point - extent / 2)) * applied + (point - extent / 2) + delta;
    const panX = keep(view.panX, x, view.viewWidth, dx);
    const panY = keep(view.panY, y, view.viewHeight, dy);
    this.#zoom = zoom;
    this.#pan = clampPan({ ...view, zoom, panX, panY });
    this.#layout();
  }

  #hover(x: number, y: number): void {
    if (this.fit !== "one-to-one" && this.#zoom === 1) return;
    const view = this.#view();
    if (view === undefined) return;
    this.#pan = panUnderPointer(view, x, y);
    this.#layout();
  }

  /** Only an old picture has an age to count. */
  #watchAge(): void {
    clearInterval(this.#ageTimer);
    if (this.#state.picture.kind === "stale") this.#ageTimer = setInterval(() => this.requestUpdate(), 1000);
  }

  #element<T extends Element>(selector: string): T {
    const element = this.renderRoot.querySelector<T>(selector);
    if (element === null) throw new Error(`The view has no "${selector}".`);
    return element;
  }

  #emit<Name extends keyof ViewEvents>(name: Name, detail: ViewEvents[Name]): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** What `exportTimings` gives. */
export type ExportedTimings = Pick<ViewState, "stream" | "performance" | "painter" | "decoding"> & {
  readonly takenAt: string;
  readonly browser: string;
  readonly source: string | undefined;
  readonly timings: TimingReport;
};

function linkInWords(link: ViewState["link"]): string {
  switch (link.phase) {
    case "connecting":
      return link.attempt === 0 ? "Connecting to the hub…" : `Connecting again (attempt ${link.attempt})…`;
    case "waiting":
      return `Trying again in ${(link.retryInMs / 1000).toFixed(1)} s (attempt ${link.attempt}).`;
    case "connected":
      return "Connected to the hub; the picture comes back by itself.";
    case "refused":
      return link.reason;
    case "closed":
      return "Closed.";
  }
}

function nowEpochMs(): number {
  return performance.timeOrigin + performance.now();
}

customElements.define("sightline-view", SightlineView);

declare global {
  interface HTMLElementTagNameMap {
    "sightline-view": SightlineView;
  }
}
