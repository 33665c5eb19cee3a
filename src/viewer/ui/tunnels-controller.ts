import { html, nothing, type TemplateResult } from "lit";
import type { SourceInfo } from "../../protocol/index.ts";
import { icon } from "./icons.ts";
import type { TunnelEntry, TunnelsElement } from "./tunnels-contract.ts";
import "./connection-list.ts";

export type TunnelsHost = {
  requestUpdate(): void;
  toast(level: "info" | "warning" | "error", text: string): void;
  copied(detail: { text: string; written: boolean }): void;
  toggleList(): void;
  /** Puts the list away where it lies over the stage. */
  closeDrawer(): void;
  toggleFullScreen(): void;
  openTextDialog(): void;
};

/** The page's side of connections to machines behind agents: their place in list, bar and stage. */
export class TunnelsController {
  /** Defines `<sightline-tunnels>`; set by the program that bundles it, which the page can do without. */
  static load: (() => Promise<unknown>) | undefined;
  readonly #host: TunnelsHost;
  #element: TunnelsElement | undefined;

  constructor(host: TunnelsHost) {
    this.#host = host;
  }

  /** The connection that is shown instead of a screen. */
  get shown(): TunnelEntry | undefined {
    return this.#element?.entries.find(({ id }) => id === this.#element?.current);
  }

  /** Shows screens again; connections stay open. */
  leave(): void {
    if (this.#element !== undefined) this.#element.current = undefined;
  }

  sendText(text: string): void {
    this.#element?.sendText(text);
    this.#element?.focusCurrent();
  }

  renderList(sources: readonly SourceInfo[]): TemplateResult | typeof nothing {
    const agents = [...new Set(sources.filter(mayTunnel).map(({ agent }) => agent))];
    const entries = this.#element?.entries ?? [];
    if (TunnelsController.load === undefined || (agents.length === 0 && entries.length === 0)) return nothing;
    return html`
      <sightline-connections
        .entries=${entries}
        .current=${this.#element?.current}
        @choose=${({ detail }: CustomEvent<number>) => this.#show(detail)}
        @connect=${() => void this.#connect(agents)}
      ></sightline-connections>
    `;
  }

  renderStage(): TunnelsElement | typeof nothing {
    return this.#element ?? nothing;
  }

  renderBar({ id, title, text, state }: TunnelEntry, listOpen: boolean): TemplateResult {
    const { toggleList, openTextDialog, toggleFullScreen } = this.#host;
    const dot = state === "live" ? "live" : state === "ended" ? "stale" : "";
    return html`
      <header class="bar">
        <button class="square" aria-label="Screens" title="Screens" aria-expanded=${listOpen} aria-controls="screens" @click=${toggleList}>
          ${icon("screens")}
        </button>
        <div class="title">
          <span class="dot ${dot}" aria-hidden="true"></span>
          <h1>${title}</h1>
          <span class="words" role="status">${text}</span>
        </div>
        <div class="actions" role="toolbar" aria-label="Connection actions">
          ${action("Text and clipboard", "clipboard", openTextDialog)} ${action("Full screen", "fullScreen", toggleFullScreen)}
          ${action("End the connection", "close", () => this.#element?.end(id))}
        </div>
      </header>
    `;
  }

  async #connect(agents: readonly string[]): Promise<void> {
    this.#host.closeDrawer();
    try {
      this.#element ??= await this.#create();
      this.#element.connect(agents);
    } catch {
      this.#host.toast("error", "This part of the page could not be loaded. Reload the page.");
    }
  }

  async #create(): Promise<TunnelsElement> {
    await TunnelsController.load?.();
    const element = document.createElement("sightline-tunnels") as TunnelsElement;
    element.addEventListener("sightline-tunnels-change", () => this.#host.requestUpdate());
    element.addEventListener("sightline-notice", (event) => {
      const { level, text } = (event as CustomEvent<{ level: "info" | "warning"; text: string }>).detail;
      this.#host.toast(level, text);
    });
    element.addEventListener("sightline-clipboard", (event) =>
      this.#host.copied((event as CustomEvent<{ text: string; written: boolean }>).detail),
    );
    this.#element = element;
    this.#host.requestUpdate();
    return element;
  }

  #show(id: number): void {
    if (this.#element === undefined) return;
    this.#host.closeDrawer();
    this.#element.current = id;
    this.#element.focusCurrent();
  }
}

function mayTunnel({ grants, state }: SourceInfo): boolean {
  return grants.includes("tunnel") && state === "live";
}

function action(label: string, name: Parameters<typeof icon>[0], run: () => void): TemplateResult {
  return html`<button class="square" aria-label=${label} title=${label} @click=${run}>${icon(name)}</button>`;
}
