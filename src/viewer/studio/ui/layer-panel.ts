import { html, nothing, type TemplateResult } from "lit";
import type { Layer, Scene } from "../scene/scene.ts";
import { type StudioIcon, studioIcon } from "./studio-icons.ts";

export type LayerPanelActions = {
  select(id: string): void;
  change(id: string, change: Partial<Layer>): void;
  move(id: string, step: 1 | -1): void;
  remove(id: string): void;
  addFile(play: "always" | "once"): void;
  addCamera(): void;
  addScreen(): void;
};

const ICONS: Readonly<Record<Layer["source"]["kind"], StudioIcon>> = {
  camera: "camera",
  image: "image",
  video: "clip",
  sightline: "screen",
};

/** The list of layers, the highest first, as they lie on each other. */
export function renderLayers(scene: Scene, selected: string | undefined, actions: LayerPanelActions): TemplateResult {
  return html`
    <div class="section">
      <h2>
        Layers
        <button class="square" popovertarget="add-menu" aria-haspopup="menu" aria-label="Add a layer" title="Add a layer">
          ${studioIcon("plus")}
        </button>
      </h2>
      ${scene.layers.toReversed().map((layer) => renderRow(layer, layer.id === selected, actions))}
      ${scene.layers.length === 0 ? html`<p class="note">Nothing here yet. Add a camera, an image or a video.</p>` : nothing}
    </div>
    <div id="add-menu" class="menu" popover role="menu" aria-label="Add a layer">
      ${item("Camera", "camera", actions.addCamera)} ${item("Image or video…", "image", () => actions.addFile("always"))}
      ${item("Effect, played by button…", "clip", () => actions.addFile("once"))} ${item("Sightline screen or camera…", "screen", actions.addScreen)}
    </div>
  `;
}

function renderRow(layer: Layer, selected: boolean, actions: LayerPanelActions): TemplateResult {
  const { id, name, visible, source } = layer;
  return html`
    <div class="layer-row ${selected ? "selected" : ""} ${visible ? "" : "hidden"}">
      <button
        class="square"
        aria-label="${visible ? "Hide" : "Show"} ${name}"
        title=${visible ? "Hide" : "Show"}
        @click=${() => actions.change(id, { visible: !visible })}
      >
        ${studioIcon(visible ? "eye" : "hidden")}
      </button>
      <button class="name" aria-pressed=${selected} @click=${() => actions.select(id)}>
        ${studioIcon(ICONS[source.kind])}<span>${name}</span>
      </button>
      ${
        selected
          ? html`
            <div class="row">
              <button class="square" aria-label="Raise ${name}" title="Raise" @click=${() => actions.move(id, 1)}>${studioIcon("up")}</button>
              <button class="square" aria-label="Lower ${name}" title="Lower" @click=${() => actions.move(id, -1)}>${studioIcon("down")}</button>
            </div>
          `
          : nothing
      }
    </div>
  `;
}

function item(label: string, icon: StudioIcon, action: () => void): TemplateResult {
  const run = (event: Event): void => {
    (event.currentTarget as HTMLElement).closest<HTMLElement>("[popover]")?.hidePopover();
    action();
  };
  return html`<button role="menuitem" @click=${run}>${label} ${studioIcon(icon)}</button>`;
}
