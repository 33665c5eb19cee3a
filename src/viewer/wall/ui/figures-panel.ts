import { html, nothing, type TemplateResult } from "lit";
import { ageInWords, icon } from "../../ui/index.ts";
import type { DisplayMode } from "../messages.ts";
import type { WallModel } from "../state/wall-model.ts";

const MODES: ReadonlyArray<readonly [DisplayMode, string, string]> = [
  ["direct", "At once", "Every picture is shown when it comes, evenly or not."],
  ["smooth", "Evenly", "A camera's pictures wait as little as makes them follow each other as they were taken."],
  [
    "interpolated",
    "Interpolated",
    "Each picture fades into the next. What lies between them is made up, so every tile says so.",
  ],
];

/** How pictures are displayed and what that costs, and the figures of every tile. */
export function renderFigures(model: WallModel, close: () => void): TemplateResult {
  const { view, shown } = model;
  const reports = shown.flatMap(({ path }) => model.reportOf(path) ?? []).filter(({ phase }) => phase === "playing");
  const costMs = reports.reduce((sum, { bufferMs }) => sum + bufferMs, 0) / Math.max(1, reports.length);
  return html`
    <section class="panel" aria-label="Figures">
      <div class="panel-head">
        <h2>Display</h2>
        <button class="square" aria-label="Close" @click=${close}>${icon("close")}</button>
      </div>
      <div class="modes" role="radiogroup" aria-label="Display">
        ${MODES.map(
          ([mode, label, what]) => html`
            <button role="radio" aria-checked=${view.display === mode} @click=${() => model.setView({ display: mode })}>
              <b>${label}</b>
              <span>${what}</span>
            </button>
          `,
        )}
      </div>
      <p class="cost">
        ${view.display === "direct" ? "No picture waits." : html`Pictures wait <b>${costMs.toFixed(0)} ms</b> on average for this.`}
      </p>
      ${shown.length === 0 ? nothing : renderTable(model)}
    </section>
  `;
}

function renderTable(model: WallModel): TemplateResult {
  return html`
    <table class="figures">
      <thead>
        <tr><th scope="col">Tile</th><th scope="col">Size</th><th scope="col">fps</th><th scope="col">Age</th><th scope="col">Wait</th></tr>
      </thead>
      <tbody>
        ${model.shown.map((source) => {
          const report = model.reportOf(source.path);
          const { ageMs, label } = model.statusOf(source);
          const playing = report?.phase === "playing";
          return html`
            <tr title=${label}>
              <th scope="row">${source.name}</th>
              <td>${report === undefined || report.width === 0 ? "" : `${report.width} × ${report.height}`}</td>
              <td>${playing ? report.fps.toFixed(report.fps < 10 ? 1 : 0) : "–"}</td>
              <td>${ageMs === undefined ? "" : ageMs < 1000 ? `${Math.round(ageMs)} ms` : ageInWords(ageMs)}</td>
              <td>${playing ? `${report.bufferMs.toFixed(0)} ms` : ""}</td>
            </tr>
          `;
        })}
      </tbody>
    </table>
  `;
}
