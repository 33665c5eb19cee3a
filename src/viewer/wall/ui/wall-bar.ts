import { html, nothing, type TemplateResult } from "lit";
import type { SourceInfo } from "../../../protocol/index.ts";
import { cameraTrouble } from "../../camera-trouble.ts";
import { applyTheme, icon, recallTheme, THEMES, type Theme } from "../../ui/index.ts";
import type { WallModel } from "../state/wall-model.ts";
import { LAYOUTS } from "../state/wall-view.ts";
import { wallIcon } from "./wall-icons.ts";

/** What the bar can ask of the page. */
export type BarActions = {
  toggleFullScreen(): void;
  togglePanel(): void;
  toggleEvents(): void;
  openCameras(): void;
  publish(): void;
  copyAddress(): void;
  openKeys(): void;
};

export type BarState = {
  readonly administrator: boolean;
  readonly panelOpen: boolean;
  readonly eventsOpen: boolean;
  readonly fullScreen: boolean;
};

const THEME_LABELS: Readonly<Record<Theme, string>> = { system: "As the system", dark: "Dark", light: "Light" };
const CYCLES = [5, 10, 20, 30, 60] as const;

/** The bar above the wall. */
export function renderBar(model: WallModel, state: BarState, actions: BarActions): TemplateResult {
  const { view, pages } = model;
  return html`
    <header class="bar">
      <a class="button square" href="/" aria-label="All screens" title="All screens">${icon("screens")}</a>
      <div class="title"><h1>Wall</h1><span class="words" role="status">${wordsOf(model)}</span></div>
      ${pages > 1 ? renderPager(model) : nothing}
      <div class="actions" role="toolbar" aria-label="Wall">
        ${
          view.cycleSeconds > 0
            ? iconButton(
                model.tourPaused ? "Go on with the tour" : "Pause the tour",
                wallIcon(model.tourPaused ? "play" : "pause"),
                () => model.pauseTour(!model.tourPaused),
              )
            : nothing
        }
        ${menuButton("layout-menu", "Layout", wallIcon("grid"))}
        ${pressed("Movements", wallIcon("bell"), state.eventsOpen, actions.toggleEvents)}
        ${state.administrator ? iconButton("Cameras", wallIcon("camera"), actions.openCameras) : nothing}
        ${pressed("Full screen", icon("fullScreen"), state.fullScreen, actions.toggleFullScreen)}
        ${menuButton("wall-menu", "More", icon("more"))}
      </div>
      ${renderChip(model, state, actions)}
    </header>
    ${renderMenus(model, state.administrator, actions)}
  `;
}

/** Groups and search, above the tiles. */
export function renderFilters(model: WallModel): TemplateResult | typeof nothing {
  const { groups, view, sources, query } = model;
  if (groups.length === 0 && sources.length < 5 && query === "") return nothing;
  const chip = (label: string, group: string): TemplateResult => html`
    <button class="group" aria-pressed=${view.group === group} @click=${() => model.setView({ group })}>${label}</button>
  `;
  return html`
    <div class="filters">
      <div class="groups" role="group" aria-label="Groups">
        ${groups.length === 0 ? nothing : chip("All", "")} ${groups.map((group) => chip(group, group))}
      </div>
      <label class="search">
        ${wallIcon("search")}
        <input
          type="search"
          placeholder="Search"
          aria-label="Search"
          .value=${query}
          @input=${(event: Event) => model.search((event.target as HTMLInputElement).value)}
        />
      </label>
    </div>
  `;
}

function wordsOf(model: WallModel): string {
  const { link, found } = model;
  if (link.phase === "waiting") return `Connection lost, trying again. ${link.reason}`;
  if (link.phase !== "connected") return "Connecting";
  const trouble = found.filter(hasProblem).length;
  const all = found.length === 1 ? "1 source" : `${found.length} sources`;
  return trouble === 0 ? all : `${all}, ${trouble} with a problem`;
}

function hasProblem({ state, health }: SourceInfo): boolean {
  return state === "lost" || health?.state === "degraded" || cameraTrouble(health) !== undefined;
}

