import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { SourceInfo } from "../../../protocol/index.ts";
import { ageInWords, controlStyles, icon } from "../../ui/index.ts";
import type { TileReport } from "../messages.ts";
import type { TileStatus } from "../state/tile-status.ts";
import { wallIcon } from "./wall-icons.ts";

/** A canvas for the worker to paint on. */
export type OfferedCanvas = { readonly canvas: OffscreenCanvas; readonly id: number };

/**
 * `<wall-tile>`: one picture of the wall with what is to be known about it. Fires `enlarge`, `shrink`, `motion` (to tune its
 * detector) and `edit`. The worker paints on its canvases; the element only shows the one that is ready.
 */
export class WallTileElement extends LitElement {
  static override readonly properties = {
    source: { attribute: false },
    status: { attribute: false },
    report: { attribute: false },
    enlarged: { type: Boolean, reflect: true },
    moving: { type: Boolean, reflect: true },
    tunable: { type: Boolean },
  };

  declare source: SourceInfo;
  declare status: TileStatus;
  declare report: TileReport | undefined;
  declare enlarged: boolean;
  /** Whether something moves on it now. */
  declare moving: boolean;
  /** Whether its camera may be changed here. */
  declare tunable: boolean;

  readonly #canvases = new Map<number, HTMLCanvasElement>();
  #nextCanvas = 1;

  /** A new canvas; it is seen as soon as {@link showCanvas} names it. */
  offerCanvas(): OfferedCanvas {
    const canvas = document.createElement("canvas");
    canvas.hidden = true;
    const id = this.#nextCanvas;
    this.#nextCanvas += 1;
    this.#canvases.set(id, canvas);
    this.#placeCanvases();
    return { canvas: canvas.transferControlToOffscreen(), id };
  }

  /** The canvas that holds the picture now; the others go. */
  showCanvas(id: number): void {
    for (const [other, canvas] of this.#canvases) {
      canvas.hidden = other !== id;
      if (other >= id) continue;
      canvas.remove();
      this.#canvases.delete(other);
    }
  }

