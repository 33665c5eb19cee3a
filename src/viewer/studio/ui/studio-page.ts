import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { describeError } from "../../../base/index.ts";
import type { KeyView } from "../../../codecs/key/index.ts";
import { applyTheme, controlStyles, icon, pageStyles, recallTheme } from "../../ui/index.ts";
import type { CameraDevice } from "../camera/camera.ts";
import type { EngineName } from "../engine/engine.ts";
import { showInPicture, showOnDisplay } from "../output/other-screens.ts";
import { downloadFile, SceneRecorder } from "../output/recorder.ts";
import { isEffect, type Layer, type LayerSource, newLayer, newScene, type Scene, sceneSchema } from "../scene/scene.ts";
import type { StudioStage } from "../stage/studio-stage.ts";
import "../stage/studio-stage.ts";
import { listScreens, type ScreenEntry, triggerEffect, uploadFile } from "../store/scene-api.ts";
import { type LocalChoices, recallChoices, rememberChoices } from "./camera-memory.ts";
import { type Choice, segments } from "./fields.ts";
import { renderInspector, type Tool } from "./inspector.ts";
import { renderLayers } from "./layer-panel.ts";
import { renderMeter } from "./meter-panel.ts";
import { type NoticeLevel, Notices } from "./notices.ts";
import { PictureTools } from "./picture-tools.ts";
import { renderSceneSettings } from "./scene-settings.ts";
import { recallDraft, rememberDraft, SceneShelf } from "./scene-shelf.ts";
import { studioIcon } from "./studio-icons.ts";
import { studioStyles } from "./studio-styles.ts";

const TABS: ReadonlyArray<Choice<"scene" | "layer">> = [
  { value: "scene", label: "Scene" },
  { value: "layer", label: "Layer" },
];

/** The studio: scene, layers, keys, effects and outputs around one stage. */
export class StudioPage extends LitElement {
  static override styles = [controlStyles, pageStyles, studioStyles];

