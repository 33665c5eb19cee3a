import { html, type TemplateResult } from "lit";
import { ENGINE_NAMES, type EngineName } from "../engine/engine.ts";
import type { EngineReport, MeterReport } from "../messages.ts";
import { type Choice, segments } from "./fields.ts";

const ENGINE_LABELS: Readonly<Record<EngineName, string>> = { cpu: "CPU", webgl: "WebGL2", webgpu: "WebGPU" };

/** What the studio costs, and which engine pays for it. */
export function renderMeter(
  meter: MeterReport | undefined,
  report: EngineReport | undefined,
  forced: EngineName | undefined,
  onForce: (engine: EngineName | undefined) => void,
): TemplateResult {
  const choices: Array<Choice<EngineName | undefined>> = [
    { value: undefined, label: "Fastest" },
    ...ENGINE_NAMES.map((value) => ({ value, label: ENGINE_LABELS[value] })),
  ];
  return html`
    <div class="section">
      <h2>Camera to screen</h2>
      <table class="meter">
        ${row(meter?.fromCapture === false ? "Arrival to drawn" : "Capture to drawn", delay(meter))}
        ${row("Drawn", `${(meter?.drawnFps ?? 0).toFixed(1)} / s`)} ${row("Camera", `${(meter?.cameraFps ?? 0).toFixed(1)} / s`)}
        ${row("Dropped in the last second", String(meter?.dropped ?? 0))}
        ${row("Copies for each picture", (meter?.copiesPerFrame ?? 0).toFixed(1))}
      </table>
      <p class="note">
        ${
          meter?.latencyMs === undefined
            ? "The browser itself shows the camera now; nothing is drawn for it."
            : "Median and 95 %, from the camera's own timestamp to the finished drawing."
        }
      </p>
    </div>
    <div class="section">
      <h2>Engine</h2>
      ${segments("Engine", choices, forced, onForce)}
      <table class="meter">
        ${ENGINE_NAMES.map((name) => row(ENGINE_LABELS[name], timing(report, name)))}
      </table>
      <p class="note">
        ${report === undefined ? "" : `${ENGINE_LABELS[report.engine]}. ${report.reason}`}
      </p>
    </div>
  `;
}

function row(label: string, value: string): TemplateResult {
  return html`<tr><td>${label}</td><td>${value}</td></tr>`;
}

function delay(meter: MeterReport | undefined): string {
  if (meter?.latencyMs === undefined) return "–";
  return `${meter.latencyMs.p50.toFixed(1)} / ${meter.latencyMs.p95.toFixed(1)} ms`;
}

function timing(report: EngineReport | undefined, name: EngineName): string {
  const found = report?.timings.find(({ engine }) => engine === name);
  if (found === undefined) return "–";
  return found.medianMs === undefined ? "not here" : `${found.medianMs.toFixed(1)} ms`;
}