  /** Gives the tile the keyboard. */
  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>(".open")?.focus();
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    this.#placeCanvases();
  }

  protected override render(): TemplateResult {
    const { source, status, enlarged } = this;
    const words = [status.label, status.detail].filter(Boolean).join(". ");
    return html`
      <article class="tile ${status.kind} ${status.grey ? "grey" : ""}" aria-label=${source.name}>
        <button
          class="open"
          aria-label=${`${enlarged ? "Back to the wall from" : "Enlarge"} ${source.name}. ${words}`}
          @click=${() => this.#fire(enlarged ? "shrink" : "enlarge")}
        >
          <span class="picture"></span>
        </button>
        ${this.#renderTop()}
        <slot></slot>
        ${this.#renderVeil()} ${this.#renderCaption()}
      </article>
    `;
  }

  #renderTop(): TemplateResult {
    const { report, moving } = this;
    return html`
      <div class="top">
        ${report?.interpolated ? html`<span class="mark" title="Pictures between the camera's own are made up.">interpolated</span>` : nothing}
        ${moving ? html`<span class="mark moving">${wallIcon("motion")} Motion</span>` : nothing}
      </div>
    `;
  }

  #renderVeil(): TemplateResult | typeof nothing {
    const { kind, label, detail, grey, ageMs } = this.status;
    if (!grey && kind !== "waiting" && ageMs !== undefined) return nothing;
    return html`
      <div class="veil">
        ${kind === "waiting" ? html`<i class="spinner"></i>` : nothing}
        <b>${label}</b>
        ${grey && ageMs !== undefined ? html`<span class="age">${this.#ageWords(ageMs)}</span>` : nothing}
        ${detail === "" ? nothing : html`<p>${detail}</p>`}
      </div>
    `;
  }

  /** A picture of an earlier visit is told of, though it is not there. */
  #ageWords(ageMs: number): string {
    const age = ageInWords(ageMs);
    return (this.report?.pictures ?? 0) > 0 ? `${age} old` : `Last picture ${age} ago`;
  }

  #renderCaption(): TemplateResult {
    const { source, status, enlarged, tunable } = this;
    const isCamera = source.kind === "camera";
    return html`
      <div class="caption">
        <span class="dot ${status.kind}"></span>
        <span class="name" title=${source.path}>${source.name}</span>
        <span class="state">${this.#stateWords()}</span>
        ${
          enlarged
            ? html`
                <span class="tools">
                  ${isCamera && tunable ? this.#tool("motion", "Motion", wallIcon("motion")) : nothing}
                  ${isCamera && tunable ? this.#tool("edit", "Change this camera", icon("more")) : nothing}
                  ${this.#tool("shrink", "Back to the wall", icon("close"))}
                </span>
              `
            : nothing
        }
      </div>
    `;
  }

  #stateWords(): string {
    const { status, report, enlarged } = this;
    if (status.kind === "still" && status.ageMs !== undefined) return `Still, ${ageInWords(status.ageMs)} old`;
    if (status.kind === "degraded") return `Degraded${enlarged && status.detail !== "" ? `: ${status.detail}` : ""}`;
    if (status.kind !== "live") return "";
    if (!enlarged || report === undefined) return "";
    const { width, height, fps, codec } = report;
    const name = codec === "h264" ? "H.264" : codec.toUpperCase();
    return `${width} × ${height} · ${fps < 10 ? fps.toFixed(1) : fps.toFixed(0)} fps · ${name}`;
  }

  #tool(event: string, label: string, shape: TemplateResult): TemplateResult {
    return html`<button class="square" aria-label=${label} title=${label} @click=${() => this.#fire(event)}>${shape}</button>`;
  }

  #fire(type: string): void {
    this.dispatchEvent(new CustomEvent(type, { detail: this.source.path }));
  }

  #placeCanvases(): void {
    const place = this.renderRoot.querySelector(".picture");
    if (place === null) return;
    for (const canvas of this.#canvases.values()) if (canvas.parentElement !== place) place.append(canvas);
  }

  static override readonly styles = [
    controlStyles,
    css`
      :host {
        position: relative;
        display: block;
        min-width: 0;
        min-height: 0;
      }
      :host([enlarged]) {
        position: absolute;
        inset: 0;
        z-index: 3;
      }
      .tile {
        position: relative;
        container-type: inline-size;
        overflow: hidden;
        width: 100%;
        height: 100%;
        border-radius: 8px;
        background: #0b0d10;
        color: #eceef1;
      }
      :host([enlarged]) .tile {
        border-radius: 0;
      }
      .open {
        position: absolute;
        inset: 0;
        display: block;
        width: 100%;
        height: 100%;
        min-height: 0;
        padding: 0;
        border-radius: inherit;
      }
      .open:hover,
      .open:active {
        background: none;
      }
      .open:focus-visible {
        z-index: 2;
        outline-offset: -3px;
        outline-width: 3px;
      }
      .picture {
        position: absolute;
        inset: 0;
        display: block;
      }
      canvas {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        object-fit: contain;
        transition: filter 0.25s ease;
      }
      canvas[hidden] {
        display: none;
      }
      .grey canvas {
        filter: grayscale(1) brightness(0.42);
      }
      .veil {
        position: absolute;
        inset: 0 0 30px;
        display: grid;
        place-content: center;
        justify-items: center;
        gap: 4px;
        padding: 8px 14px;
        font-size: 13px;
        text-align: center;
        pointer-events: none;
      }
      .veil b {
        font-weight: 600;
      }
      .veil p {
        display: -webkit-box;
        overflow: hidden;
        max-width: 360px;
        margin: 0;
        color: #b3bac4;
        font-size: 12.5px;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        overflow-wrap: anywhere;
        text-wrap: balance;
      }
      .age {
        padding: 1px 9px;
        border-radius: 99px;
        background: rgb(229 164 64 / 20%);
        color: #f2bd68;
        font-size: 12px;
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }
      .spinner {
        width: 20px;
        height: 20px;
        margin-bottom: 4px;
        border: 2px solid rgb(255 255 255 / 16%);
        border-top-color: #37c8a0;
        border-radius: 50%;
        animation: turn 0.9s linear infinite;
      }
      @keyframes turn {
        to {
          transform: rotate(1turn);
        }
      }
      .top {
        position: absolute;
        inset: 8px 8px auto;
        display: flex;
        justify-content: flex-end;
        gap: 6px;
        pointer-events: none;
      }
      /* What lies over a large picture, lies at its sides. */
      :host([enlarged]) .top {
        justify-content: center;
      }
      .mark {
        display: inline-flex;
        align-items: center;
        gap: 4px;
        padding: 2px 8px;
        border-radius: 99px;
        background: rgb(14 16 20 / 78%);
        font-size: 11.5px;
        font-weight: 600;
      }
      .mark .icon {
        width: 14px;
        height: 14px;
      }
      .mark.moving {
        background: #e5a440;
        color: #241703;
      }
      .caption {
        position: absolute;
        inset: auto 0 0;
        display: flex;
        align-items: center;
        gap: 8px;
        min-height: 28px;
        padding: 12px 10px 6px;
        background: linear-gradient(rgb(8 9 11 / 0%), rgb(8 9 11 / 82%));
        font-size: 12.5px;
        pointer-events: none;
      }
      .name {
        overflow: hidden;
        flex: 0 1 auto;
        font-weight: 550;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .state {
        overflow: hidden;
        flex: 1 1 0;
        color: #b3bac4;
        font-variant-numeric: tabular-nums;
        text-align: right;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .tools {
        display: flex;
        pointer-events: auto;
      }
      .tools button.square {
        color: #d5dae1;
      }
      .tools button.square:hover {
        background: rgb(255 255 255 / 14%);
        color: #fff;
      }
      :host([enlarged]) .caption {
        padding: 20px 14px 8px;
        font-size: 14px;
      }
      .dot {
        flex: none;
        width: 8px;
        height: 8px;
        border-radius: 50%;
        background: #7b8592;
      }
      .dot.live,
      .dot.still {
        background: #37c8a0;
      }
      .dot.degraded,
      .dot.stale,
      .dot.recovering {
        background: #e5a440;
      }
      .dot.failed {
        background: #f0736a;
      }
      @media (max-width: 700px) {
        :host([enlarged]) canvas {
          object-position: top;
        }
      }
      @container (max-width: 230px) {
        .veil {
          gap: 1px;
          padding: 4px 8px;
          font-size: 12px;
        }
        .veil p {
          font-size: 11.5px;
          line-height: 1.3;
        }
        .age {
          font-size: 11px;
        }
        .spinner {
          display: none;
        }
        .caption {
          padding: 8px 8px 4px;
          font-size: 12px;
        }
      }
      ::slotted(*) {
        position: absolute;
        inset: 0;
      }
      @media (prefers-reduced-motion: reduce) {
        .spinner {
          animation-duration: 4s;
        }
      }
    `,
  ];
}

customElements.define("wall-tile", WallTileElement);
