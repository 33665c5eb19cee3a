import { html, nothing, type TemplateResult } from "lit";
import type { Camera, CameraDelivery } from "../../../protocol/index.ts";
import { type CameraKind, KINDS } from "./camera-draft.ts";

type Field = {
  readonly name: string;
  readonly label: string;
  readonly value?: string | number | undefined;
  readonly placeholder?: string;
  readonly hint?: string;
  readonly type?: "text" | "password" | "number";
  readonly required?: boolean;
  readonly wide?: boolean;
};

/** A labelled field. */
function field({
  name,
  label,
  value,
  placeholder = "",
  hint,
  type = "text",
  required = false,
  wide = false,
}: Field): TemplateResult {
  return html`
    <label class=${wide ? "wide" : ""}>
      <span>${label}</span>
      <input
        name=${name}
        type=${type}
        step="any"
        .value=${String(value ?? "")}
        placeholder=${placeholder}
        autocomplete=${type === "password" ? "new-password" : "off"}
        autocapitalize="off"
        spellcheck="false"
        ?required=${required}
      />
      ${hint === undefined ? nothing : html`<small>${hint}</small>`}
    </label>
  `;
}

function choice(
  name: string,
  label: string,
  value: string,
  choices: ReadonlyArray<readonly [string, string]>,
  wide = false,
): TemplateResult {
  return html`
    <label class=${wide ? "wide" : ""}>
      <span>${label}</span>
      <select name=${name}>
        ${choices.map(([key, text]) => html`<option value=${key} ?selected=${key === value}>${text}</option>`)}
      </select>
    </label>
  `;
}

function check(name: string, label: string, on: boolean): TemplateResult {
  return html`
    <label class="check wide"><input type="checkbox" name=${name} .checked=${on} /> <span>${label}</span></label>
  `;
}

function anyCertificate(source: Camera["source"] | undefined): TemplateResult {
  const on = source !== undefined && "anyCertificate" in source && source.anyCertificate === true;
  return check("anyCertificate", "Over HTTPS any certificate will do, also one of its own", on);
}

/** The fields that a kind of camera needs, filled with what it has. */
export function renderSource(kind: CameraKind, camera: Camera | undefined): TemplateResult {
  const source = camera?.source.kind === kind ? camera.source : undefined;
  const url = source !== undefined && "url" in source ? source.url : "";
  switch (kind) {
    case "rtsp":
      return html`
        ${field({ name: "url", label: "Address", value: url, placeholder: "rtsp://192.168.1.64:554/stream1", required: true, wide: true, hint: "User and password may stand in it; they are kept apart." })}
        ${choice(
          "transport",
          "Transport",
          source?.kind === "rtsp" ? source.transport : "auto",
          [
            ["auto", "TCP, else UDP"],
            ["tcp", "TCP only"],
            ["udp", "UDP only"],
          ],
          true,
        )}
      `;
    case "mjpeg":
      return html`
        ${field({ name: "url", label: "Address", value: url, placeholder: "http://192.168.1.64/video.mjpg", required: true, wide: true })}
        ${anyCertificate(source)}
      `;
    case "snapshot":
      return html`
        ${field({ name: "url", label: "Address", value: url, placeholder: "http://192.168.1.64/snapshot.jpg", required: true, wide: true })}
        ${field({ name: "interval", label: "Seconds between pictures", type: "number", value: source?.kind === "snapshot" ? source.intervalMs / 1000 : 1 })}
        ${anyCertificate(source)}
      `;
    case "file":
      return field({
        name: "path",
        label: "Path on the hub's machine",
        value: source?.kind === "file" ? source.path : "",
        placeholder: "/srv/videos/entrance.mp4",
        required: true,
        wide: true,
      });
    case "device":
      return renderDevice(source?.kind === "device" ? source : undefined);
    case "test":
      return renderTest(source?.kind === "test" ? source : undefined);
    case "browser":
      return html`<p class="note wide">Save it, then open this page on the device whose camera it shall show and choose “Use this device's camera”.</p>`;
  }
}

function renderDevice(source: Extract<Camera["source"], { kind: "device" }> | undefined): TemplateResult {
  return html`
    ${field({ name: "device", label: "Device", value: source?.device, placeholder: "/dev/video0", required: true, wide: true, hint: "On macOS and Windows its name, such as “FaceTime HD Camera”." })}
    ${renderSize(source)}
    ${choice("inputFormat", "Format", source?.inputFormat ?? "auto", [
      ["auto", "The best it has"],
      ["mjpeg", "MJPEG"],
      ["h264", "H.264"],
      ["yuyv422", "Uncompressed"],
    ])}
  `;
}