function renderPager(model: WallModel): TemplateResult {
  return html`
    <div class="pager" role="group" aria-label="Page of tiles">
      ${iconButton("Previous page", wallIcon("left"), () => model.turn(-1))}
      <span>${model.page + 1} / ${model.pages}</span>
      ${iconButton("Next page", wallIcon("right"), () => model.turn(1))}
    </div>
  `;
}

function renderChip(model: WallModel, { panelOpen }: BarState, { togglePanel }: BarActions): TemplateResult {
  const playing = model.shown.filter(({ path }) => model.reportOf(path)?.phase === "playing");
  const fps = playing.reduce((sum, { path }) => sum + (model.reportOf(path)?.fps ?? 0), 0);
  return html`
    <button class="chip" aria-expanded=${panelOpen} aria-label="Figures of all tiles" title="Figures of all tiles" @click=${togglePanel}>
      <b>${playing.length}</b> <span>live</span><span class="tail">${fps.toFixed(0)} fps</span>
    </button>
  `;
}

function renderMenus(model: WallModel, administrator: boolean, actions: BarActions): TemplateResult {
  const { view } = model;
  const theme = recallTheme();
  return html`
    <div id="layout-menu" class="menu" popover role="menu" aria-label="Layout">
      <p class="heading">Tiles at once</p>
      ${LAYOUTS.map((layout) =>
        choice(layout === "auto" ? "As many as there are" : layout, view.layout === layout, () =>
          model.setView({ layout, columns: undefined }),
        ),
      )}
      <hr />
      <p class="heading">Tour</p>
      ${choice("Stand still", view.cycleSeconds === 0, () => model.setView({ cycleSeconds: 0 }))}
      <div class="grid">
        ${CYCLES.map((seconds) => choice(`${seconds} s`, view.cycleSeconds === seconds, () => model.setView({ cycleSeconds: seconds })))}
      </div>
    </div>
    <div id="wall-menu" class="menu" popover role="menu" aria-label="More">
      ${check("Stills until something moves", view.stills, () => model.setView({ stills: !view.stills }))}
      <p class="note">A tile shows one picture a minute, and is live while its camera sees a movement.</p>
      <hr />
      <p class="heading">Appearance</p>
      ${THEMES.map((value) => choice(THEME_LABELS[value], theme === value, () => applyTheme(value)))}
      <hr />
      ${administrator ? item("Use this device's camera", actions.publish) : nothing}
      ${item("Copy the address of this view", actions.copyAddress)} ${item("Keyboard shortcuts", actions.openKeys)}
    </div>
  `;
}

function iconButton(label: string, shape: TemplateResult, action: () => void): TemplateResult {
  return html`<button class="square" aria-label=${label} title=${label} @click=${action}>${shape}</button>`;
}

function pressed(label: string, shape: TemplateResult, on: boolean, action: () => void): TemplateResult {
  return html`<button class="square" aria-label=${label} title=${label} aria-pressed=${on} @click=${action}>${shape}</button>`;
}

function menuButton(id: string, label: string, shape: TemplateResult): TemplateResult {
  return html`<button class="square" popovertarget=${id} aria-haspopup="menu" aria-label=${label} title=${label}>${shape}</button>`;
}

function item(label: string, action: () => void): TemplateResult {
  return html`<button role="menuitem" @click=${(event: Event) => run(event, action)}>${label}</button>`;
}

function choice(label: string, chosen: boolean, action: () => void): TemplateResult {
  return html`<button role="menuitemradio" aria-checked=${chosen} @click=${(event: Event) => run(event, action)}>${label} ${chosen ? icon("check") : nothing}</button>`;
}

function check(label: string, on: boolean, action: () => void): TemplateResult {
  return html`<button role="menuitemcheckbox" aria-checked=${on} @click=${(event: Event) => run(event, action)}>${label} ${on ? icon("check") : nothing}</button>`;
}

function run(event: Event, action: () => void): void {
  (event.currentTarget as HTMLElement).closest<HTMLElement>("[popover]")?.hidePopover();
  action();
}
