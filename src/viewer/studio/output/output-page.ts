import "../../no-eval.ts";
import "../../ui/index.ts";
import "../stage/studio-stage.ts";
import type { StudioStage } from "../stage/studio-stage.ts";
import { followScene, loadScene } from "../store/scene-api.ts";

/**
 * A scene on a transparent page, for browser sources of OBS and the like. The address ends in the scene's id; `?camera=0`
 * leaves the camera out, for whoever mixes it in elsewhere.
 */
const id = decodeURIComponent(location.pathname.split("/").at(-1) ?? "");
const withCamera = new URLSearchParams(location.search).get("camera") !== "0";
const RETRY_MS = 3000;

async function start(stage: StudioStage): Promise<void> {
  const scene = await loadScene(id);
  const show = (next: typeof scene): void => {
    const layers = withCamera ? next.layers : next.layers.filter(({ source }) => source.kind !== "camera");
    stage.scene = { ...next, layers };
    if (layers.some(({ source }) => source.kind === "camera") && stage.camera.state.kind === "off") {
      stage.openCamera({ deviceId: undefined, width: next.width, height: next.height, fps: 30 });
    }
  };
  show(scene);
  followScene(id, (event) => {
    if (event.type === "scene") show(event.scene);
    else if (event.action === "play") stage.play(event.layer);
    else stage.stop(event.layer);
  });
}

async function startUntilItWorks(stage: StudioStage): Promise<void> {
  try {
    await start(stage);
  } catch (error) {
    // Nobody looks at this page while it is on air: it shows nothing and tries again.
    console.warn("The scene could not be loaded:", error);
    setTimeout(() => void startUntilItWorks(stage), RETRY_MS);
  }
}

const stage = document.querySelector<StudioStage>("studio-stage");
if (stage !== null) void startUntilItWorks(stage);
