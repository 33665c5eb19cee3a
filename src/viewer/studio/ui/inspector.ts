import { html, nothing, type TemplateResult } from "lit";
import {
  type ColorAdjust,
  DEFAULT_KEY,
  type KeySettings,
  type KeyView,
  MAX_EDGE_PIXELS,
  MAX_KEY_COLORS,
  type MatteShape,
  type Rgb,
  ROTATIONS,
} from "../../../codecs/key/index.ts";
import { BLEND_MODES } from "../engine/engine.ts";
import { FITS } from "../scene/placement.ts";
import { KEY_PRESETS, type Layer } from "../scene/scene.ts";
import type { ScreenEntry } from "../store/scene-api.ts";
import { type Choice, segments, select, slider, toggle } from "./fields.ts";
import { studioIcon } from "./studio-icons.ts";

/** What a press on the picture does. */
export type Tool =
  | { readonly kind: "move" }
  | { readonly kind: "pick" }
  | { readonly kind: "draw"; readonly shape: MatteShape["kind"]; readonly mode: MatteShape["mode"] };

export type InspectorModel = {
  readonly layer: Layer;
  readonly view: KeyView;
  readonly tool: Tool;
  /** What a layer that shows a screen or camera of the hub may show. */
  readonly screens: readonly ScreenEntry[];
};

export type InspectorActions = {
  change(change: Partial<Layer>): void;
  changeKey(change: Partial<KeySettings>): void;
  setView(view: KeyView): void;
  setTool(tool: Tool): void;
  autoKey(): void;
  remove(): void;
};

const BLEND_LABELS: Readonly<Record<(typeof BLEND_MODES)[number], string>> = {
  normal: "Normal",
  screen: "Screen",
  add: "Add",
  multiply: "Multiply",
};
const FIT_LABELS: Readonly<Record<(typeof FITS)[number], string>> = {
  cover: "Fill",
  contain: "Whole",
  stretch: "Stretch",
};

/** Everything that can be set of one layer. */
export function renderInspector(model: InspectorModel, actions: InspectorActions): TemplateResult {
  return html`${renderHead(model, actions)} ${renderKey(model, actions)} ${renderPlace(model, actions)} ${renderColor(model, actions)}`;
}

function renderHead({ layer, screens }: InspectorModel, { change, remove }: InspectorActions): TemplateResult {
  const { source } = layer;
  return html`
    <div class="section">
      <div class="row spread">
        <input
          class="name-field"
          aria-label="Name of the layer"
          style="flex: 1"
          .value=${layer.name}
          @change=${(event: Event) => change({ name: (event.target as HTMLInputElement).value.trim().slice(0, 80) || layer.name })}
        />
        <button class="square" aria-label="Delete the layer" title="Delete the layer" @click=${remove}>${studioIcon("bin")}</button>
      </div>
      ${source.kind === "video" ? renderPlay(layer, source, change) : nothing}
      ${
        source.kind === "sightline"
          ? select("Shows", screenChoices(screens, source.path), source.path, (path) =>
              change({ source: { ...source, path } }),
            )
          : nothing
      }
    </div>
  `;
}

/** The screens that can be seen, and the one that is shown, which may be away. */
function screenChoices(screens: readonly ScreenEntry[], path: string): ReadonlyArray<Choice<string>> {
  const choices = screens.map((screen) => ({ value: screen.path, label: screen.name }));
  return choices.some(({ value }) => value === path) ? choices : [...choices, { value: path, label: path }];
}

function renderPlay(
  { hotkey }: Layer,
  source: Extract<Layer["source"], { kind: "video" }>,
  change: InspectorActions["change"],
): TemplateResult {
  return html`
    ${segments<"always" | "once" | "loop">(
      "When it plays",
      [
        { value: "always", label: "Always" },
        { value: "once", label: "Once" },
        { value: "loop", label: "Looped" },
      ],
      source.play,
      (play) => change({ source: { ...source, play } }),
    )}
    ${
      source.play === "always"
        ? nothing
        : html`
          <label class="select">
            <span>Key that plays it</span>
            <input
              class="name-field"
              style="width: 52px; text-align: center"
              maxlength="1"
              aria-label="Key that plays it"
              .value=${hotkey}
              @input=${(event: Event) => change({ hotkey: (event.target as HTMLInputElement).value.slice(0, 1).toLowerCase() })}
            />
          </label>
        `
    }
  `;
}

