import { html, LitElement, nothing, type TemplateResult } from "lit";
import { type FitMode, HOTKEYS, type Hotkey } from "../input/index.ts";
import { controlStyles } from "./control-styles.ts";
import { icon } from "./icons.ts";
import { pageStyles } from "./page-styles.ts";
import { checkSession, createViewOnlyLink, openSession, type SignIn } from "./session-api.ts";
import type { SightlineView, ViewEvents } from "./sightline-view.ts";
import { applyTheme, recallTheme, type Theme } from "./theme.ts";
import { renderToolbar, type ToolbarActions } from "./toolbar.ts";
import { TunnelsController } from "./tunnels-controller.ts";
import "./sightline-view.ts";
import "./latency-panel.ts";
import "./source-list.ts";

type Phase = "starting" | "sign-in" | "ready";

type Toast = {
  readonly id: number;
  readonly level: "info" | "warning" | "error";
  readonly text: string;
  readonly button?: { readonly label: string; readonly run: () => void };
};

const TOAST_MS = 6000;
const MAX_TOASTS = 4;
const SESSION_RECHECK_MS = 2000;
const HINT_MS = 4000;

/** `<sightline-page>`: the whole page. It signs in, lists the screens, and puts controls around `<sightline-view>`. */
export class SightlinePage extends LitElement {
  static override readonly styles = [controlStyles, pageStyles];

  #phase: Phase = "starting";
  #signInError = "";
  #listOpen = window.matchMedia("(min-width: 1100px)").matches;
  #panelOpen = false;
  #fit: FitMode = "fit";
  #theme: Theme = recallTheme();
  #chosen: string | undefined = new URLSearchParams(location.search).get("source") ?? undefined;
  #toasts: readonly Toast[] = [];
  #nextToast = 1;
  #hintFaded = false;
  #hintTimer: ReturnType<typeof setTimeout> | undefined;
  #recheckTimer: ReturnType<typeof setTimeout> | undefined;

