import { html, nothing, type TemplateResult } from "lit";
import type { CameraDevice } from "../camera/camera.ts";
import type { Scene } from "../scene/scene.ts";
import type { SceneEntry } from "../store/scene-api.ts";
import type { LocalChoices } from "./camera-memory.ts";
import { select, toggle } from "./fields.ts";

export type SceneSettingsModel = {
  readonly scene: Scene;
  readonly choices: LocalChoices;
  readonly devices: readonly CameraDevice[];
  readonly entries: readonly SceneEntry[];
  readonly id: string | undefined;
};

export type SceneSettingsActions = {
  change(change: Partial<Scene>): void;
  choose(change: Partial<LocalChoices>): void;
  open(id: string): void;
  create(): void;
  save(): void;
  remove(): void;
  exportJson(): void;
  importJson(): void;
};

type Size = readonly [width: number, height: number];

const SCENE_SIZES: ReadonlyArray<readonly [label: string, size: Size]> = [
  ["1280 × 720", [1280, 720]],
  ["1920 × 1080", [1920, 1080]],
  ["720 × 1280, portrait", [720, 1280]],
  ["1080 × 1920, portrait", [1080, 1920]],
  ["1080 × 1080, square", [1080, 1080]],
];
const CAMERA_SIZES: readonly Size[] = [
  [640, 360],
  [1280, 720],
  [720, 1280],
  [1920, 1080],
  [3840, 2160],
];
const RATES = [24, 25, 30, 50, 60] as const;

/** The scene as a whole, where it is kept, and this computer's camera. */
export function renderSceneSettings(model: SceneSettingsModel, actions: SceneSettingsActions): TemplateResult {
  return html`${renderCamera(model, actions)} ${renderScene(model, actions)} ${renderStore(model, actions)}`;
}

function renderCamera({ choices, devices }: SceneSettingsModel, { choose }: SceneSettingsActions): TemplateResult {
  const cameras = [
    { value: "", label: "Any camera" },
    ...devices
      .filter(({ deviceId }) => deviceId !== "")
      .map(({ deviceId, label }) => ({ value: deviceId, label: label || "Camera" })),
  ];
  const sizes = CAMERA_SIZES.map((size) => ({ value: size.join("x"), label: size.join(" × ") }));
  return html`
    <div class="section">
      <h2>Camera</h2>
      ${select("Device", cameras, choices.deviceId ?? "", (id) => choose({ deviceId: id === "" ? undefined : id }))}
      ${select("Picture", sizes, `${choices.width}x${choices.height}`, (value) => {
        const [width = 1280, height = 720] = value.split("x").map(Number);
        choose({ width, height });
      })}
      ${select(
        "Rate",
        RATES.map((rate) => ({ value: String(rate), label: `${rate} / s` })),
        String(choices.fps),
        (value) => choose({ fps: Number(value) }),
      )}
      ${toggle("Mirror only what I see", choices.selfMirror, (selfMirror) => choose({ selfMirror }))}
    </div>
  `;
}

function renderScene({ scene }: SceneSettingsModel, { change }: SceneSettingsActions): TemplateResult {
  const current = `${scene.width}x${scene.height}`;
  const sizes = SCENE_SIZES.map(([label, size]) => ({ value: size.join("x"), label }));
  if (!sizes.some(({ value }) => value === current))
    sizes.push({ value: current, label: `${scene.width} × ${scene.height}` });
  const hex = `#${(scene.background ?? [0, 0, 0]).map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  return html`
    <div class="section">
      <h2>Scene</h2>
      ${select("Size", sizes, current, (value) => {
        const [width = 1280, height = 720] = value.split("x").map(Number);
        change({ width, height });
      })}
      ${toggle("Transparent background", scene.background === null, (on) => change({ background: on ? null : [12, 14, 17] }))}
      ${
        scene.background === null
          ? nothing
          : html`
            <label class="select">
              <span>Background colour</span>
              <input
                type="color"
                aria-label="Background colour"
                .value=${hex}
                @input=${(event: Event) => {
                  const value = Number.parseInt((event.target as HTMLInputElement).value.slice(1), 16);
                  change({ background: [(value >> 16) & 255, (value >> 8) & 255, value & 255] });
                }}
              />
            </label>
          `
      }
    </div>
  `;
}

function renderStore({ scene, entries, id }: SceneSettingsModel, actions: SceneSettingsActions): TemplateResult {
  const choices = [
    { value: "", label: id === undefined ? "Not saved" : "New scene" },
    ...entries.map((entry) => ({ value: entry.id, label: entry.name })),
  ];
  return html`
    <div class="section">
      <h2>Scenes</h2>
      ${select("Open", choices, id ?? "", (chosen) => (chosen === "" ? actions.create() : actions.open(chosen)))}
      <input
        class="name-field"
        aria-label="Name of the scene"
        .value=${scene.name}
        @change=${(event: Event) => actions.change({ name: (event.target as HTMLInputElement).value.trim().slice(0, 80) || scene.name })}
      />
      <div class="row">
        <button class="primary" @click=${actions.save}>Save</button>
        <button class="quiet" @click=${actions.exportJson}>Export</button>
        <button class="quiet" @click=${actions.importJson}>Import</button>
        ${id === undefined ? nothing : html`<button class="quiet" @click=${actions.remove}>Delete</button>`}
      </div>
    </div>
  `;
}
