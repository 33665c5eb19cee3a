import { html, nothing, type TemplateResult } from "lit";
import type { Tier } from "../../protocol/index.ts";
import { COMBINATIONS, type FitMode } from "../input/index.ts";
import { icon } from "./icons.ts";
import { THEMES, type Theme } from "./theme.ts";
import type { ViewState } from "./view-state.ts";

/** What the toolbar can ask of the page. */
export type ToolbarActions = {
  toggleList(): void;
  togglePanel(): void;
  pressKeys(codes: readonly string[]): void;
  typeClipboard(): void;
  openTextDialog(): void;
  openKeysDialog(): void;
  showSoftKeyboard(): void;
  setFit(fit: FitMode): void;
  resetZoom(): void;
  lockPointer(): void;
  releaseInput(): void;
  toggleFullScreen(): void;
  takeControl(take: boolean): void;
  setTheme(theme: Theme): void;
  copyViewOnlyLink(): void;
};

export type ToolbarModel = {
  readonly state: ViewState;
  readonly listOpen: boolean;
  readonly panelOpen: boolean;
  readonly fit: FitMode;
  readonly theme: Theme;
  readonly fullScreen: boolean;
};

const FITS: ReadonlyArray<readonly [FitMode, string]> = [
  ["fit", "Fit the window"],
  ["one-to-one", "One to one"],
  ["stretch", "Stretch"],
];

const THEME_LABELS: Readonly<Record<Theme, string>> = { system: "As the system", dark: "Dark", light: "Light" };

const TIER_LABELS: Readonly<Record<Tier, string>> = { ultra: "Ultra", standard: "Standard", emergency: "Emergency" };

/** The bar above the picture: what is shown, who drives it, and what can be done. */
export function renderToolbar(model: ToolbarModel, actions: ToolbarActions): TemplateResult {
  const { state } = model;
  const input = canDrive(state);
  return html`
    <header class="bar">
      <button
        class="square"
        aria-label="Screens"
        title="Screens"
        aria-expanded=${model.listOpen}
        aria-controls="screens"
        @click=${actions.toggleList}
      >
        ${icon("screens")}
      </button>
      ${renderTitle(state)} ${renderControl(state, input, actions)}
      <div class="actions" role="toolbar" aria-label="Screen actions">
        <button
          class="square soft-keyboard"
          aria-label="Show the keyboard"
          title="Show the keyboard"
          ?disabled=${!input}
          @click=${actions.showSoftKeyboard}
        >
          ${icon("keyboard")}
        </button>
        ${menuButton("keys-menu", "Special keys", "keys", !input)}
        ${menuButton("clipboard-menu", "Text and clipboard", "clipboard", !input)} ${menuButton("fit-menu", "Size", "fit", false)}
        <button
          class="square"
          aria-label="Lock the pointer to the screen"
          title="Lock the pointer to the screen"
          ?disabled=${!input}
          @click=${actions.lockPointer}
        >
          ${icon("pointer")}
        </button>
        <button
          class="square"
          aria-label="Full screen"
          title="Full screen"
          aria-pressed=${model.fullScreen}
          @click=${actions.toggleFullScreen}
        >
          ${icon("fullScreen")}
        </button>
        ${menuButton("more-menu", "More", "more", false)}
      </div>
      ${renderChip(model, actions)}
    </header>
    ${renderMenus(model, actions)}
  `;
}

function canDrive({ source }: ViewState): boolean {
  return source?.grants.some((grant) => grant === "pointer" || grant === "keyboard") ?? false;
}

function renderTitle({ source, picture, link }: ViewState): TemplateResult {
  const words =
    picture.kind === "live"
      ? `${source?.agent ?? ""} · ${source?.width ?? picture.width} × ${source?.height ?? picture.height}`
      : link.phase === "connected"
        ? picture.reason
        : link.phase === "waiting"
          ? "Connection lost, trying again"
          : "Connecting";
  return html`
    <div class="title">
      <span class="dot ${picture.kind}" aria-hidden="true"></span>
      <h1>${source?.name ?? "Sightline"}</h1>
      <span class="words" role="status">${words}</span>
    </div>
  `;
}

function renderControl(state: ViewState, input: boolean, actions: ToolbarActions): TemplateResult | typeof nothing {
  if (state.source === undefined) return nothing;
  if (!input) return html`<span class="badge">View only</span>`;
  if (state.control !== "other") return nothing;
  return html`
    <button class="control primary" title="Somebody else is in control" @click=${() => actions.takeControl(true)}>
      Take control
    </button>
  `;
}

