import { html, LitElement, nothing, type TemplateResult } from "lit";
import { icon } from "./icons.ts";
import { SightlineSources } from "./source-list.ts";
import type { TunnelEntry } from "./tunnels-contract.ts";

/** `<sightline-connections>`: what is open besides screens. Fires `choose` with the number, and `connect`. */
export class SightlineConnections extends LitElement {
  static override readonly properties = { entries: { attribute: false }, current: { attribute: false } };
  static override readonly styles = SightlineSources.styles;

  declare entries: readonly TunnelEntry[];
  declare current: number | undefined;

  constructor() {
    super();
    this.entries = [];
    this.current = undefined;
  }

  protected override render(): TemplateResult {
    return html`
      ${this.entries.length === 0 ? nothing : html`<h2>Connections</h2>`}
      <ul>
        ${this.entries.map((entry) => html`<li>${this.#renderEntry(entry)}</li>`)}
        <li>
          <button @click=${() => this.#fire("connect")}>
            <span class="shape" aria-hidden="true">${icon("connect")}</span>
            <span class="text"><span class="name">Connect to a machine…</span><div class="detail">VNC, SSH, RDP</div></span>
          </button>
        </li>
      </ul>
    `;
  }

  #renderEntry({ id, title, detail, state, text }: TunnelEntry): TemplateResult {
    const ended = state === "ended";
    return html`
      <button aria-current=${id === this.current ? "true" : "false"} title=${text} @click=${() => this.#fire("choose", id)}>
        <span class="shape" aria-hidden="true">${icon("terminal")}</span>
        <span class="text">
          <span class="name">${title}</span>
          <div class="detail ${ended ? "lost" : ""}">${ended ? text : detail}</div>
        </span>
      </button>
    `;
  }

  #fire(name: "choose" | "connect", detail?: number): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

customElements.define("sightline-connections", SightlineConnections);
