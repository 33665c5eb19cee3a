import { describeError } from "../../../base/index.ts";
import { newScene, type Scene, sceneSchema } from "../scene/scene.ts";
import {
  deleteScene,
  followScene,
  listScenes,
  loadScene,
  type SceneEntry,
  type SceneEvent,
  saveScene,
} from "../store/scene-api.ts";

export type SceneShelfOptions = {
  readonly scene: () => Scene;
  /** Another scene is to be shown. */
  readonly show: (scene: Scene) => void;
  /** An effect was played or stopped by another page. */
  readonly onEffect: (event: Extract<SceneEvent, { type: "effect" }>) => void;
  readonly notify: (level: "info" | "error", text: string) => void;
  readonly onChange: () => void;
};

const DRAFT_KEY = "sightline.studio.scene";

/** Where the page's scene comes from and goes to: the hub's store, this browser, a file. */
export class SceneShelf {
  readonly #options: SceneShelfOptions;
  #following: { close(): void } | undefined;
  #id: string | undefined;
  #entries: readonly SceneEntry[] = [];

  constructor(options: SceneShelfOptions) {
    this.#options = options;
  }

  /** Id of the scene in the store; undefined while it was never saved. */
  get id(): string | undefined {
    return this.#id;
  }

  /** The scenes in the store, the newest first. */
  get entries(): readonly SceneEntry[] {
    return this.#entries;
  }

  /** Lists the store, and opens the scene that the page's address names. */
  async start(): Promise<void> {
    try {
      this.#entries = await listScenes();
      const id = new URLSearchParams(location.hash.slice(1)).get("scene");
      if (id !== null) await this.open(id);
    } catch {
      const why = "the hub's store needs a session, or the studio on localhost.";
      this.#options.notify("info", `Scenes are kept in this browser: ${why}`);
    }
    this.#options.onChange();
  }

  async open(id: string): Promise<void> {
    try {
      const scene = await loadScene(id);
      this.#follow(id);
      this.#options.show(scene);
    } catch (error) {
      this.#options.notify("error", describeError(error));
    }
  }

  /** Shows a scene that is not in the store. */
  begin(scene: Scene): void {
    this.#follow(undefined);
    this.#options.show(scene);
  }

  /** Saves the scene. Resolves with its id, or undefined when that failed. */
  async save(): Promise<string | undefined> {
    try {
      const id = await saveScene(this.#options.scene(), this.#id);
      if (id !== this.#id) this.#follow(id);
      this.#entries = await listScenes();
      this.#options.notify("info", "Saved.");
      return id;
    } catch (error) {
      this.#options.notify("error", describeError(error));
      return undefined;
    } finally {
      this.#options.onChange();
    }
  }

  /** Deletes the scene from the store; it stays on the stage, as one that was never saved. */
  async remove(): Promise<void> {
    const id = this.#id;
    if (id === undefined) return;
    try {
      await deleteScene(id);
      this.#follow(undefined);
      this.#entries = await listScenes();
      this.#options.notify("info", "Deleted. The scene is still on the stage; saving it makes a new one.");
    } catch (error) {
      this.#options.notify("error", describeError(error));
    }
    this.#options.onChange();
  }

  /** Saves the scene and copies the address of its output page. */
  async share(): Promise<void> {
    const id = await this.save();
    if (id === undefined) return;
    const address = `${location.origin}/studio/output/${encodeURIComponent(id)}`;
    try {
      await navigator.clipboard.writeText(address);
      this.#options.notify("info", "The address is in your clipboard. In OBS, add it as a browser source.");
    } catch {
      this.#options.notify("info", address);
    }
  }

  /** Shows a scene that was exported to a file. */
  async importFile(file: File): Promise<void> {
    try {
      this.begin(sceneSchema.parse(JSON.parse(await file.text())));
    } catch {
      this.#options.notify("error", `“${file.name}” is no scene of the studio.`);
    }
  }

  close(): void {
    this.#following?.close();
  }

  /** The scene's id is in the page's address, so that a reload and a bookmark find it again. */
  #follow(id: string | undefined): void {
    this.#id = id;
    this.#following?.close();
    this.#following = undefined;
    history.replaceState(null, "", id === undefined ? location.pathname : `#scene=${encodeURIComponent(id)}`);
    if (id === undefined) return;
    this.#following = followScene(id, (event) => {
      if (event.type === "effect") this.#options.onEffect(event);
    });
  }
}

/** The scene that was on the stage when this page was closed. Files of that page only are gone with it. */
export function recallDraft(): Scene {
  try {
    const scene = sceneSchema.parse(JSON.parse(localStorage.getItem(DRAFT_KEY) ?? "null"));
    const layers = scene.layers.filter(({ source }) => !("url" in source) || !source.url.startsWith("blob:"));
    return { ...scene, layers };
  } catch {
    return newScene();
  }
}

export function rememberDraft(scene: Scene): void {
  try {
    localStorage.setItem(DRAFT_KEY, JSON.stringify(scene));
  } catch {
    // Storage may be forbidden; the scene then lives as long as the page.
  }
}