function renderChip({ state, panelOpen }: ToolbarModel, actions: ToolbarActions): TemplateResult {
  const { timings } = state;
  const input = timings?.inputToPresentMs;
  const age = timings?.pictureAgeMs;
  const shown = input !== undefined && input.count > 0 ? input : age;
  const value = shown === undefined || shown.count === 0 ? "–" : milliseconds(shown.p50);
  const what = shown === input ? "Input to picture, median" : "Age of the picture, median";
  return html`
    <button
      class="chip ${timings?.slowStage === undefined ? "" : "slow"}"
      aria-label="Latency: ${value} milliseconds. ${what}."
      title=${state.tier?.reason || (timings?.verdict ?? what)}
      aria-expanded=${panelOpen}
      @click=${actions.togglePanel}
    >
      ${state.tier === undefined ? nothing : html`<span class="tier ${state.tier.tier}">${TIER_LABELS[state.tier.tier]}</span>`}
      <b>${value}</b> <span>ms</span>${shown === undefined || shown.count === 0 ? nothing : html`<span class="tail">95 % ${milliseconds(shown.p95)}</span>`}
    </button>
  `;
}

function milliseconds(ms: number): string {
  return ms.toFixed(ms < 10 ? 1 : 0);
}

function menuButton(id: string, label: string, name: Parameters<typeof icon>[0], disabled: boolean): TemplateResult {
  return html`
    <button class="square" popovertarget=${id} aria-haspopup="menu" aria-label=${label} title=${label} ?disabled=${disabled}>
      ${icon(name)}
    </button>
  `;
}

function renderMenus(model: ToolbarModel, actions: ToolbarActions): TemplateResult {
  const { fit, theme, state } = model;
  const [short, functionKeys] = [COMBINATIONS.slice(0, 12), COMBINATIONS.slice(12)];
  const keyItem = ({ label, codes }: (typeof COMBINATIONS)[number]): TemplateResult =>
    item(label, () => actions.pressKeys(codes));
  return html`
    <div id="keys-menu" class="menu" popover role="menu" aria-label="Special keys">
      <p class="heading">Send to the remote machine</p>
      <div class="grid">${short.map(keyItem)}</div>
      <hr />
      <div class="grid">${functionKeys.map(keyItem)}</div>
    </div>
    <div id="clipboard-menu" class="menu" popover role="menu" aria-label="Text and clipboard">
      ${item("Type the clipboard as text", actions.typeClipboard)} ${item("Write a text…", actions.openTextDialog)}
      <p class="note">Ctrl+V on the screen sends this computer's clipboard first and then the key.</p>
    </div>
    <div id="fit-menu" class="menu" popover role="menu" aria-label="Size">
      ${FITS.map(([mode, label]) => choice(label, fit === mode, () => actions.setFit(mode)))}
      <hr />
      ${item("Whole picture", actions.resetZoom)}
      <p class="note">Pinch to zoom, on a touch screen or a touch pad.</p>
    </div>
    <div id="more-menu" class="menu" popover role="menu" aria-label="More">
      <p class="heading">Appearance</p>
      ${THEMES.map((value) => choice(THEME_LABELS[value], theme === value, () => actions.setTheme(value)))}
      <hr />
      ${item("Keyboard shortcuts", actions.openKeysDialog)} ${item("Copy a view-only link", actions.copyViewOnlyLink)}
      ${state.control === "you" ? item("Give up control", () => actions.takeControl(false)) : nothing}
      ${item("Give the keyboard back", actions.releaseInput)}
    </div>
  `;
}

function item(label: string, action: () => void): TemplateResult {
  return html`<button role="menuitem" @click=${(event: Event) => run(event, action)}>${label}</button>`;
}

function choice(label: string, chosen: boolean, action: () => void): TemplateResult {
  return html`
    <button role="menuitemradio" aria-checked=${chosen} @click=${(event: Event) => run(event, action)}>
      ${label} ${chosen ? icon("check") : nothing}
    </button>
  `;
}

function run(event: Event, action: () => void): void {
  (event.currentTarget as HTMLElement).closest<HTMLElement>("[popover]")?.hidePopover();
  action();
}