function renderKey(model: InspectorModel, actions: InspectorActions): TemplateResult {
  const { key } = model.layer;
  const { changeKey } = actions;
  const modes: ReadonlyArray<Choice<KeySettings["mode"]>> = [
    { value: "off", label: "Off" },
    { value: "chroma", label: "Chroma" },
    { value: "luma", label: "Luma" },
  ];
  return html`
    <div class="section">
      <h2>Key</h2>
      ${segments("Kind of key", modes, key.mode, (mode) => changeKey({ mode }))}
      ${key.mode === "chroma" ? renderChroma(model, actions) : nothing} ${key.mode === "luma" ? renderLuma(key, changeKey) : nothing}
      ${
        key.mode === "off"
          ? nothing
          : html`
            ${pixels("Shrink", key.shrink, (shrink) => changeKey({ shrink }))}
            ${pixels("Feather", key.feather, (feather) => changeKey({ feather }))}
            ${toggle("Invert", key.invert, (invert) => changeKey({ invert }))}
            ${renderPresets(changeKey)}
          `
      }
      ${segments<KeyView>(
        "What is shown",
        [
          { value: "result", label: "Result" },
          { value: "matte", label: "Matte" },
          { value: "source", label: "Source" },
        ],
        model.view,
        actions.setView,
      )}
      ${renderMatte(model, actions)}
    </div>
  `;
}

function renderChroma({ layer: { key }, tool }: InspectorModel, actions: InspectorActions): TemplateResult {
  const { changeKey, setTool, autoKey } = actions;
  const picking = tool.kind === "pick";
  const swatch = (color: Rgb, index: number): TemplateResult => html`
    <button
      class="swatch"
      style="background: rgb(${color.join(" ")})"
      aria-label="Key colour ${color.join(", ")}. Press to remove it."
      title="Remove this key colour"
      ?disabled=${key.colors.length === 1}
      @click=${() => changeKey({ colors: key.colors.filter((_, other) => other !== index) })}
    ></button>
  `;
  const number = (label: string, name: "similarity" | "smoothness" | "spill"): TemplateResult =>
    slider({
      label,
      value: key[name],
      step: 0.001,
      initial: DEFAULT_KEY[name],
      onInput: (value) => changeKey({ [name]: value }),
    });
  return html`
    <div class="row">
      ${key.colors.map(swatch)}
      <button
        class="square"
        aria-pressed=${picking}
        aria-label="Pick a key colour on the picture"
        title="Pick a key colour on the picture; with Shift, one more"
        @click=${() => setTool(picking ? { kind: "move" } : { kind: "pick" })}
      >
        ${studioIcon("pick")}
      </button>
      <button class="square" aria-label="Find the key by itself" title="Find the key by itself" @click=${autoKey}>${studioIcon("wand")}</button>
      <input
        type="color"
        aria-label="First key colour"
        .value=${hexOf(key.colors[0] ?? [0, 255, 0])}
        @input=${(event: Event) => changeKey({ colors: [rgbOf((event.target as HTMLInputElement).value), ...key.colors.slice(1)].slice(0, MAX_KEY_COLORS) })}
      />
    </div>
    ${number("Similarity", "similarity")} ${number("Smoothness", "smoothness")} ${number("Spill", "spill")}
  `;
}

function renderLuma(key: KeySettings, changeKey: InspectorActions["changeKey"]): TemplateResult {
  const number = (label: string, name: "lumaMin" | "lumaMinSmooth" | "lumaMax" | "lumaMaxSmooth"): TemplateResult =>
    slider({ label, value: key[name], initial: DEFAULT_KEY[name], onInput: (value) => changeKey({ [name]: value }) });
  return html`
    ${number("Darkest", "lumaMin")} ${number("Its ramp", "lumaMinSmooth")} ${number("Brightest", "lumaMax")}
    ${number("Its ramp", "lumaMaxSmooth")}
  `;
}

function renderPresets(changeKey: InspectorActions["changeKey"]): TemplateResult {
  const choices = [{ value: "", label: "Choose…" }, ...KEY_PRESETS.map(({ name }) => ({ value: name, label: name }))];
  return select("Preset", choices, "", (name) => {
    const preset = KEY_PRESETS.find((other) => other.name === name);
    if (preset !== undefined) changeKey(preset.key);
  });
}

