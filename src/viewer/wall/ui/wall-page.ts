import { html, LitElement, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { SourceInfo } from "../../../protocol/index.ts";
import { isPainterName } from "../../render/index.ts";
import {
  applyTheme,
  checkSession,
  controlStyles,
  icon,
  openSession,
  pageStyles,
  recallPainter,
  recallTheme,
  type SignIn,
} from "../../ui/index.ts";
import { mayChangeCameras } from "../cameras/camera-api.ts";
import type { CameraManager } from "../cameras/camera-manager.ts";
import type { PublishDialog } from "../cameras/publish-dialog.ts";
import { WallModel } from "../state/wall-model.ts";
import { bestColumns, columnsOf, tilesPerPage } from "../state/wall-view.ts";
import { renderFigures } from "./figures-panel.ts";
import { TilePlaces } from "./tile-places.ts";
import { type BarActions, renderBar, renderFilters } from "./wall-bar.ts";
import { KEYS, WallKeys } from "./wall-keys.ts";
import { wallStyles } from "./wall-styles.ts";
import type { WallTileElement } from "./wall-tile.ts";
import "./wall-tile.ts";
import "../cameras/camera-manager.ts";
import "../cameras/publish-dialog.ts";
import "../motion/motion-events.ts";
import "../motion/motion-tuner.ts";

type Phase = "starting" | "sign-in" | "ready";
type Toast = { readonly id: number; readonly text: string };

const TICK_MS = 500;
const TOAST_MS = 6000;
/** Tiles may become this much smaller than the columns allow before the grid scrolls. */
const SQUEEZE = 0.6;
/** Tiles narrower than this are not worth looking at: the grid then scrolls. */
const MIN_TILE_WIDTH = 150;

/** `<wall-page>`: all sources at once. */
export class WallPage extends LitElement {
  static override readonly styles = [controlStyles, pageStyles, wallStyles];

  #phase: Phase = "starting";
  #signInError = "";
  #model: WallModel | undefined;
  #administrator = false;
  #panelOpen = false;
  #eventsOpen = false;
  #tuned: string | undefined;
  #toasts: readonly Toast[] = [];
  #nextToast = 1;
  #box = { width: 1280, height: 720 };
  #tick: ReturnType<typeof setInterval> | undefined;
  readonly #places = new TilePlaces((path, box) => this.#model?.placeTile(path, box));
  #stageBox: Element | null = null;
  readonly #stage = new ResizeObserver((entries) => {
    const entry = entries.findLast(({ target }) => target === this.#stageBox);
    if (entry === undefined) return;
    this.#box = { width: entry.contentRect.width, height: entry.contentRect.height };
    this.requestUpdate();
  });
  readonly #keys = new WallKeys({
    model: () => this.#model,
    focusTile: (index) => this.#tiles[index]?.focus(),
    focusedTile: () => this.#tiles.indexOf(this.shadowRoot?.activeElement as WallTileElement),
    columns: () => this.#columns,
    toggleFullScreen: () => void this.#toggleFullScreen(),
    focusSearch: () => this.renderRoot.querySelector<HTMLInputElement>(".search input")?.focus(),
    isBusy: () => this.#tuned !== undefined || this.renderRoot.querySelector("dialog[open]") !== null,
  });

  readonly #actions: BarActions = {
    toggleFullScreen: () => void this.#toggleFullScreen(),
    togglePanel: () => this.#set(() => (this.#panelOpen = !this.#panelOpen)),
    toggleEvents: () => this.#set(() => (this.#eventsOpen = !this.#eventsOpen)),
    openCameras: () => this.#manager?.open(),
    publish: () => (this.renderRoot.querySelector("wall-publish") as PublishDialog | null)?.open(),
    copyAddress: () => void this.#copyAddress(),
    openKeys: () => this.renderRoot.querySelector<HTMLDialogElement>("#keys-dialog")?.showModal(),
  };

  /** What there is to show and how; undefined before somebody is signed in. */
  get model(): WallModel | undefined {
    return this.#model;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    applyTheme(recallTheme());
    document.addEventListener("fullscreenchange", this.#changed);
    document.addEventListener("visibilitychange", this.#visibilityChanged);
    window.addEventListener("hashchange", this.#addressChanged);
    window.addEventListener("keydown", this.#keys);
    void this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("fullscreenchange", this.#changed);
    document.removeEventListener("visibilitychange", this.#visibilityChanged);
    window.removeEventListener("hashchange", this.#addressChanged);
    window.removeEventListener("keydown", this.#keys);
    clearInterval(this.#tick);
    this.#stage.disconnect();
    this.#places.close();
    this.#model?.close();
    this.#model = undefined;
  }

  protected override updated(): void {
    const box = this.renderRoot.querySelector(".tiles-box");
    if (box !== this.#stageBox) {
      this.#stage.disconnect();
      this.#stageBox = box;
      if (box !== null) this.#stage.observe(box);
    }
    this.#places.follow(this.#tiles, box);
    const model = this.#model;
    for (const { element, canvas, id } of this.#places.newCanvases()) {
      model?.addCanvas(element.source.path, canvas, id);
    }
  }

  protected override render(): TemplateResult {
    const model = this.#model;
    if (this.#phase === "sign-in") return this.#renderSignIn();
    if (model === undefined) return html`<div class="app"></div>`;
    const fullScreen = document.fullscreenElement !== null;
    const bar = {
      administrator: this.#administrator,
      panelOpen: this.#panelOpen,
      eventsOpen: this.#eventsOpen,
      fullScreen,
    };
    const bare = model.view.kiosk || fullScreen;
    return html`
      <div class="app wall ${fullScreen ? "full-screen" : ""} ${model.view.kiosk ? "kiosk" : ""}">
        <div class="edge"></div>
        ${renderBar(model, bar, this.#actions)}
        <main class="stage">
          ${bare || model.enlarged !== undefined ? nothing : renderFilters(model)} ${this.#renderTiles(model)}
          ${this.#panelOpen ? renderFigures(model, this.#actions.togglePanel) : nothing} ${this.#renderEvents(model)}
          ${this.#renderToasts()}
        </main>
      </div>
      ${this.#renderDialogs(model)}
    `;
  }

  get #tiles(): WallTileElement[] {
    return [...this.renderRoot.querySelectorAll("wall-tile")] as WallTileElement[];
  }

  get #manager(): CameraManager | null {
    return this.renderRoot.querySelector("wall-cameras");
  }

  get #columns(): number {
    const model = this.#model;
    if (model === undefined) return 1;
    const { view, shown } = model;
    const { width, height } = this.#box;
    if (view.columns !== undefined) return view.columns;
    if (view.layout === "auto") {
      const columns = bestColumns(shown.length, width, height);
      return width / columns < MIN_TILE_WIDTH ? Math.max(1, Math.floor(width / MIN_TILE_WIDTH)) : columns;
    }
    return Math.max(1, Math.min(columnsOf(view.layout), Math.floor(width / MIN_TILE_WIDTH)));
  }

  get #gap(): number {
    return this.#model?.view.kiosk || document.fullscreenElement !== null ? 3 : 8;
  }

  #renderTiles(model: WallModel): TemplateResult {
    const { shown, enlarged, view } = model;
    // A tour or an arrow may have enlarged one that a search hides.
    const large = model.sources.find(({ path }) => path === enlarged);
    const tiles = large === undefined || shown.includes(large) ? shown : [...shown, large];
    if (tiles.length === 0) return this.#renderNothing(model);
    const slots = view.layout === "auto" ? shown.length : tilesPerPage(view.layout);
    const { columns, rows, width, height, scrolls } = gridOf(slots, this.#columns, this.#box, this.#gap);
    const grid = `--gap: ${this.#gap}px; grid-template: repeat(${rows}, ${height}px) / repeat(${columns}, ${width}px)`;
    return html`
      <div class="tiles-box ${large === undefined ? "" : "large"}" tabindex="-1">
        <div class="tiles ${scrolls ? "scrolls" : ""}" style=${grid}>
          ${repeat(
            tiles,
            ({ path }) => path,
            (source) => this.#renderTile(model, source),
          )}
        </div>
      </div>
    `;
  }

  #renderTile(model: WallModel, source: SourceInfo): TemplateResult {
    const enlarged = model.enlarged === source.path;
    return html`
      <wall-tile
        .source=${source}
        .status=${model.statusOf(source)}
        .report=${model.reportOf(source.path)}
        .enlarged=${enlarged}
        .moving=${model.isMoving(source.path)}
        .tunable=${this.#administrator}
        @enlarge=${() => model.enlarge(source.path)}
        @shrink=${() => this.#shrink(model)}
        @motion=${() => this.#set(() => (this.#tuned = source.path))}
        @edit=${() => this.#manager?.open(source.agent)}
      >
        ${
          enlarged && this.#tuned === source.path
            ? html`<wall-motion .source=${source} .events=${model.events} @close=${() => this.#set(() => (this.#tuned = undefined))}></wall-motion>`
            : nothing
        }
      </wall-tile>
    `;
  }

  #renderNothing(model: WallModel): TemplateResult {
    const { sources, link } = model;
    const none = sources.length === 0;
    return html`
      <div class="tiles-box">
        <div class="nothing">
          <b>${none ? (link.phase === "connected" ? "Nothing to show yet" : "Connecting") : "Nothing found"}</b>
          <p>${none ? "Cameras and screens appear here as soon as the hub has them." : "No source of this group has these words in its name."}</p>
          ${
            none && this.#administrator
              ? html`<button class="primary" @click=${this.#actions.openCameras}>Add a camera</button>`
              : none
                ? nothing
                : html`<button class="quiet" @click=${() => this.#showAll(model)}>Show all</button>`
          }
        </div>
      </div>
    `;
  }

  #renderEvents(model: WallModel): TemplateResult | typeof nothing {
    if (!this.#eventsOpen) return nothing;
    return html`
      <wall-events
        .sources=${model.sources}
        .events=${model.events}
        .administrator=${this.#administrator}
        @choose=${(event: CustomEvent<string>) => model.enlarge(event.detail)}
        @close=${this.#actions.toggleEvents}
      ></wall-events>
    `;
  }

  #renderToasts(): TemplateResult {
    return html`
      <div class="toasts" role="status" aria-live="polite">
        ${this.#toasts.map(
          ({ id, text }) => html`
            <div class="toast">
              <p>${text}</p>
              <button class="square" aria-label="Dismiss" @click=${() => this.#dismiss(id)}>${icon("close")}</button>
            </div>
          `,
        )}
      </div>
    `;
  }

  #renderDialogs(model: WallModel): TemplateResult {
    return html`
      ${this.#administrator ? html`<wall-cameras .sources=${model.sources}></wall-cameras><wall-publish></wall-publish>` : nothing}
      <dialog id="keys-dialog" aria-labelledby="keys-title">
        <form method="dialog">
          <h2 id="keys-title">Keyboard shortcuts</h2>
          <table class="keys">
            ${KEYS.map(([keys, what]) => html`<tr><td>${keys}</td><td>${what}</td></tr>`)}
          </table>
          <div class="row"><button class="primary">Done</button></div>
        </form>
      </dialog>
    `;
  }

  #renderSignIn(): TemplateResult {
    const submit = (event: SubmitEvent): void => {
      event.preventDefault();
      const token = String(new FormData(event.target as HTMLFormElement).get("token") ?? "").trim();
      void openSession(token).then((result) => this.#afterSignIn(result, "The hub does not accept this token."));
    };
    return html`
      <div class="sign-in">
        <form @submit=${submit}>
          <h1>Sightline wall</h1>
          <p>Open the address that the hub printed when it started, or paste its token here.</p>
          <input name="token" type="password" aria-label="Token" placeholder="Token" autocomplete="current-password" required autofocus />
          ${this.#signInError === "" ? nothing : html`<p class="error" role="alert">${this.#signInError}</p>`}
          <button class="primary">Sign in</button>
        </form>
      </div>
    `;
  }

  async #start(): Promise<void> {
    const token = takeToken();
    const result = token === undefined ? await checkSession() : await openSession(token);
    this.#afterSignIn(result, token === undefined ? "" : "The hub does not accept this token.");
  }

  #afterSignIn(result: SignIn, refusal: string): void {
    this.#phase = result === "refused" ? "sign-in" : "ready";
    this.#signInError = result === "refused" ? refusal : "";
    if (this.#phase === "ready" && this.#model === undefined) this.#open();
    this.requestUpdate();
  }

  #open(): void {
    const asked = new URLSearchParams(location.search).get("painter");
    const painter = isPainterName(asked) ? asked : recallPainter()?.painter;
    this.#model = new WallModel({
      painter,
      onChange: () => this.#modelChanged(),
      onNotice: (text) => this.#toast(text),
      onCanvasNeeded: (path) => this.#places.forgetCanvas(path),
      onCanvasReady: (path, id) => this.#tiles.find(({ source }) => source.path === path)?.showCanvas(id),
      onEvent: () => undefined,
    });
    // Ages tick although nothing comes.
    this.#tick = setInterval(() => this.requestUpdate(), TICK_MS);
    void mayChangeCameras().then((may) => this.#set(() => (this.#administrator = may)));
  }

  #modelChanged(): void {
    if (this.#model?.link.phase === "refused") {
      this.#model.close();
      this.#model = undefined;
      this.#phase = "sign-in";
    }
    this.requestUpdate();
  }

  #shrink(model: WallModel): void {
    const path = model.enlarged;
    this.#tuned = undefined;
    model.enlarge(undefined);
    void this.updateComplete.then(() => this.#tiles.find(({ source }) => source.path === path)?.focus());
  }

  #showAll(model: WallModel): void {
    model.search("");
    model.setView({ group: "" });
  }

  async #toggleFullScreen(): Promise<void> {
    try {
      if (document.fullscreenElement === null) await this.requestFullscreen({ navigationUI: "hide" });
      else await document.exitFullscreen();
    } catch {
      this.#toast("This browser does not allow full screen here.");
    }
  }

  async #copyAddress(): Promise<void> {
    const address = location.href;
    try {
      await navigator.clipboard.writeText(address);
      this.#toast("The address of this view is in your clipboard. Add kiosk=1 for a display without controls.");
    } catch {
      this.#toast(address);
    }
  }

  readonly #changed = (): void => this.requestUpdate();

  readonly #visibilityChanged = (): void => this.#model?.setHidden(document.visibilityState === "hidden");

  readonly #addressChanged = (): void => {
    if (new URLSearchParams(location.hash.slice(1)).has("token")) void this.#start();
    else this.#model?.readAddress();
  };

  #toast(text: string): void {
    const id = this.#nextToast;
    this.#nextToast += 1;
    this.#set(() => (this.#toasts = [...this.#toasts.filter((toast) => toast.text !== text), { id, text }].slice(-4)));
    setTimeout(() => this.#dismiss(id), TOAST_MS);
  }

  #dismiss(id: number): void {
    this.#set(() => (this.#toasts = this.#toasts.filter((toast) => toast.id !== id)));
  }

  #set(change: () => void): void {
    change();
    this.requestUpdate();
  }
}

/** Tiles as large as fit, all in the shape of most pictures; where they would be too small, the grid scrolls. */
function gridOf(
  slots: number,
  columns: number,
  box: { readonly width: number; readonly height: number },
  gap: number,
): { columns: number; rows: number; width: number; height: number; scrolls: boolean } {
  const rows = Math.max(1, Math.ceil(slots / columns));
  const widest = Math.max(40, (box.width - gap * (columns + 1)) / columns);
  const highest = (box.height - gap * (rows + 1)) / rows;
  const scrolls = highest < widest * (9 / 16) * SQUEEZE;
  const width = scrolls ? widest : Math.min(widest, highest * (16 / 9));
  return { columns, rows, width: Math.floor(width), height: Math.floor((width * 9) / 16), scrolls };
}

/** Takes the token out of the address, so that it stays neither visible nor in the history; the view stays. */
function takeToken(): string | undefined {
  const fields = new URLSearchParams(location.hash.slice(1));
  const token = fields.get("token");
  if (token === null || token === "") return undefined;
  fields.delete("token");
  const rest = fields.toString();
  history.replaceState(null, "", location.pathname + location.search + (rest === "" ? "" : `#${rest}`));
  return token;
}

customElements.define("wall-page", WallPage);
