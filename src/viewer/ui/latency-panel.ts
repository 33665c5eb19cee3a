import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { SentPixels, Tier, TierState } from "../../protocol/index.ts";
import type { StageReport, TimingReport } from "../timing/index.ts";
import { controlStyles } from "./control-styles.ts";
import { icon } from "./icons.ts";
import { panelStyles } from "./panel-styles.ts";
import type { ViewState } from "./view-state.ts";

/** `<sightline-latency>`: every measured stage between hand and eye. Fires `export`, `reset` and `close`. */
export class SightlineLatency extends LitElement {
  static override readonly properties = { state: { attribute: false } };
  static override readonly styles = [controlStyles, css`:host { display: block; }`, panelStyles];

  declare state: ViewState;

  protected override render(): TemplateResult {
    const { timings } = this.state;
    return html`
      <header>
        <h2>Latency</h2>
        <button class="square" aria-label="Close the latency panel" @click=${() => this.#fire("close")}>${icon("close")}</button>
      </header>
      ${timings === undefined ? html`<p class="verdict">Nothing has been measured yet.</p>` : renderTimings(timings)}
      ${this.#renderStream()} ${this.#renderPainter()}
      <footer>
        <button class="quiet" @click=${() => this.#fire("export")}>${icon("download")} Export JSON</button>
        <button class="quiet" @click=${() => this.#fire("reset")}>${icon("reset")} Measure anew</button>
      </footer>
    `;
  }

  #renderStream(): TemplateResult {
    const { stream, performance, timings, decoding, source, tier } = this.state;
    const measured = performance?.performance;
    const drops = (performance?.dropped ?? 0) + (measured?.failed ?? 0) + (timings?.picturesSkipped ?? 0);
    return html`
      <h3>Stream</h3>
      <dl>
        ${row("Tier", tier && TIER_NAMES[tier.tier], tier && describeTier(tier))}
        ${row("Encoder", stream?.encoder, stream?.encoderReason)}
        ${row("Capture", measured?.backend ?? source?.backend, source?.backendReason)}
        ${row("Picture", stream && `${stream.width} × ${stream.height}, ${stream.codec === "h264" ? "H.264" : "JPEG"}`)}
        ${row("Pictures", timings && `${Math.round(timings.picturesPerSecond)} a second shown${measured ? `, ${Math.round(measured.fps)} sent` : ""}`)}
        ${row("Sent as", measured?.pixels && describeWays(measured.pixels), "Shares of the changed pixels in the last second")}
        ${row("Bitrate", timings && bitrate(measured?.bitrateBps ?? timings.bitsPerSecond))}
        ${row("Dropped", `${drops}`, measured && `${measured.deferred} changes waited for a later picture`)}
        ${row("Viewers", performance && `${performance.viewers}`)}
        ${decoding.reason === "" ? nothing : row("Why JPEG", decoding.reason)}
      </dl>
    `;
  }

  #renderPainter(): TemplateResult | typeof nothing {
    const { painter } = this.state;
    if (painter === undefined) return nothing;
    const timing = ({ medianMs, failed }: (typeof painter.timings)[number]): string =>
      medianMs === undefined ? `failed: ${failed}` : `${medianMs.toFixed(1)} ms`;
    return html`
      <h3>Way to the screen</h3>
      <dl>
        ${row("In use", painter.painter, painter.reason)}
        ${painter.timings.map((entry) => row(`“${entry.painter}”`, timing(entry)))}
        ${painter.renderer === "unknown" ? nothing : row("Renderer", painter.renderer)}
      </dl>
    `;
  }

  #fire(name: "export" | "reset" | "close"): void {
    this.dispatchEvent(new CustomEvent(name));
  }
}

function renderTimings(timings: TimingReport): TemplateResult {
  const { inputToPresentMs, pictureAgeMs } = timings;
  return html`
    <div class="figures">
      ${figure("Input to picture", inputToPresentMs.count > 0, inputToPresentMs.p50, inputToPresentMs.p95)}
      ${figure("Age of the picture", pictureAgeMs.count > 0, pictureAgeMs.p50, pictureAgeMs.p95)}
    </div>
    <p class="verdict ${timings.slowStage === undefined ? "" : "slow"}">${timings.verdict}</p>
    ${renderStages(timings)}
  `;
}

function figure(label: string, measured: boolean, p50: number, p95: number): TemplateResult {
  return html`
    <div class="figure">
      <span class="label">${label}</span>
      <span class="value">${measured ? p50.toFixed(1) : "–"}<small> ms</small></span>
      <span class="tail">${measured ? `95 % under ${p95.toFixed(1)} ms` : "not measured yet"}</span>
    </div>
  `;
}

function renderStages(timings: TimingReport): TemplateResult {
  const longest = Math.max(1, ...timings.stages.map(({ ms }) => ms.p95));
  return html`
    <table>
      <thead>
        <tr><th scope="col">Stage</th><th scope="col"><span class="hidden">Share</span></th><th scope="col">median</th><th scope="col">95 %</th></tr>
      </thead>
      <tbody>${timings.stages.map((stage) => renderStage(stage, longest, stage.stage === timings.slowStage))}</tbody>
    </table>
  `;
}

function renderStage({ label, ms }: StageReport, longest: number, slow: boolean): TemplateResult {
  const measured = ms.count > 0;
  const share = (value: number): string => `${Math.max(0.6, (value / longest) * 100).toFixed(1)}%`;
  return html`
    <tr class=${slow ? "slow" : ""}>
      <th scope="row">${label}</th>
      <td class="bar">
        ${measured ? html`<i class="p95" .style=${`width:${share(ms.p95)}`}></i><i class="p50" .style=${`width:${share(ms.p50)}`}></i>` : nothing}
      </td>
      <td>${measured ? ms.p50.toFixed(1) : "–"}</td>
      <td>${measured ? ms.p95.toFixed(1) : "–"}</td>
    </tr>
  `;
}

function row(label: string, value: string | undefined, note?: string | undefined): TemplateResult {
  return html`
    <div>
      <dt>${label}</dt>
      <dd>${value || "–"}${note ? html`<small>${note}</small>` : nothing}</dd>
    </div>
  `;
}

/** Shares of the ways that pixels went, without those that did not count. */
function describeWays({ tiles, coarse, copies, video, refined }: SentPixels): string {
  const total = tiles + coarse + copies + video + refined;
  const share = (pixels: number): number => Math.round((100 * pixels) / Math.max(1, total));
  return [
    ["exact tiles", share(tiles)] as const,
    ["coarse tiles", share(coarse)] as const,
    ["copies", share(copies)] as const,
    ["video", share(video)] as const,
    ["made exact at rest", share(refined)] as const,
  ]
    .filter(([, percent]) => percent > 0)
    .map(([way, percent]) => `${way} ${percent} %`)
    .join(", ");
}

const TIER_NAMES: Readonly<Record<Tier, string>> = {
  ultra: "Ultra: under 60 ms",
  standard: "Standard: under 150 ms",
  emergency: "Emergency: under 500 ms",
};

function describeTier({ reason, bitrate: most, fps, videoWidth, videoHeight }: TierState): string {
  const limits = `Up to ${bitrate(most)}, ${fps} pictures a second, video of ${videoWidth} × ${videoHeight}.`;
  return reason === "" ? limits : `${reason} ${limits}`;
}

function bitrate(bitsPerSecond: number): string {
  if (bitsPerSecond < 1e6) return `${Math.round(bitsPerSecond / 1000)} kbit/s`;
  return `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
}

customElements.define("sightline-latency", SightlineLatency);
