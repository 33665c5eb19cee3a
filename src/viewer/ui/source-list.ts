import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { SourceInfo } from "../../protocol/index.ts";
import { controlStyles } from "./control-styles.ts";

/** `<sightline-sources>`: the screens to choose from. Fires `choose` with the path as detail. */
export class SightlineSources extends LitElement {
  static override readonly properties = { sources: { attribute: false }, current: { attribute: false } };

  static override readonly styles = [
    controlStyles,
    css`
      :host {
        display: block;
      }
      h2 {
        margin: 0 0 10px;
        padding: 0 10px;
        color: var(--sl-faint);
        font-size: 12px;
        font-weight: 600;
      }
      ul {
        display: grid;
        gap: 2px;
        margin: 0 0 22px;
        padding: 0;
        list-style: none;
      }
      button {
        display: grid;
        grid-template-columns: auto 1fr auto;
        justify-content: stretch;
        gap: 0 12px;
        width: 100%;
        padding: 10px;
        border-radius: 12px;
        text-align: left;
        font-weight: 400;
      }
      button[aria-current="true"] {
        background: var(--sl-accent-soft);
      }
      .shape {
        display: grid;
        place-items: center;
        width: 44px;
        height: 32px;
      }
      .shape i {
        display: block;
        border: 1.5px solid var(--sl-faint);
        border-radius: 4px;
        background: var(--sl-hover);
      }
      [aria-current="true"] .shape i {
        border-color: var(--sl-accent);
        background: var(--sl-accent-soft);
      }
      .text {
        min-width: 0;
      }
      .name {
        overflow: hidden;
        font-weight: 550;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .detail {
        overflow: hidden;
        color: var(--sl-muted);
        font-size: 12.5px;
        font-variant-numeric: tabular-nums;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .detail.lost {
        color: var(--sl-warning);
        text-wrap: pretty;
        white-space: normal;
      }
      kbd {
        min-width: 20px;
        padding: 0 5px;
        border: 1px solid var(--sl-line);
        border-radius: 5px;
        color: var(--sl-faint);
        font: 500 11px/18px var(--sl-font);
        text-align: center;
      }
      .empty {
        padding: 0 10px;
        color: var(--sl-muted);
        text-wrap: pretty;
      }
    `,
  ];

  declare sources: readonly SourceInfo[];
  /** Path of the chosen source. */
  declare current: string | undefined;

  constructor() {
    super();
    this.sources = [];
    this.current = undefined;
  }

  protected override render(): TemplateResult {
    if (this.sources.length === 0) {
      return html`<p class="empty">No screens yet. They appear here when a machine connects to this hub.</p>`;
    }
    const headings = [...new Set(this.sources.map(headingOf))];
    return html`${headings.map((heading) => this.#renderUnder(heading))}`;
  }

  #renderUnder(heading: string): TemplateResult {
    const sources = this.sources.filter((source) => headingOf(source) === heading);
    return html`
      <h2>${heading}</h2>
      <ul>
        ${sources.map((source) => html`<li>${this.#renderSource(source, this.sources.indexOf(source))}</li>`)}
      </ul>
    `;
  }

  #renderSource(source: SourceInfo, index: number): TemplateResult {
    const lost = source.state === "lost";
    const scale = Math.min(40 / source.width, 26 / source.height);
    const choose = (): void => {
      this.dispatchEvent(new CustomEvent("choose", { detail: source.path }));
    };
    return html`
      <button aria-current=${source.path === this.current ? "true" : "false"} title=${source.detail || source.path} @click=${choose}>
        <span class="shape" aria-hidden="true">
          <i .style=${`width:${Math.round(source.width * scale)}px;height:${Math.round(source.height * scale)}px`}></i>
        </span>
        <span class="text">
          <span class="name">${source.name}</span>
          <div class="detail ${lost ? "lost" : ""}">
            ${lost ? source.detail || "Not connected" : `${source.width} × ${source.height}${source.primary && source.kind === "screen" ? " · primary" : ""}`}
          </div>
        </span>
        ${index < 9 ? html`<kbd aria-hidden="true">${index + 1}</kbd>` : nothing}
      </button>
    `;
  }
}

/** Screens stand under their machine; each camera is an agent of its own, which says nothing to people. */
function headingOf({ agent, kind }: SourceInfo): string {
  return kind === "camera" ? "Cameras" : agent;
}

customElements.define("sightline-sources", SightlineSources);
