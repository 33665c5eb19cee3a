import type { CameraRequest } from "../camera/camera.ts";

/** What this browser's person chose; not part of a scene, which may be shown on other computers. */
export type LocalChoices = CameraRequest & { readonly selfMirror: boolean };

const KEY = "sightline.studio.camera";
const DEFAULTS: LocalChoices = { deviceId: undefined, width: 1280, height: 720, fps: 30, selfMirror: true };

export function recallChoices(): LocalChoices {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (typeof value !== "object" || value === null) return DEFAULTS;
    const { deviceId, width, height, fps, selfMirror } = value as Partial<LocalChoices>;
    return {
      deviceId: typeof deviceId === "string" ? deviceId : undefined,
      width: typeof width === "number" ? width : DEFAULTS.width,
      height: typeof height === "number" ? height : DEFAULTS.height,
      fps: typeof fps === "number" ? fps : DEFAULTS.fps,
      selfMirror: typeof selfMirror === "boolean" ? selfMirror : DEFAULTS.selfMirror,
    };
  } catch {
    return DEFAULTS;
  }
}

export function rememberChoices(choices: LocalChoices): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(choices));
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}
