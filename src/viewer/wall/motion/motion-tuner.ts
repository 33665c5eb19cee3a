import { html, LitElement, nothing, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import type { HubEvent, MotionSettings, MotionView, MotionZone, SourceInfo } from "../../../protocol/index.ts";
import { controlStyles, icon } from "../../ui/index.ts";
import { type CameraRecord, listCameras, saveCamera } from "../cameras/camera-api.ts";
import type { EventLink } from "../events/event-link.ts";
import { heatPixels } from "./heat-map.ts";
import { tunerStyles } from "./tuner-styles.ts";
import { edgeMiddle, MAX_ZONES, movePoint, moveZone, newZone, type Point, removePoint, splitEdge } from "./zones.ts";

type Drag = { readonly zone: number; readonly point: number | undefined; readonly last: Point };

/** On a narrow page the picture is at the top, and the settings below it. */
const NARROW = window.matchMedia("(max-width: 700px)");
const SAVE_DELAY_MS = 350;
/** What one press of an arrow key moves a point by. */
const KEY_STEP = 0.01;

/**
 * `<wall-motion>`: tunes a camera's motion detector on its live picture, over which it lies. Zones are drawn, settings count
 * at once, and what the detector sees is painted on the picture. Fires `close`.
 */
export class MotionTuner extends LitElement {
  static override readonly properties = { source: { attribute: false }, events: { attribute: false } };
  static override readonly styles = [controlStyles, tunerStyles];

  declare source: SourceInfo;
  declare events: EventLink;
  #record: CameraRecord | undefined;
  #settings: MotionSettings | undefined;
  #seen: MotionView | undefined;
  #heat = "";
  #problem = "";
  #saved: "saved" | "saving" = "saved";
  #chosen = -1;
  #drag: Drag | undefined;
  #saveTimer: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: () => void = () => undefined;
  #shownSource: number | undefined;

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
    if (this.#shownSource !== undefined) this.events.showDetector(this.#shownSource, false);
    this.#shownSource = undefined;
    if (this.#saved === "saving") void this.#save();
  }

  protected override updated(): void {
    // The number of a source is another one after the hub was restarted.
    if (this.#shownSource === this.source.id || !this.isConnected) return;
    if (this.#shownSource !== undefined) this.events.showDetector(this.#shownSource, false);
    this.#shownSource = this.source.id;
    this.events.showDetector(this.source.id, true);
  }

  protected override render(): TemplateResult {
    const { width, height } = this.source;
    const settings = this.#settings;
    return html`
      <svg
        class="overlay"
        viewBox="0 0 ${width} ${height}"
        preserveAspectRatio=${NARROW.matches ? "xMidYMin meet" : "xMidYMid meet"}
        style=${`--unit: ${width / 640}px`}
        @pointermove=${(event: PointerEvent) => this.#dragged(event)}
        @pointerup=${() => this.#dropped()}
        @pointercancel=${() => this.#dropped()}
      >
        ${this.#heat === "" ? nothing : svg`<image href=${this.#heat} width=${width} height=${height} preserveAspectRatio="none" />`}
        ${this.#seen?.boxes.map((box) => svg`<rect class="box" x=${box.x * width} y=${box.y * height} width=${box.width * width} height=${box.height * height} />`)}
        ${settings?.zones.map((zone, index) => this.#renderZone(zone, index))}
      </svg>
      <section aria-label="Motion of ${this.source.name}" @keydown=${(event: KeyboardEvent) => this.#key(event)}>
        <header>
          <h2>Motion</h2>
          <span class="saved" role="status">${this.#problem === "" ? (this.#saved === "saving" ? "Saving" : "") : this.#problem}</span>
          <button class="square" aria-label="Close" @click=${() => this.#close()}>${icon("close")}</button>
        </header>
        ${settings === undefined ? nothing : this.#renderSettings(settings)}
      </section>
    `;
  }

  #renderSettings(settings: MotionSettings): TemplateResult {
    const readOnly = this.#record?.readOnly ?? true;
    return html`
      ${readOnly ? html`<p class="note">This camera stands in the configuration file; its motion is set there.</p>` : nothing}
      <fieldset ?disabled=${readOnly}>
        <label class="check">
          <input type="checkbox" role="switch" .checked=${settings.enabled} @change=${(event: Event) => this.#change({ enabled: (event.target as HTMLInputElement).checked })} />
          <span>Look for movements</span>
        </label>
        ${this.#renderMeter(settings)}
        ${this.#slider("Sensitivity", settings.sensitivity, 1, 100, 1, "", (sensitivity) => this.#change({ sensitivity }))}
        ${this.#slider(
          "Least area",
          Math.sqrt(settings.minAreaPercent),
          0.1,
          7,
          0.1,
          `${settings.minAreaPercent.toFixed(2)} %`,
          (root) => this.#change({ minAreaPercent: Math.min(100, Math.max(0.01, Number((root * root).toFixed(2)))) }),
        )}
        ${this.#slider("Pictures in a row", settings.minFrames, 1, 25, 1, "", (minFrames) => this.#change({ minFrames }))}
        ${this.#slider(
          "Ends after",
          settings.coolDownMs / 1000,
          0,
          60,
          1,
          `${Math.round(settings.coolDownMs / 1000)} s`,
          (seconds) => this.#change({ coolDownMs: seconds * 1000 }),
        )}
        <h3>Zones</h3>
        ${settings.zones.length === 0 ? html`<p class="note">The whole picture is watched. Draw a zone to watch a part of it, or to leave a part out.</p>` : nothing}
        <ul>
          ${settings.zones.map((zone, index) => this.#renderZoneRow(zone, index))}
        </ul>
        <div class="row">
          <button class="quiet" ?disabled=${settings.zones.length >= MAX_ZONES} @click=${() => this.#addZone("include")}>Watch a zone</button>
          <button class="quiet" ?disabled=${settings.zones.length >= MAX_ZONES} @click=${() => this.#addZone("exclude")}>Leave a zone out</button>
        </div>
        ${settings.zones.length === 0 ? nothing : html`<p class="note">Drag points and zones. A press on a small point in the middle of an edge adds one, the Delete key removes one.</p>`}
      </fieldset>
    `;
  }

  /** How much moves now, beside how much would count. */
  #renderMeter({ minAreaPercent, enabled }: MotionSettings): TemplateResult {
    const seen = this.#seen;
    const place = (share: number): string => `${Math.min(100, Math.sqrt(Math.max(0, share)) * 100).toFixed(1)}%`;
    const words = !enabled
      ? "Off"
      : seen === undefined
        ? "Waiting for what the detector sees"
        : seen.suppressed !== ""
          ? `Does not count: ${seen.suppressed}`
          : seen.active
            ? "Movement"
            : "Nothing moves";
    return html`
      <div class="meter ${enabled && seen?.active ? "active" : ""}">
        <div class="track">
          <i style=${`width: ${place(seen?.area ?? 0)}`}></i>
          <b style=${`left: ${place(minAreaPercent / 100)}`} title="Least area"></b>
        </div>
        <p><span>${words}</span><span>${seen === undefined ? "" : `${(seen.area * 100).toFixed(2)} % · threshold ${seen.threshold.toFixed(0)}`}</span></p>
      </div>
    `;
  }

  #slider(
    label: string,
    value: number,
    min: number,
    max: number,
    step: number,
    text: string,
    change: (value: number) => void,
  ): TemplateResult {
    return html`
      <label class="slider">
        <span>${label}</span>
        <output>${text === "" ? value : text}</output>
        <input
          type="range"
          min=${min}
          max=${max}
          step=${step}
          .value=${String(value)}
          aria-label=${label}
          aria-valuetext=${text === "" ? String(value) : text}
          @input=${(event: Event) => change(Number((event.target as HTMLInputElement).value))}
        />
      </label>
    `;
  }

  #renderZoneRow(zone: MotionZone, index: number): TemplateResult {
    return html`
      <li class=${index === this.#chosen ? "chosen" : ""}>
        <span class="swatch ${zone.mode}"></span>
        <input
          aria-label="Name of the zone"
          .value=${zone.name}
          maxlength="64"
          @focus=${() => this.#set(() => (this.#chosen = index))}
          @change=${(event: Event) => this.#rename(index, (event.target as HTMLInputElement).value)}
        />
        <button class="mode" @click=${() => this.#changeZone(index, { ...zone, mode: zone.mode === "include" ? "exclude" : "include" })}>
          ${zone.mode === "include" ? "watched" : "left out"}
        </button>
        <button class="square" aria-label=${`Remove ${zone.name}`} title="Remove" @click=${() => this.#removeZone(index)}>${icon("close")}</button>
      </li>
    `;
  }

  #renderZone(zone: MotionZone, index: number): SVGTemplateResult {
    const { width, height } = this.source;
    const at = ([x, y]: Point): string => `${x * width},${y * height}`;
    const chosen = index === this.#chosen;
    const radius = (width / 640) * 7;
    return svg`
      <g class="zone ${zone.mode} ${chosen ? "chosen" : ""}">
        <polygon points=${zone.points.map(at).join(" ")} @pointerdown=${(event: PointerEvent) => this.#grab(event, index, undefined)} />
        ${chosen ? zone.points.map((_, point) => this.#renderMiddle(zone, index, point, radius * 0.6)) : nothing}
        ${
          chosen
            ? zone.points.map(
                ([x, y], point) => svg`
                  <circle
                    class="point" tabindex="0" role="slider" aria-label=${`Point ${point + 1} of ${zone.name}`}
                    aria-valuetext=${`${Math.round(x * 100)} %, ${Math.round(y * 100)} %`}
                    cx=${x * width} cy=${y * height} r=${radius}
                    @pointerdown=${(event: PointerEvent) => this.#grab(event, index, point)}
                    @keydown=${(event: KeyboardEvent) => this.#pointKey(event, index, point)} />
                `,
              )
            : nothing
        }
      </g>
    `;
  }

  #renderMiddle(zone: MotionZone, index: number, point: number, radius: number): SVGTemplateResult {
    const [x, y] = edgeMiddle(zone, point);
    const split = (event: PointerEvent): void => {
      this.#changeZone(index, splitEdge(zone, point));
      this.#grab(event, index, point + 1);
    };
    return svg`<circle class="middle" cx=${x * this.source.width} cy=${y * this.source.height} r=${radius} @pointerdown=${split} />`;
  }

  async #load(): Promise<void> {
    try {
      await this.updateComplete;
      this.#record = (await listCameras()).find(({ camera }) => camera.id === this.source.agent);
      this.#settings = this.#record?.camera.motion;
      this.#problem = this.#record === undefined ? "The hub does not know this camera." : "";
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : "The settings cannot be read.";
    }
    this.requestUpdate();
  }

  #happened(event: HubEvent): void {
    if (event.type !== "motion-view" || event.source !== this.source.id) return;
    this.#seen = event.view;
    this.#heat = paintHeat(event.view);
    this.requestUpdate();
  }

  #change(change: Partial<MotionSettings>): void {
    if (this.#settings === undefined) return;
    this.#settings = { ...this.#settings, ...change };
    this.#saved = "saving";
    clearTimeout(this.#saveTimer);
    this.#saveTimer = setTimeout(() => void this.#save(), SAVE_DELAY_MS);
    this.requestUpdate();
  }

  async #save(): Promise<void> {
    clearTimeout(this.#saveTimer);
    const settings = this.#settings;
    if (this.#record === undefined || settings === undefined || this.#record.readOnly) return;
    const camera = { ...this.#record.camera, motion: settings };
    try {
      await saveCamera(camera, undefined, false);
      this.#problem = "";
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : "It could not be saved.";
    }
    if (settings === this.#settings) this.#saved = "saved";
    this.requestUpdate();
  }

  #changeZone(index: number, zone: MotionZone): void {
    const zones = this.#settings?.zones.map((other, at) => (at === index ? zone : other));
    if (zones !== undefined) this.#change({ zones });
  }

  #addZone(mode: MotionZone["mode"]): void {
    const zones = this.#settings?.zones ?? [];
    this.#chosen = zones.length;
    this.#change({ zones: [...zones, newZone(zones, mode)] });
  }

  #removeZone(index: number): void {
    this.#chosen = -1;
    this.#change({ zones: (this.#settings?.zones ?? []).filter((_, at) => at !== index) });
  }

  #rename(index: number, name: string): void {
    const zone = this.#settings?.zones[index];
    if (zone === undefined) return;
    if (name.trim() === "") this.requestUpdate();
    else this.#changeZone(index, { ...zone, name: name.trim() });
  }

  #grab(event: PointerEvent, zone: number, point: number | undefined): void {
    event.stopPropagation();
    this.#chosen = zone;
    if (this.#record?.readOnly ?? true) return;
    (event.currentTarget as Element).closest("svg")?.setPointerCapture(event.pointerId);
    this.#set(() => (this.#drag = { zone, point, last: this.#placeOf(event) }));
  }

  #dragged(event: PointerEvent): void {
    const drag = this.#drag;
    const zone = drag === undefined ? undefined : this.#settings?.zones[drag.zone];
    if (drag === undefined || zone === undefined) return;
    const at = this.#placeOf(event);
    if (drag.point !== undefined) this.#changeZone(drag.zone, movePoint(zone, drag.point, at));
    else this.#changeZone(drag.zone, moveZone(zone, [at[0] - drag.last[0], at[1] - drag.last[1]]));
    this.#drag = { ...drag, last: at };
  }

  #dropped(): void {
    this.#drag = undefined;
  }

  /** The pointer's place in shares of the picture. */
  #placeOf(event: PointerEvent): Point {
    const overlay = this.renderRoot.querySelector<SVGSVGElement>(".overlay");
    const matrix = overlay?.getScreenCTM()?.inverse();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    return [x / this.source.width, y / this.source.height];
  }

  #pointKey(event: KeyboardEvent, index: number, point: number): void {
    const zone = this.#settings?.zones[index];
    const [x, y] = zone?.points[point] ?? [0, 0];
    const steps: Record<string, Point> = {
      ArrowLeft: [x - KEY_STEP, y],
      ArrowRight: [x + KEY_STEP, y],
      ArrowUp: [x, y - KEY_STEP],
      ArrowDown: [x, y + KEY_STEP],
    };
    const to = steps[event.key];
    if (zone === undefined || (this.#record?.readOnly ?? true)) return;
    if (to !== undefined) this.#changeZone(index, movePoint(zone, point, to));
    else if (event.key === "Delete" || event.key === "Backspace") this.#changeZone(index, removePoint(zone, point));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.#close();
  }

  #close(): void {
    this.dispatchEvent(new CustomEvent("close"));
  }

  #set(change: () => void): void {
    change();
    this.requestUpdate();
  }
}

/** The cells as the address of a small picture, which is stretched over the large one. */
function paintHeat(view: MotionView): string {
  const canvas = document.createElement("canvas");
  canvas.width = view.columns;
  canvas.height = view.rows;
  canvas.getContext("2d")?.putImageData(new ImageData(heatPixels(view), view.columns, view.rows), 0, 0);
  return canvas.toDataURL();
}

customElements.define("wall-motion", MotionTuner);
