import type { Page } from "playwright-core";
import type { StudioStage } from "../../dist/viewer/studio/stage/studio-stage.js";
import type { Chromium } from "./chromium.ts";

/** The studio's page and its stage, typed. */
export type StudioDriver = {
  readonly page: Page;
  onStage<T>(read: (stage: StudioStage) => T | Promise<T>): Promise<T>;
  /** The scene, as shown on the stage at one pixel for one where the window allows: R G B A of places in the scene. */
  colors(places: ReadonlyArray<readonly [x: number, y: number]>): Promise<number[][]>;
  untilDrawn(): Promise<void>;
};

export async function openStudio(chromium: Chromium, url: string, search = ""): Promise<StudioDriver> {
  const page = await chromium.open(`${url}/studio/${search}`);
  await page.waitForFunction(() => {
    const stage = document
      .querySelector("studio-page")
      ?.shadowRoot?.querySelector("studio-stage") as StudioStage | null;
    return stage?.camera.state.kind === "live";
  });
  return driveStudio(page);
}

export function driveStudio(page: Page): StudioDriver {
  const stageOf = () =>
    page.evaluateHandle(
      () =>
        (document.querySelector("studio-page")?.shadowRoot ?? document).querySelector("studio-stage") as StudioStage,
    );
  return {
    page,
    async onStage(read) {
      const stage = await stageOf();
      return stage.evaluate(read as (stage: unknown) => Promise<never>) as never;
    },
    async colors(places) {
      const box = await (await stageOf()).evaluate((stage) => {
        const { x, y, width, height } = stage.sceneBox;
        return { x, y, width, height, scale: width / stage.scene.width };
      });
      const shot = await page.screenshot({ clip: box, scale: "css", animations: "disabled" });
      const encoded = shot.toString("base64");
      return page.evaluate(readPlaces, { encoded, places, scale: box.scale });
    },
    async untilDrawn() {
      await page.waitForFunction(() => {
        const root = document.querySelector("studio-page")?.shadowRoot ?? document;
        const stage = root.querySelector("studio-stage") as StudioStage | null;
        const canvases = [...(stage?.shadowRoot?.querySelectorAll("canvas") ?? [])];
        return canvases.some((canvas) => !canvas.hidden) && (stage?.meterReport?.drawnFps ?? 0) > 0;
      });
    },
  };
}

async function readPlaces({
  encoded,
  places,
  scale,
}: {
  encoded: string;
  places: ReadonlyArray<readonly [number, number]>;
  scale: number;
}): Promise<number[][]> {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.drawImage(bitmap, 0, 0);
  return places.map(([x, y]) =>
    Array.from(context.getImageData(Math.round(x * scale), Math.round(y * scale), 1, 1).data),
  );
}