function renderTest(source: Extract<Camera["source"], { kind: "test" }> | undefined): TemplateResult {
  const patterns = [
    ["testsrc2", "Moving shapes"],
    ["testsrc", "Clock"],
    ["smptehdbars", "Colour bars"],
    ["mandelbrot", "Mandelbrot"],
    ["life", "Game of life"],
  ] as const;
  return html`${choice("pattern", "Picture", source?.pattern ?? "testsrc2", patterns)} ${renderSize(source ?? { width: 1280, height: 720, fps: 25 })}`;
}

function renderSize(
  size:
    | { readonly width?: number | undefined; readonly height?: number | undefined; readonly fps?: number | undefined }
    | undefined,
): TemplateResult {
  return html`
    ${field({ name: "width", label: "Width", type: "number", value: size?.width, placeholder: "as it is" })}
    ${field({ name: "height", label: "Height", type: "number", value: size?.height, placeholder: "as it is" })}
    ${field({ name: "fps", label: "Pictures per second", type: "number", value: size?.fps, placeholder: "as it is" })}
  `;
}

/** User and password. What is kept is never shown: an empty field leaves it as it is. */
export function renderCredentials(hasCredentials: boolean, forgets: boolean, forget: () => void): TemplateResult {
  const kept = hasCredentials && !forgets;
  return html`
    ${field({ name: "username", label: "User", placeholder: kept ? "unchanged" : "none" })}
    ${field({ name: "password", label: "Password", type: "password", placeholder: kept ? "unchanged" : "none" })}
    ${kept ? html`<button type="button" class="quiet forget" @click=${forget}>Forget the kept ones</button>` : nothing}
  `;
}

/** What everything has: groups and the rarer switches. */
export function renderGeneral(camera: Camera | undefined, groups: readonly string[]): TemplateResult {
  return html`
    ${field({ name: "groups", label: "Groups", value: camera?.groups.join(", "), placeholder: groups.length > 0 ? groups.slice(0, 3).join(", ") : "outside, north", hint: "Separated by commas.", wide: true })}
    ${check("enabled", "In use", camera?.enabled ?? true)}
    <details class="wide" ?open=${camera !== undefined && (camera.engine !== "auto" || !camera.hardware || camera.keepOpen)}>
      <summary>More</summary>
      <div class="fields">
        ${choice("engine", "Engine", camera?.engine ?? "auto", [
          ["auto", "The one that works"],
          ["libav", "libav, in the agent"],
          ["ffmpeg", "The ffmpeg program"],
        ])}
        ${check("hardware", "May use hardware to decode and encode", camera?.hardware ?? true)}
        ${check("keepOpen", "Captures even while nobody watches", camera?.keepOpen ?? false)}
      </div>
    </details>
  `;
}

/** A row of kinds to choose from. */
export function renderKinds(kind: CameraKind, choose: (kind: CameraKind) => void): TemplateResult {
  return html`
    <div class="chips wide" role="radiogroup" aria-label="Kind">
      ${KINDS.map((each) => html`<button type="button" role="radio" class="chip" aria-checked=${each.kind === kind} @click=${() => choose(each.kind)}>${each.label}</button>`)}
    </div>
    <p class="note wide">${KINDS.find((each) => each.kind === kind)?.what}</p>
  `;
}

/** What a test found, in words. */
export function renderDelivery({
  codec,
  width,
  height,
  fps,
  bitrateBps,
  firstPictureMs,
  engine,
  engineReason,
  decoder,
}: CameraDelivery): TemplateResult {
  const raw = codec === "rawvideo" || codec === "wrapped_avframe";
  const rate =
    bitrateBps >= 1e6 ? `${(bitrateBps / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bitrateBps / 1000)} kbit/s`;
  const stream = raw ? "Uncompressed" : `${codec === "h264" ? "H.264" : codec.toUpperCase()}, ${rate}`;
  return html`
    <div class="result good" role="status">
      <b>${width} × ${height}, ${fps < 10 ? fps.toFixed(1) : fps.toFixed(0)} pictures per second</b>
      <span>${stream}, first picture after ${(firstPictureMs / 1000).toFixed(firstPictureMs < 995 ? 2 : 1)} s</span>
      <span>Captured by ${engine === "http" ? "HTTP" : engine}${engineReason === "" ? "" : `: ${engineReason}`}</span>
      ${decoder === "" ? nothing : html`<span>Decoded by ${decoder}</span>`}
    </div>
  `;
}
