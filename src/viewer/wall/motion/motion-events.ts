import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { HubEvent, MotionEvent, SourceInfo } from "../../../protocol/index.ts";
import { ageInWords, controlStyles, icon } from "../../ui/index.ts";
import type { EventLink } from "../events/event-link.ts";
import { deleteMotionEvent, listMotionEvents, snapshotUrl } from "./motion-api.ts";

const LIMIT = 100;

/** `<wall-events>`: what moved when, the newest first. Fires `choose` with a source's path, and `close`. */
export class MotionEvents extends LitElement {
  static override readonly properties = {
    sources: { attribute: false },
    events: { attribute: false },
    administrator: { type: Boolean },
  };

  declare sources: readonly SourceInfo[];
  declare events: EventLink;
  declare administrator: boolean;
  #list: readonly MotionEvent[] = [];
  #problem = "";
  #only = "";
  #unsubscribe: () => void = () => undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.updateComplete.then(() => {
      this.#unsubscribe = this.events.onEvent((event) => this.#happened(event));
    });
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unsubscribe();
  }

  protected override render(): TemplateResult {
    const cameras = this.sources.filter(({ kind }) => kind === "camera");
    return html`
      <aside aria-label="Movements">
        <header>
          <h2>Movements</h2>
          <button class="square" aria-label="Close" @click=${() => this.dispatchEvent(new CustomEvent("close"))}>${icon("close")}</button>
        </header>
        ${
          cameras.length < 2
            ? nothing
            : html`
                <select aria-label="Camera" @change=${(event: Event) => this.#choose((event.target as HTMLSelectElement).value)}>
                  <option value="">All cameras</option>
                  ${cameras.map(({ path, name }) => html`<option value=${path} ?selected=${path === this.#only}>${name}</option>`)}
                </select>
              `
        }
        ${this.#problem === "" ? nothing : html`<p class="note" role="alert">${this.#problem}</p>`}
        ${
          this.#list.length === 0 && this.#problem === ""
            ? html`<p class="note">Nothing has moved yet. Movements are seen by cameras whose motion detection is on.</p>`
            : html`<ol>${this.#list.map((event) => this.#renderEvent(event))}</ol>`
        }
      </aside>
    `;
  }

  #renderEvent(event: MotionEvent): TemplateResult {
    const name = this.sources.find(({ path }) => path === event.source)?.name ?? event.source;
    const started = new Date(event.startedAtMs);
    const lasted = event.endedAtMs === null ? "goes on" : ageInWords(event.endedAtMs - event.startedAtMs);
    return html`
      <li>
        <button class="event" @click=${() => this.dispatchEvent(new CustomEvent("choose", { detail: event.source }))}>
          ${
            event.snapshot
              ? html`<img src=${snapshotUrl(event.id)} alt="" loading="lazy" />`
              : html`<span class="no-picture"></span>`
          }
          <span class="text">
            <b>${name}</b>
            <span>${started.toLocaleTimeString()} · <span class=${event.endedAtMs === null ? "now" : ""}>${lasted}</span></span>
            <span>${[dayOf(started), ...event.zones].filter(Boolean).join(" · ")}</span>
          </span>
        </button>
        ${
          this.administrator && event.endedAtMs !== null
            ? html`<button class="square" aria-label=${`Forget the movement of ${name}`} title="Forget it" @click=${() => void this.#forget(event.id)}>${icon("close")}</button>`
            : nothing
        }
      </li>
    `;
  }

  async #load(): Promise<void> {
    const only = this.#only;
    try {
      const list = await listMotionEvents(only === "" ? undefined : only, LIMIT);
      if (only !== this.#only) return;
      this.#list = list.toSorted((a, b) => b.startedAtMs - a.startedAtMs);
      this.#problem = "";
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : "The movements cannot be read.";
    }
    this.requestUpdate();
  }

  #happened(event: HubEvent): void {
    if (event.type !== "motion" || (this.#only !== "" && event.event.source !== this.#only)) return;
    const others = this.#list.filter(({ id }) => id !== event.event.id);
    this.#list = [event.event, ...others].toSorted((a, b) => b.startedAtMs - a.startedAtMs).slice(0, LIMIT);
    this.requestUpdate();
  }

  #choose(path: string): void {
    this.#only = path;
    void this.#load();
  }

  async #forget(id: number): Promise<void> {
    try {
      await deleteMotionEvent(id);
      this.#list = this.#list.filter((event) => event.id !== id);
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : "It could not be forgotten.";
    }
    this.requestUpdate();
  }

  static override readonly styles = [
    controlStyles,
    css`
      :host {
        position: absolute;
        inset: 0 0 0 auto;
        z-index: 4;
        width: min(330px, 100%);
      }
      aside {
        display: flex;
        flex-direction: column;
        height: 100%;
        border-left: 1px solid var(--sl-line);
        background: var(--sl-surface);
        box-shadow: var(--sl-shadow);
      }
      header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        padding: 10px 8px 6px 16px;
      }
      h2 {
        margin: 0;
        font-size: 15.5px;
        font-weight: 600;
      }
      select {
        min-height: 36px;
        margin: 0 12px 8px;
        padding: 0 10px;
        border: 1px solid var(--sl-line);
        border-radius: 10px;
        background: var(--sl-field);
        color: inherit;
        font: inherit;
      }
      .note {
        margin: 4px 16px;
        color: var(--sl-muted);
        font-size: 13px;
        text-wrap: pretty;
      }
      ol {
        overflow: auto;
        margin: 0;
        padding: 0 6px 12px;
        list-style: none;
      }
      li {
        display: flex;
        align-items: center;
      }
      .event {
        display: grid;
        grid-template-columns: 104px 1fr;
        flex: 1;
        gap: 12px;
        min-width: 0;
        padding: 6px;
        border-radius: 12px;
        text-align: left;
        font-weight: 400;
      }
      img,
      .no-picture {
        width: 104px;
        aspect-ratio: 16 / 9;
        border-radius: 8px;
        background: var(--sl-hover);
        object-fit: cover;
      }
      .text {
        display: grid;
        min-width: 0;
        color: var(--sl-muted);
        font-size: 12.5px;
        font-variant-numeric: tabular-nums;
      }
      .text b {
        overflow: hidden;
        color: var(--sl-text);
        font-size: 13.5px;
        font-weight: 550;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .now {
        color: var(--sl-warning);
        font-weight: 600;
      }
    `,
  ];
}

/** The day, unless it is today. */
function dayOf(date: Date): string {
  return date.toDateString() === new Date().toDateString() ? "" : date.toLocaleDateString();
}

customElements.define("wall-events", MotionEvents);