  #scene: Scene = recallDraft();
  #selected: string | undefined = "camera";
  #view: KeyView = "result";
  #tool: Tool = { kind: "move" };
  #choices: LocalChoices = recallChoices();
  #devices: readonly CameraDevice[] = [];
  #forcedEngine: EngineName | undefined;
  #recorder: SceneRecorder | undefined;
  #meterOpen = false;
  /** Which settings a narrow page shows. */
  #tab: "scene" | "layer" = "layer";
  /** Screens and cameras of the hub, as far as somebody asked for them. */
  #screens: readonly ScreenEntry[] = [];
  #nextLayer = 1;
  readonly #notices = new Notices(() => this.requestUpdate());
  readonly #shelf = new SceneShelf({
    scene: () => this.#scene,
    show: (scene) => {
      this.#set(scene);
      this.#selected = scene.layers[0]?.id;
    },
    onEffect: ({ layer, action }) => {
      const stage = this.#stage;
      if (action === "stop") stage?.stop(layer);
      // What was started here plays already and must not start over.
      else if (!(stage?.playing.has(layer) ?? true)) stage?.play(layer);
    },
    notify: (level, text) => this.#notify(level, text),
    onChange: () => this.requestUpdate(),
  });
  readonly #tools = new PictureTools({
    stage: () => this.#stage,
    layer: () => this.#layer,
    tool: () => this.#tool,
    change: (change) => this.#changeLayer(this.#selected, change),
    changeKey: (change) => this.#changeKey(change),
    pick: (x, y, further) => void this.#pick(x, y, further),
    redraw: () => this.requestUpdate(),
  });

  override connectedCallback(): void {
    super.connectedCallback();
    applyTheme(recallTheme());
    window.addEventListener("keydown", this.#pressed);
    window.addEventListener("resize", this.#resized);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("keydown", this.#pressed);
    window.removeEventListener("resize", this.#resized);
    this.#shelf.close();
  }

  protected override firstUpdated(_changed: PropertyValues): void {
    const stage = this.#stage;
    if (stage === null) return;
    stage.scene = this.#scene;
    stage.selfMirror = this.#choices.selfMirror;
    stage.onChange(() => this.requestUpdate());
    stage.onNotice(({ level, text }) => this.#notify(level, text));
    stage.camera.onState(() => this.requestUpdate());
    stage.camera.onDevices((devices) => {
      this.#devices = devices;
      this.requestUpdate();
    });
    stage.openCamera(this.#choices);
    void this.#shelf.start();
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    return html`
      <div class="app studio ${this.#tab}-first">
        ${this.#renderBar()}
        <main class="stage-area" style="--ratio: ${this.#scene.height / this.#scene.width}">
          <div class="stage-box">
            <studio-stage></studio-stage>
            ${this.#tools.render()} ${this.#renderProblem()}
          </div>
          ${this.#renderEffects()} ${this.#notices.render()}
        </main>
        <div class="tabs">${segments("Settings", TABS, this.#tab, (tab) => this.#setTab(tab))}</div>
        <aside class="side layers" aria-label="Scene">
          ${renderLayers(this.#scene, this.#selected, this.#layerActions)}
          ${renderSceneSettings(
            {
              scene: this.#scene,
              choices: this.#choices,
              devices: this.#devices,
              entries: this.#shelf.entries,
              id: this.#shelf.id,
            },
            this.#sceneActions,
          )}
        </aside>
        <aside class="side inspector" aria-label="Layer">${this.#renderInspector()}</aside>
      </div>
      <input id="file" type="file" hidden accept="video/*,image/png,image/jpeg,image/webp,image/gif,image/avif" @change=${this.#fileChosen} />
      <input id="import" type="file" hidden accept="application/json,.json" @change=${this.#importChosen} />
    `;
  }

  protected override updated(): void {
    const stage = this.#stage;
    if (stage !== null && stage.scene !== this.#scene) stage.scene = this.#scene;
  }

  /** The scene on the stage; a page around this one may set it. */
  get scene(): Scene {
    return this.#scene;
  }

  set scene(scene: Scene) {
    this.#set(sceneSchema.parse(scene));
  }

  get #stage(): StudioStage | null {
    return this.renderRoot.querySelector("studio-stage");
  }

  get #layer(): Layer | undefined {
    return this.#scene.layers.find(({ id }) => id === this.#selected);
  }

  #renderBar(): TemplateResult {
    const state = this.#stage?.camera.state ?? { kind: "off" };
    const live = state.kind === "live";
    const words = live
      ? `${state.label} · ${state.width} × ${state.height} · ${Math.round(state.fps)} / s`
      : "No camera";
    const recording = this.#recorder !== undefined;
    const button = (
      name: Parameters<typeof studioIcon>[0],
      label: string,
      run: () => void,
      pressed = false,
    ): TemplateResult => html`
      <button class="square ${pressed && name === "record" ? "recording" : ""}" aria-label=${label} title=${label} aria-pressed=${pressed} @click=${run}>
        ${studioIcon(name)}
      </button>
    `;
    return html`
      <header class="bar">
        <a class="button square" href="/" aria-label="All screens" title="All screens">${icon("screens")}</a>
        <div class="title">
          <span class="dot ${live ? "live" : state.kind === "starting" ? "" : "stale"}" aria-hidden="true"></span>
          <h1>${this.#scene.name}</h1>
          <span class="words" role="status">${words}</span>
        </div>
        <div class="actions" role="toolbar" aria-label="Outputs">
          ${button("mirror", "Mirror what I see of myself", () => this.#choose({ selfMirror: !this.#choices.selfMirror }), this.#choices.selfMirror)}
          ${button("record", recording ? "End the recording" : "Record to a file", () => void this.#record(), recording)}
          ${button("pip", "Picture in picture", () => void this.#show(showInPicture))}
          ${button("display", "Show on another display", () => void this.#show((output) => showOnDisplay(output, this.#scene.name)))}
          ${button("link", "Copy the address for OBS", () => void this.#shelf.share())}
        </div>
        ${this.#renderChip()}
      </header>
    `;
  }

  #renderChip(): TemplateResult {
    const meter = this.#stage?.meterReport;
    const latency = meter?.latencyMs;
    const value = latency === undefined ? "–" : latency.p50.toFixed(1);
    return html`
      <button
        class="chip"
        aria-expanded=${this.#meterOpen}
        aria-label="Camera to screen: ${value} milliseconds"
        title="Camera to screen, median"
        @click=${() => {
          this.#meterOpen = !this.#meterOpen;
          this.#setTab("layer");
        }}
      >
        <b>${value}</b> <span>ms</span><span class="tail">${(latency === undefined ? (meter?.cameraFps ?? 0) : (meter?.drawnFps ?? 0)).toFixed(0)} / s</span>
      </button>
    `;
  }

  #renderInspector(): TemplateResult | typeof nothing {
    const stage = this.#stage;
    if (this.#meterOpen) {
      return renderMeter(stage?.meterReport, stage?.engineReport, this.#forcedEngine, (engine) => {
        this.#forcedEngine = engine;
        stage?.forceEngine(engine);
        this.requestUpdate();
      });
    }
    const layer = this.#layer;
    if (layer === undefined) return html`<div class="section"><p class="note">Choose a layer to change it.</p></div>`;
    return renderInspector(
      { layer, view: this.#view, tool: this.#tool, screens: this.#screens },
      {
        change: (change) => this.#changeLayer(layer.id, change),
        changeKey: (change) => this.#changeKey(change),
        setView: (view) => this.#setView(view),
        setTool: (tool) => this.#setTool(tool),
        autoKey: () => void this.#autoKey(),
        remove: () => this.#removeLayer(layer.id),
      },
    );
  }

  #renderProblem(): TemplateResult | typeof nothing {
    const state = this.#stage?.camera.state;
    const wanted = this.#scene.layers.some(({ source, visible }) => source.kind === "camera" && visible);
    if (state?.kind !== "lost" || !wanted) return nothing;
    return html`
      <div class="problem" role="alert">
        <b>${state.problem.text}</b>
        <p>${state.problem.remedy}</p>
        <button class="quiet" @click=${() => this.#stage?.openCamera(this.#choices)}>Try again</button>
      </div>
    `;
  }

  #renderEffects(): TemplateResult {
    const effects = this.#scene.layers.filter(isEffect);
    const playing = this.#stage?.playing;
    return html`
      <div class="effects" role="toolbar" aria-label="Effects">
        ${effects.map((layer) => {
          const on = playing?.has(layer.id) ?? false;
          return html`
            <button aria-pressed=${on} @click=${() => this.#toggleEffect(layer.id)}>
              ${studioIcon(on ? "stop" : "play")} ${layer.name} ${layer.hotkey === "" ? nothing : html`<kbd>${layer.hotkey}</kbd>`}
            </button>
          `;
        })}
        <button @click=${() => this.#layerActions.addFile("once")}>${studioIcon("plus")} Effect</button>
        ${effects.length === 0 ? html`<span class="hint">Videos with a green screen or alpha, fired over the camera</span>` : nothing}
      </div>
    `;
  }

  readonly #layerActions = {
    select: (id: string): void => {
      this.#selected = id;
      this.#meterOpen = false;
      this.#tab = "layer";
      this.#setTool({ kind: "move" });
      this.#setView("result");
      if (this.#layer?.source.kind === "sightline") void this.#listScreens();
    },
    change: (id: string, change: Partial<Layer>): void => this.#changeLayer(id, change),
    move: (id: string, step: 1 | -1): void => this.#moveLayer(id, step),
    remove: (id: string): void => this.#removeLayer(id),
    addCamera: (): void => this.#addLayer("Camera", { kind: "camera" }),
    addFile: (play: "always" | "once"): void => {
      const field = this.renderRoot.querySelector<HTMLInputElement>("#file");
      field?.setAttribute("data-play", play);
      field?.click();
    },
    addScreen: (): void => void this.#addScreen(),
  };

  readonly #sceneActions = {
    change: (change: Partial<Scene>): void => this.#set({ ...this.#scene, ...change }),
    choose: (change: Partial<LocalChoices>): void => this.#choose(change),
    open: (id: string): void => void this.#shelf.open(id),
    create: (): void => this.#shelf.begin(newScene()),
    save: (): void => void this.#shelf.save(),
    remove: (): void => void this.#shelf.remove(),
    exportJson: (): void => {
      const json = JSON.stringify(this.#scene, null, 2);
      downloadFile(new File([json], `${this.#scene.name}.json`, { type: "application/json" }));
    },
    importJson: (): void => this.renderRoot.querySelector<HTMLInputElement>("#import")?.click(),
  };

  readonly #pressed = (event: KeyboardEvent): void => {
    const target = event.composedPath()[0];
    if (target instanceof HTMLInputElement && target.type !== "range" && target.type !== "checkbox") return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.key.length !== 1) return;
    const layer = this.#scene.layers.find(({ hotkey }) => hotkey !== "" && hotkey === event.key.toLowerCase());
    if (layer === undefined || !isEffect(layer)) return;
    event.preventDefault();
    this.#toggleEffect(layer.id);
  };

  readonly #resized = (): void => this.requestUpdate();

  #toggleEffect(id: string): void {
    const stage = this.#stage;
    if (stage === null) return;
    const action = stage.playing.has(id) ? "stop" : "play";
    if (action === "play") stage.play(id);
    else stage.stop(id);
    if (this.#shelf.id !== undefined) {
      triggerEffect(this.#shelf.id, id, action).catch((error: unknown) =>
        this.#notify("warning", describeError(error)),
      );
    }
  }

  #changeLayer(id: string | undefined, change: Partial<Layer>): void {
    const layers = this.#scene.layers.map((layer) => (layer.id === id ? { ...layer, ...change } : layer));
    this.#set({ ...this.#scene, layers });
  }

  #changeKey(change: Partial<Layer["key"]> | Record<string, unknown>): void {
    const layer = this.#layer;
    if (layer !== undefined) this.#changeLayer(layer.id, { key: { ...layer.key, ...change } as Layer["key"] });
  }

  #moveLayer(id: string, step: 1 | -1): void {
    const layers = [...this.#scene.layers];
    const from = layers.findIndex((layer) => layer.id === id);
    const [layer] = layers.splice(from, 1);
    if (layer === undefined) return;
    layers.splice(Math.min(layers.length, Math.max(0, from + step)), 0, layer);
    this.#set({ ...this.#scene, layers });
  }

  #removeLayer(id: string): void {
    this.#stage?.stop(id);
    this.#set({ ...this.#scene, layers: this.#scene.layers.filter((layer) => layer.id !== id) });
  }

  #addLayer(name: string, source: LayerSource, change: Partial<Layer> = {}): void {
    const taken = new Set(this.#scene.layers.map(({ id }) => id));
    while (taken.has(`layer-${this.#nextLayer}`)) this.#nextLayer += 1;
    const layer = { ...newLayer(`layer-${this.#nextLayer}`, name.slice(0, 80), source), ...change };
    this.#set({ ...this.#scene, layers: [...this.#scene.layers, layer] });
    this.#layerActions.select(layer.id);
  }

  readonly #fileChosen = async (event: Event): Promise<void> => {
    const field = event.target as HTMLInputElement;
    const file = field.files?.[0];
    field.value = "";
    if (file === undefined) return;
    const name = file.name.replace(/\.[^.]*$/, "") || "Layer";
    let url: string;
    try {
      url = await uploadFile(file);
    } catch (error) {
      // Without the hub's store the file still plays here, as long as this page lives.
      url = URL.createObjectURL(file);
      this.#notify("warning", `“${name}” stays in this page only: ${describeError(error)}`);
    }
    const play = field.getAttribute("data-play") === "once" ? "once" : "always";
    const isVideo = file.type.startsWith("video/");
    const key = newLayer("x", "x", { kind: "camera" }).key;
    this.#addLayer(
      name,
      isVideo ? { kind: "video", url, play } : { kind: "image", url },
      isVideo && play === "once" ? { key: { ...key, mode: "chroma" } } : {},
    );
  };

  async #addScreen(): Promise<void> {
    await this.#listScreens();
    const first = this.#screens[0];
    if (first !== undefined) this.#addLayer(first.name, { kind: "sightline", path: first.path });
    else this.#notify("info", "No screen or camera can be seen from here. Sign in on the main page first.");
  }

  async #listScreens(): Promise<void> {
    this.#screens = await listScreens();
    this.requestUpdate();
  }

  #setTab(tab: "scene" | "layer"): void {
    this.#tab = tab;
    this.requestUpdate();
  }

  #setTool(tool: Tool): void {
    this.#tools.reset();
    this.#tool = tool;
    this.requestUpdate();
  }

  #setView(view: KeyView): void {
    this.#view = view;
    const stage = this.#stage;
    if (stage !== null)
      stage.view = this.#selected === undefined || view === "result" ? undefined : { layer: this.#selected, view };
    this.requestUpdate();
  }

  async #pick(x: number, y: number, further: boolean): Promise<void> {
    const layer = this.#layer;
    const color = layer === undefined ? undefined : await this.#stage?.pickColor(layer, x, y);
    if (layer === undefined || color === undefined) return;
    const colors = further ? [...layer.key.colors, color].slice(-8) : [color];
    this.#changeKey({ mode: "chroma", colors });
    if (!further) this.#setTool({ kind: "move" });
  }

  async #autoKey(): Promise<void> {
    const layer = this.#layer;
    const proposal = layer === undefined ? undefined : await this.#stage?.proposeKey(layer);
    if (proposal === undefined) this.#notify("info", "The border of the picture shows no coloured screen.");
    else this.#changeKey({ mode: "chroma", ...proposal });
  }

  #choose(change: Partial<LocalChoices>): void {
    const restarts = Object.keys(change).some((name) => name !== "selfMirror");
    this.#choices = { ...this.#choices, ...change };
    rememberChoices(this.#choices);
    const stage = this.#stage;
    if (stage !== null) stage.selfMirror = this.#choices.selfMirror;
    if (restarts) stage?.openCamera(this.#choices);
    this.requestUpdate();
  }

  async #record(): Promise<void> {
    const recorder = this.#recorder;
    this.#recorder = undefined;
    try {
      if (recorder !== undefined) downloadFile(await recorder.finish());
      else {
        const output = this.#stage?.openOutput();
        if (output !== undefined) this.#recorder = new SceneRecorder(output, this.#scene.name);
      }
    } catch (error) {
      this.#notify("error", describeError(error));
    }
    this.requestUpdate();
  }

  async #show(show: (output: ReturnType<StudioStage["openOutput"]>) => Promise<void>): Promise<void> {
    try {
      const output = this.#stage?.openOutput();
      if (output !== undefined) await show(output);
    } catch (error) {
      this.#notify("warning", describeError(error));
    }
  }

  readonly #importChosen = (event: Event): void => {
    const field = event.target as HTMLInputElement;
    const file = field.files?.[0];
    field.value = "";
    if (file !== undefined) void this.#shelf.importFile(file);
  };

  #notify(level: NoticeLevel, text: string): void {
    this.#notices.add(level, text);
  }

  #set(scene: Scene): void {
    this.#scene = scene;
    rememberDraft(scene);
    this.requestUpdate();
  }
}

customElements.define("studio-page", StudioPage);
