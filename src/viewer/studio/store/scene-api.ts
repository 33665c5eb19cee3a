import { type Scene, sceneSchema } from "../scene/scene.ts";

export type SceneEntry = { readonly id: string; readonly name: string };

/** Something that happened to a scene which several pages show. */
export type SceneEvent =
  | { readonly type: "scene"; readonly scene: Scene }
  | { readonly type: "effect"; readonly layer: string; readonly action: "play" | "stop" };

const ROOT = "/api/studio";

/** The saved scenes, the newest first. Rejects when the hub refuses. */
export async function listScenes(): Promise<readonly SceneEntry[]> {
  const { scenes } = (await call("GET", "/scenes")) as { scenes: SceneEntry[] };
  return scenes;
}

export async function loadScene(id: string): Promise<Scene> {
  const { scene } = (await call("GET", `/scenes/${encodeURIComponent(id)}`)) as { scene: unknown };
  return sceneSchema.parse(scene);
}

/** Saves a scene under an id, or as a new one. Resolves with its id. */
export async function saveScene(scene: Scene, id: string | undefined): Promise<string> {
  if (id === undefined) return ((await call("POST", "/scenes", { scene })) as { id: string }).id;
  await call("PUT", `/scenes/${encodeURIComponent(id)}`, { scene });
  return id;
}

export async function deleteScene(id: string): Promise<void> {
  await call("DELETE", `/scenes/${encodeURIComponent(id)}`);
}

/** Plays or stops an effect on every page that shows the scene. */
export async function triggerEffect(id: string, layer: string, action: "play" | "stop"): Promise<void> {
  await call("POST", `/scenes/${encodeURIComponent(id)}/effects`, { layer, action });
}

/** Keeps a file at the hub, so that every page that shows the scene can load it. Resolves with its address. */
export async function uploadFile(file: File): Promise<string> {
  const response = await fetch(`${ROOT}/files`, {
    method: "POST",
    headers: { "content-type": file.type },
    body: file,
  });
  const answer = (await response.json()) as { url?: string; error?: string };
  if (answer.url === undefined) throw new Error(answer.error ?? `The hub did not take the file (${response.status}).`);
  return answer.url;
}

/** Follows a scene until `close`. The browser connects again by itself. */
export function followScene(id: string, onEvent: (event: SceneEvent) => void): { close(): void } {
  const events = new EventSource(`${ROOT}/scenes/${encodeURIComponent(id)}/events`);
  events.onmessage = ({ data }: MessageEvent<string>) => {
    const message = JSON.parse(data) as { type: string; scene?: unknown };
    if (message.type !== "scene") {
      onEvent(message as SceneEvent);
      return;
    }
    const scene = sceneSchema.safeParse(message.scene);
    if (scene.success) onEvent({ type: "scene", scene: scene.data });
  };
  return events;
}

export type ScreenEntry = { readonly path: string; readonly name: string };

/** The hub's screens and cameras that this browser may watch; none without a session. */
export async function listScreens(): Promise<readonly ScreenEntry[]> {
  const response = await fetch("/api/sources").catch(() => undefined);
  return response?.ok === true ? ((await response.json()) as { sources: ScreenEntry[] }).sources : [];
}

async function call(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(ROOT + path, {
    method,
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { error?: string };
  if (!response.ok) throw new Error(answer.error ?? `The hub refused (${response.status}).`);
  return answer;
}