function renderMatte(
  { layer: { key }, tool }: InspectorModel,
  { setTool, changeKey }: InspectorActions,
): TemplateResult {
  const shapes: ReadonlyArray<Choice<MatteShape["kind"]>> = [
    { value: "rectangle", label: "Box" },
    { value: "ellipse", label: "Ellipse" },
    { value: "polygon", label: "Polygon" },
  ];
  const drawing = tool.kind === "draw" ? tool : undefined;
  const button = ({ value, label }: Choice<MatteShape["kind"]>, mode: MatteShape["mode"]): TemplateResult => {
    const isOn = drawing?.shape === value && drawing.mode === mode;
    return html`
      <button
        class="quiet"
        aria-pressed=${isOn}
        style=${isOn ? "border-color: var(--sl-accent)" : ""}
        aria-label="${label}: ${mode === "keep" ? "keep what is inside" : "cut what is inside"}"
        @click=${() => setTool(isOn ? { kind: "move" } : { kind: "draw", shape: value, mode })}
      >
        ${label}
      </button>
    `;
  };
  return html`
    <div class="select"><span>Keep only</span></div>
    <div class="row">${shapes.map((shape) => button(shape, "keep"))}</div>
    <div class="select"><span>Cut away</span></div>
    <div class="row">${shapes.map((shape) => button(shape, "cut"))}</div>
    ${
      key.shapes.length === 0
        ? html`<p class="note">Draw on the picture what must always stay or go. Corners of a polygon one by one; a double click ends it.</p>`
        : html`
          <div class="row spread">
            <p class="note">${key.shapes.length === 1 ? "One shape" : `${key.shapes.length} shapes`}</p>
            <button class="quiet" @click=${() => changeKey({ shapes: key.shapes.slice(0, -1) })}>Remove the last</button>
          </div>
        `
    }
  `;
}

function renderPlace({ layer }: InspectorModel, { change }: InspectorActions): TemplateResult {
  const { placement, rotation, mirror, crop } = layer;
  const place = (partial: Partial<Layer["placement"]>): void => change({ placement: { ...placement, ...partial } });
  const side = (label: string, name: keyof Layer["crop"]): TemplateResult =>
    slider({
      label,
      value: crop[name],
      max: 0.45,
      initial: 0,
      onInput: (value) => change({ crop: { ...crop, [name]: value } }),
    });
  return html`
    <div class="section">
      <h2>Place</h2>
      ${segments(
        "How it fits",
        FITS.map((value) => ({ value, label: FIT_LABELS[value] })),
        placement.fit,
        (fit) => place({ fit }),
      )}
      ${segments(
        "Rotation",
        ROTATIONS.map((value) => ({ value, label: `${value}°` })),
        rotation,
        (value) => change({ rotation: value }),
      )}
      ${toggle("Mirror in the output", mirror, (value) => change({ mirror: value }))}
      ${slider({ label: "Scale", value: placement.scale, min: 0.05, max: 4, initial: 1, onInput: (scale) => place({ scale }) })}
      ${slider({ label: "Across", value: placement.x, min: -1, max: 1, initial: 0, onInput: (x) => place({ x }) })}
      ${slider({ label: "Down", value: placement.y, min: -1, max: 1, initial: 0, onInput: (y) => place({ y }) })}
      ${side("Cut left", "left")} ${side("Cut right", "right")} ${side("Cut top", "top")} ${side("Cut bottom", "bottom")}
    </div>
  `;
}

function renderColor({ layer }: InspectorModel, { change }: InspectorActions): TemplateResult {
  const { adjust, opacity, blend } = layer;
  const number = (label: string, name: keyof ColorAdjust, most: number): TemplateResult =>
    slider({
      label,
      value: adjust[name],
      min: -most,
      max: most,
      initial: 0,
      onInput: (value) => change({ adjust: { ...adjust, [name]: value } }),
    });
  return html`
    <div class="section">
      <h2>Colour</h2>
      ${slider({ label: "Opacity", value: opacity, initial: 1, onInput: (value) => change({ opacity: value }) })}
      ${number("Brightness", "brightness", 1)} ${number("Contrast", "contrast", 4)} ${number("Gamma", "gamma", 1)}
      ${select(
        "Blend",
        BLEND_MODES.map((value) => ({ value, label: BLEND_LABELS[value] })),
        blend,
        (value) => change({ blend: value }),
      )}
    </div>
  `;
}

function pixels(label: string, value: number, onInput: (value: number) => void): TemplateResult {
  return slider({ label, value, max: MAX_EDGE_PIXELS, step: 2, unit: " px", initial: 0, onInput });
}

function hexOf(color: Rgb): string {
  return `#${color.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function rgbOf(hex: string): [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