  readonly #actions: ToolbarActions = {
    toggleList: () => this.#set(() => (this.#listOpen = !this.#listOpen)),
    togglePanel: () => this.#set(() => (this.#panelOpen = !this.#panelOpen)),
    pressKeys: (codes) => this.#onView((view) => view.pressKeys(codes)),
    typeClipboard: () => void this.#typeClipboard(),
    openTextDialog: () => this.#dialog("text-dialog")?.showModal(),
    openKeysDialog: () => this.#dialog("keys-dialog")?.showModal(),
    showSoftKeyboard: () => this.#view?.captureKeyboard(true),
    setFit: (fit) => this.#onView(() => this.#set(() => (this.#fit = fit))),
    resetZoom: () => this.#onView((view) => view.resetZoom()),
    lockPointer: () => void this.#lockPointer(),
    releaseInput: () => this.#view?.releaseInput(),
    toggleFullScreen: () => void this.#toggleFullScreen(),
    takeControl: (take) => this.#onView((view) => view.takeControl(take)),
    setTheme: (theme) => {
      this.#theme = theme;
      applyTheme(theme);
      this.requestUpdate();
    },
    copyViewOnlyLink: () => void this.#copyViewOnlyLink(),
  };

  readonly #tunnels = new TunnelsController({
    requestUpdate: () => this.requestUpdate(),
    toast: (level, text) => this.#toast(level, text),
    copied: (detail) => this.#copied(detail),
    toggleList: this.#actions.toggleList,
    closeDrawer: () => this.#closeDrawer(),
    toggleFullScreen: this.#actions.toggleFullScreen,
    openTextDialog: this.#actions.openTextDialog,
  });

  override connectedCallback(): void {
    super.connectedCallback();
    applyTheme(this.#theme);
    document.addEventListener("fullscreenchange", this.#fullScreenChanged);
    window.addEventListener("hashchange", this.#tokenArrived);
    void this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("fullscreenchange", this.#fullScreenChanged);
    window.removeEventListener("hashchange", this.#tokenArrived);
    clearTimeout(this.#recheckTimer);
    clearTimeout(this.#hintTimer);
  }

  protected override render(): TemplateResult {
    if (this.#phase === "sign-in") return this.#renderSignIn();
    if (this.#phase === "starting") return html`<div class="app"></div>`;
    const fullScreen = document.fullscreenElement !== null;
    const classes = `app ${this.#listOpen && !fullScreen ? "with-list" : ""} ${fullScreen ? "full-screen" : ""}`;
    return html`
      <div class=${classes}>
        <div class="edge"></div>
        ${this.#renderBar(fullScreen)} ${this.#renderList()}
        <main>
          <sightline-view
            src="/api/viewer"
            ?hidden=${this.#tunnels.shown !== undefined}
            .source=${this.#chosen ?? null}
            .fit=${this.#fit}
            .painter=${new URLSearchParams(location.search).get("painter")}
            @sightline-change=${this.#viewChanged}
            @sightline-hotkey=${(event: CustomEvent<Hotkey>) => this.#hotkey(event.detail)}
            @sightline-notice=${({ detail }: CustomEvent<ViewEvents["sightline-notice"]>) => this.#toast(detail.level, detail.text)}
            @sightline-clipboard=${({ detail }: CustomEvent<ViewEvents["sightline-clipboard"]>) => this.#copied(detail)}
            @focusin=${this.#showHint}
            @focusout=${() => this.requestUpdate()}
            @pointerdown=${this.#pressedStage}
          ></sightline-view>
          ${this.#tunnels.renderStage()} ${this.#renderEscape()} ${this.#renderPanel()} ${this.#renderToasts()}
        </main>
      </div>
      ${this.#renderDialogs()}
    `;
  }

  get #view(): SightlineView | null {
    return this.renderRoot.querySelector("sightline-view");
  }

  #renderBar(fullScreen: boolean): TemplateResult | typeof nothing {
    const view = this.#view;
    if (view === null) {
      // The view is created by this very render; its state comes with the next one.
      queueMicrotask(() => this.requestUpdate());
      return html`<header class="bar"></header>`;
    }
    const { shown } = this.#tunnels;
    if (shown !== undefined) return this.#tunnels.renderBar(shown, this.#listOpen);
    return renderToolbar(
      {
        state: view.state,
        listOpen: this.#listOpen,
        panelOpen: this.#panelOpen,
        fit: this.#fit,
        theme: this.#theme,
        fullScreen,
      },
      this.#actions,
    );
  }

  #renderList(): TemplateResult {
    const state = this.#view?.state;
    return html`
      <nav class="list" id="screens" aria-label="Screens">
        <div class="list-inner">
          <sightline-sources
            .sources=${state?.sources ?? []}
            .current=${this.#tunnels.shown === undefined ? (this.#chosen ?? state?.source?.path) : undefined}
            @choose=${(event: CustomEvent<string>) => this.#choose(event.detail)}
          ></sightline-sources>
          ${this.#tunnels.renderList(state?.sources ?? [])}
          <a class="wall-link" href="/wall/">${icon("wall")} Wall and cameras</a>
          <a class="wall-link" href="/studio/">${icon("studio")} Studio</a>
          <div class="brand">${state?.link.phase === "connected" ? `${state.link.hub} · Sightline ${state.link.version}` : "Sightline"}</div>
        </div>
      </nav>
    `;
  }

  #renderEscape(): TemplateResult | typeof nothing {
    if (!(this.#view?.capturing ?? false)) return nothing;
    return html`
      <button class="escape ${this.#hintFaded ? "faded" : ""}" @click=${this.#actions.releaseInput}>
        ${icon("release")} Keys go to the remote machine. Ctrl+Alt+Shift+Q gives them back
      </button>
    `;
  }

  #renderPanel(): TemplateResult | typeof nothing {
    const view = this.#view;
    if (!this.#panelOpen || view === null) return nothing;
    return html`
      <section class="panel" aria-label="Latency">
        <sightline-latency
          .state=${view.state}
          @close=${this.#actions.togglePanel}
          @reset=${() => view.clearTimings()}
          @export=${() => void this.#exportTimings(view)}
        ></sightline-latency>
      </section>
    `;
  }

  #renderToasts(): TemplateResult {
    const show = ({ id, level, text, button }: Toast): TemplateResult => html`
      <div class="toast ${level}">
        <p>${text}</p>
        ${button === undefined ? nothing : html`<button class="primary" @click=${() => this.#press(id, button.run)}>${button.label}</button>`}
        <button class="square" aria-label="Dismiss" @click=${() => this.#dismiss(id)}>${icon("close")}</button>
      </div>
    `;
    return html`<div class="toasts" role="status" aria-live="polite">${this.#toasts.map(show)}</div>`;
  }

  #renderDialogs(): TemplateResult {
    return html`
      <dialog id="text-dialog" aria-labelledby="text-title">
        <form method="dialog">
          <h2 id="text-title">Write a text</h2>
          <p>It is typed on the remote machine as it is, or put into its clipboard.</p>
          <textarea aria-label="Text for the remote machine"></textarea>
          <div class="row">
            <button class="quiet" value="cancel">Cancel</button>
            <button class="quiet" @click=${() => this.#useText((view, text) => view.sendClipboard(text))}>To its clipboard</button>
            <button class="primary" @click=${() => this.#useText((view, text) => view.typeText(text))}>Type it</button>
          </div>
        </form>
      </dialog>
      <dialog id="keys-dialog" aria-labelledby="keys-title">
        <form method="dialog">
          <h2 id="keys-title">Keyboard shortcuts</h2>
          <p>These stay on this computer. All other keys go to the remote machine while its screen has the focus.</p>
          <table class="keys">
            ${HOTKEYS.map(({ keys, what }) => html`<tr><td>${keys}</td><td>${what}</td></tr>`)}
          </table>
          <div class="row"><button class="primary">Done</button></div>
        </form>
      </dialog>
    `;
  }

  #renderSignIn(): TemplateResult {
    const submit = (event: SubmitEvent): void => {
      event.preventDefault();
      const token = new FormData(event.target as HTMLFormElement).get("token");
      void this.#signIn(String(token ?? "").trim());
    };
    return html`
      <div class="sign-in">
        <form @submit=${submit}>
          <h1>Sightline</h1>
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
    if (token !== undefined) await this.#signIn(token);
    else this.#afterSignIn(await checkSession(), "");
  }

  readonly #tokenArrived = (): void => {
    const token = takeToken();
    if (token !== undefined) void this.#signIn(token);
  };

  async #signIn(token: string): Promise<void> {
    this.#afterSignIn(
      await openSession(token),
      "The hub does not accept this token. View-only links end when the hub restarts.",
    );
  }

  #afterSignIn(result: SignIn, refusal: string): void {
    clearTimeout(this.#recheckTimer);
    this.#set(() => {
      this.#phase = result === "refused" ? "sign-in" : "ready";
      this.#signInError = result === "refused" ? refusal : "";
    });
  }

  readonly #viewChanged = (event: CustomEvent<ViewEvents["sightline-change"]>): void => {
    this.requestUpdate();
    const { link } = event.detail;
    if (link.phase === "refused") this.#set(() => (this.#phase = "sign-in"));
    // A hub with another token, or one that restarted and forgot its links, refuses the cookie, which looks like a network failure to a WebSocket.
    if (link.phase === "waiting") {
      this.#recheckTimer ??= setTimeout(() => {
        this.#recheckTimer = undefined;
        void this.#recheck();
      }, SESSION_RECHECK_MS);
    }
  };

  async #recheck(): Promise<void> {
    if (this.#view?.state.link.phase !== "connected" && (await checkSession()) === "refused") {
      this.#afterSignIn("refused", "The hub was restarted. Open the address that it printed, or paste its token.");
    }
  }

  #choose(path: string): void {
    this.#tunnels.leave();
    this.#set(() => {
      this.#chosen = path;
      this.#closeDrawer();
    });
    this.#view?.captureKeyboard(false);
  }

  /** On a phone the list of screens lies over the stage. */
  #closeDrawer(): void {
    if (!window.matchMedia("(min-width: 701px)").matches) this.#listOpen = false;
  }

  #hotkey(hotkey: Hotkey): void {
    if (hotkey.action === "full-screen") void this.#toggleFullScreen();
    if (hotkey.action === "release") {
      if (document.fullscreenElement !== null) void document.exitFullscreen();
      this.requestUpdate();
    }
    const state = this.#view?.state;
    if (state === undefined) return;
    const { sources } = state;
    const current = sources.findIndex(({ path }) => path === (this.#chosen ?? state.source?.path));
    if (hotkey.action === "next-source" && sources.length > 0) {
      const next = sources[(Math.max(0, current) + hotkey.step + sources.length) % sources.length];
      if (next !== undefined) this.#choose(next.path);
    }
    const chosen = hotkey.action === "source" ? sources[hotkey.index] : undefined;
    if (chosen !== undefined) this.#choose(chosen.path);
  }

  readonly #fullScreenChanged = (): void => {
    this.requestUpdate();
    const { keyboard } = navigator as Navigator & { keyboard?: { lock?(): Promise<void>; unlock?(): void } };
    if (document.fullscreenElement === null) keyboard?.unlock?.();
    // Without a lock, Esc and Meta stay with this computer; the rest works all the same.
    else keyboard?.lock?.().catch(() => undefined);
  };

  async #toggleFullScreen(): Promise<void> {
    if (document.fullscreenElement !== null) {
      await document.exitFullscreen();
      return;
    }
    try {
      await this.requestFullscreen({ navigationUI: "hide" });
      this.#view?.captureKeyboard(false);
      this.#toast("info", "Ctrl+Alt+Shift+Q leaves full screen. The bar is at the top edge.");
    } catch {
      this.#toast("warning", "This browser does not allow full screen here.");
    }
  }

  async #lockPointer(): Promise<void> {
    try {
      await this.#view?.lockPointer();
      this.#toast("info", "The pointer is locked to the screen. Ctrl+Alt+Shift+Q gives it back.");
    } catch {
      this.#toast("warning", "This browser does not lock the pointer here.");
    }
  }

  async #typeClipboard(): Promise<void> {
    try {
      const text = await navigator.clipboard.readText();
      this.#onView((view) => view.typeText(text));
    } catch {
      this.#dialog("text-dialog")?.showModal();
      this.#toast("info", "This browser keeps its clipboard closed. Paste the text into the field.");
    }
  }

  #useText(use: (view: SightlineView, text: string) => void): void {
    const field = this.#dialog("text-dialog")?.querySelector("textarea");
    if (field == null) return;
    const text = field.value;
    field.value = "";
    if (this.#tunnels.shown !== undefined) this.#tunnels.sendText(text);
    else this.#onView((view) => use(view, text));
  }

  async #copyViewOnlyLink(): Promise<void> {
    const path = this.#view?.state.source?.path;
    try {
      const link = await createViewOnlyLink(path === undefined ? [] : [path]);
      await this.#copy(link, "The view-only link is in your clipboard.");
    } catch (error) {
      this.#toast("error", error instanceof Error ? error.message : "The link could not be made.");
    }
  }

  #copied({ text, written }: ViewEvents["sightline-clipboard"]): void {
    if (written) return;
    const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    const run = (): void => void this.#copy(text, "Copied.");
    this.#toast("info", `Copied on the remote machine: “${short}”`, { label: "Copy", run });
  }

  async #copy(text: string, done: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.#toast("info", done);
    } catch {
      this.#toast("info", text);
    }
  }

  async #exportTimings(view: SightlineView): Promise<void> {
    const json = JSON.stringify(await view.exportTimings(), null, 2);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([json], { type: "application/json" }));
    link.download = `sightline-timings-${new Date().toISOString().replaceAll(":", "-").slice(0, 19)}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  readonly #showHint = (): void => {
    clearTimeout(this.#hintTimer);
    this.#set(() => (this.#hintFaded = false));
    this.#hintTimer = setTimeout(() => this.#set(() => (this.#hintFaded = true)), HINT_MS);
  };

  /** On a phone, touching the picture puts the list of screens away. */
  readonly #pressedStage = (): void => {
    if (this.#listOpen && !window.matchMedia("(min-width: 701px)").matches) this.#actions.toggleList();
  };

  #toast(level: Toast["level"], text: string, button?: Toast["button"]): void {
    const id = this.#nextToast;
    this.#nextToast += 1;
    const toast = { id, level, text, ...(button === undefined ? {} : { button }) };
    const others = this.#toasts.filter((other) => other.text !== text);
    this.#set(() => (this.#toasts = [...others, toast].slice(-MAX_TOASTS)));
    setTimeout(() => this.#dismiss(id), button === undefined ? TOAST_MS : TOAST_MS * 2);
  }

  #press(id: number, run: () => void): void {
    run();
    this.#dismiss(id);
  }

  #dismiss(id: number): void {
    this.#set(() => (this.#toasts = this.#toasts.filter((toast) => toast.id !== id)));
  }

  #dialog(id: string): HTMLDialogElement | null {
    return this.renderRoot.querySelector<HTMLDialogElement>(`#${id}`);
  }

  /** Does something to the view and gives it the keyboard back, which the menu had taken. */
  #onView(action: (view: SightlineView) => void): void {
    const view = this.#view;
    if (view === null) return;
    action(view);
    view.captureKeyboard(false);
  }

  #set(change: () => void): void {
    change();
    this.requestUpdate();
  }
}

/** Takes the token out of the address, so that it stays neither visible nor in the history. */
function takeToken(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null || token === "") return undefined;
  history.replaceState(null, "", location.pathname + location.search);
  return token;
}

customElements.define("sightline-page", SightlinePage);
